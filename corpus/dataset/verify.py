"""Checking a dataset directory against its manifest, file by file and row by row."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.dataset.checks import Checker
from corpus.dataset.manifest import COUNTED_BY_PART, MANIFEST, MINOR, Manifest, canonical_json, minor_of
from corpus.dataset.schema import TABLES, TEXT, Table
from corpus.dataset.writer import sha256_of
from corpus.errors import DamagedFile, DatasetError
from corpus.memes import Part

BATCH_ROWS = 65_536


def check_files(directory: Path, manifest: Manifest, *, hashes: bool) -> None:
    """Refuse files that are missing, unlisted, links, of another length or, with `hashes`, of another content."""
    found = set(_files(directory))
    if unlisted := sorted(found - set(manifest.files)):
        raise DamagedFile(unlisted[0], "is not in the manifest")
    required = {table.file for table in TABLES.values() if not table.optional}
    for name in sorted(required - set(manifest.files)):
        raise DamagedFile(name, "is not in the manifest, and every dataset has one")
    for name, entry in sorted(manifest.files.items()):
        if name not in found:
            raise DamagedFile(name, "is missing")
        if (size := (directory / name).stat().st_size) != entry.bytes:
            raise DamagedFile(name, f"has {size} bytes, the manifest says {entry.bytes}")
        if hashes and sha256_of(directory / name) != entry.sha256:
            raise DamagedFile(name, "has changed: its sha256 is not the manifest's")


def _files(directory: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(directory):
        inside = Path(folder).relative_to(directory)
        for name in (*folders, *files):
            if (Path(folder) / name).is_symlink():
                raise DamagedFile((inside / name).as_posix(), "is a symbolic link")
        for name in files:
            if (path := (inside / name).as_posix()) != MANIFEST:
                yield path


def batches_of(directory: Path, manifest: Manifest, table: Table) -> Iterator[pa.RecordBatch]:
    """The rows of a table as record batches of its schema. Raises `DatasetError` for other columns or types."""
    if table.file not in manifest.files:
        return
    try:
        with pq.ParquetFile(directory / table.file) as parquet:
            _check_schema(table, parquet.schema_arrow, newer=minor_of(manifest.version) > MINOR)
            if parquet.metadata.num_rows != manifest.counts[table.name]:
                raise DamagedFile(
                    table.file,
                    f"has {parquet.metadata.num_rows} rows, the manifest says {manifest.counts[table.name]}",
                )
            for batch in parquet.iter_batches(BATCH_ROWS, columns=table.schema.names):
                columns = [
                    batch.column(name).cast(table.schema.field(name).type) for name in table.schema.names
                ]
                whole = pa.RecordBatch.from_arrays(columns, names=table.schema.names)
                whole.validate(full=True)  # parquet itself does not promise that a text is UTF-8
                yield whole
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(table.file, "is not a parquet file that can be read") from error


def _check_schema(table: Table, found: pa.Schema, *, newer: bool) -> None:
    names = list(found.names)
    if len(set(names)) != len(names):
        raise DatasetError("a column is doubled", file=table.file)
    if missing := sorted(set(table.schema.names) - set(names)):
        raise DatasetError(f"{missing[0]}: this column is missing", file=table.file)
    if not newer and (unknown := sorted(set(names) - set(table.schema.names))):
        raise DatasetError(f"{unknown[0]}: unknown column", file=table.file)
    for column in table.schema:
        if _plain(found.field(column.name).type) != _plain(column.type):
            reason = f"{column.name}: is {found.field(column.name).type}, must be {column.type}"
            raise DatasetError(reason, file=table.file)


def _plain(kind: pa.DataType) -> str:
    """The type without its promise about nulls, which other writers do not make and the rows are checked for."""
    return str(kind).replace(" not null", "")


class MemeIndex:
    """Which meme belongs to which template, language and request: what a judgment's two memes must share.

    Memory grows with memes: about 100 bytes each, and a little per distinct request.
    """

    def __init__(self) -> None:
        self.ids: pa.Array = pa.array([], TEXT)
        self._templates: list[pa.Array] = []
        self._ids: list[pa.Array] = []
        self._languages: list[pa.Array] = []
        self._requests: list[np.ndarray[Any, np.dtype[np.int64]]] = []
        self._request_codes: dict[bytes, int] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        self._ids.append(batch.column("meme_id"))
        self._templates.append(batch.column("template_id"))
        self._languages.append(batch.column("language"))
        codes = np.empty(len(batch), dtype=np.int64)
        for row, request in enumerate(batch.column("request").to_pylist()):
            key = canonical_json(request)
            codes[row] = self._request_codes.setdefault(key, len(self._request_codes))
        self._requests.append(codes)

    def close(self) -> None:
        self.ids = pa.concat_arrays([self.ids, *self._ids])
        self.templates = pa.concat_arrays([pa.array([], TEXT), *self._templates])
        self.languages = pa.concat_arrays([pa.array([], TEXT), *self._languages])
        self.requests = pa.array(np.concatenate([np.empty(0, dtype=np.int64), *self._requests]))

    def check_judgments(self, checker: Checker, batch: pa.RecordBatch) -> None:
        """Refuse a judgment whose memes are missing or not of one group."""
        rows = {}
        for side in ("left_id", "right_id"):
            rows[side] = pc.index_in(batch.column(side), value_set=self.ids)
            checker.refuse(batch, side, pc.is_null(rows[side]), "unknown meme")
            strange = pc.not_equal(self.templates.take(rows[side]), batch.column("template_id"))
            checker.refuse(batch, side, strange, "a meme of another meme template: the pair crosses groups")
        left, right = rows["left_id"], rows["right_id"]
        differ = pc.not_equal(self.languages.take(left), self.languages.take(right))
        checker.refuse(batch, "right_id", differ, "the two memes differ in language: the pair crosses groups")
        differ = pc.and_(
            batch.column("request_shown"), pc.not_equal(self.requests.take(left), self.requests.take(right))
        )
        reason = "the request was shown and the two memes differ in it: the pair crosses groups"
        checker.refuse(batch, "right_id", differ, reason)

    def check_statements(self, checker: Checker, batch: pa.RecordBatch) -> None:
        column = batch.column("meme_id")
        bad = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, value_set=self.ids)))
        checker.refuse(batch, "meme_id", bad, "unknown meme")


def check_rows(directory: Path, manifest: Manifest) -> None:
    """Refuse the first row of any file that breaks the contract, and counts that the rows do not bear out."""
    boxes: dict[str, int] = {}
    parts: dict[str, str] = {}
    index = MemeIndex()
    counts = {part.value: dict.fromkeys(COUNTED_BY_PART, 0) for part in Part}
    for table in TABLES.values():
        checker = Checker(table=table, boxes=boxes)
        rows: Counter[str] = Counter()
        for batch in batches_of(directory, manifest, table):
            start = checker.rows
            checker.check(batch)
            checker.rows = start  # the checks below speak of the same rows
            match table.name:
                case "templates":
                    _check_picture_files(checker, batch, "image", manifest)
                    columns = (batch.column(name).to_pylist() for name in ("template_id", "part"))
                    parts.update(zip(*columns, strict=True))
                case "memes":
                    _check_picture_files(checker, batch, "drawn", manifest)
                    index.add(batch)
                case "judgments":
                    index.check_judgments(checker, batch)
                case "statements":
                    index.check_statements(checker, batch)
            checker.rows = start + len(batch)
            if table.name in COUNTED_BY_PART:
                for entry in pc.value_counts(batch.column("template_id")).to_pylist():
                    rows[entry["values"]] += entry["counts"]
        for template_id, number in rows.items():
            counts[parts[template_id]][table.name] += number
        if table.name == "memes":
            index.close()
    if counts != {part: {name: manifest.parts[part][name] for name in COUNTED_BY_PART} for part in counts}:
        raise DatasetError(f"parts: the rows say {counts}", file=MANIFEST)


def _check_picture_files(checker: Checker, batch: pa.RecordBatch, name: str, manifest: Manifest) -> None:
    for row, path in enumerate(batch.column(name).to_pylist()):
        if path is not None and path not in manifest.files:
            checker.refuse_row(name, row, path, "this picture is missing")
