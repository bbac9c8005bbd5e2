"""Writing a dataset directory: streaming, constant in memory, all or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.comparisons import Comparison
from corpus.dataset.checks import Checker
from corpus.dataset.columns import batch_of
from corpus.dataset.manifest import (
    COUNTED_BY_PART,
    MANIFEST,
    PICTURE_FILE,
    FileEntry,
    Manifest,
    canonical_json,
    content_hash,
    utc_text,
)
from corpus.dataset.rows import SkipRow, StatementRow, TemplateRow
from corpus.dataset.schema import TABLES, TEMPLATES, Table, columns_of
from corpus.errors import DatasetError, DatasetExists
from corpus.memes import Meme, Part

BATCH_ROWS = 4_096  # single rows are gathered into batches of so many before they are checked and written

Columns: TypeAlias = Mapping[str, Sequence[Any]] | pa.RecordBatch


class TableFile:
    """One growing parquet file. Row groups have a fixed number of rows, whatever the batches that came in."""

    def __init__(self, table: Table, path: Path, checker: Checker) -> None:
        self.table, self.path, self.checker = table, path, checker
        self.parts: Counter[str] = Counter()  # template_id -> rows, for the counts by part
        self._rows: list[Any] = []
        self._more: dict[str, list[Any]] = {}
        self._batches: list[pa.RecordBatch] = []
        self._gathered = 0
        self._parquet: pq.ParquetWriter | None = None

    def row(self, row: object, **derived: object) -> None:
        """Take in one row; it is checked at the latest `BATCH_ROWS` rows later."""
        self._rows.append(row)
        for name, value in derived.items():
            self._more.setdefault(name, []).append(value)
        if len(self._rows) >= BATCH_ROWS:
            self.flush_rows()

    def columns(self, columns: Columns) -> None:
        """Take in a batch of columns, all of the table's."""
        self.flush_rows()
        self._take(columns)

    def flush_rows(self) -> None:
        if self._rows:
            columns = columns_of(self.table, self._rows) | self._more
            self._rows, self._more = [], {}
            self._take(columns)

    def close(self) -> None:
        """Write what is left. An empty file is written too, unless the table is optional."""
        self.flush_rows()
        if self._gathered or not (self._parquet or self.table.optional):
            self._write(self._gathered)
        if self._parquet:
            self._parquet.close()

    def abandon(self) -> None:
        if self._parquet:
            self._parquet.close()

    def _take(self, columns: Columns) -> None:
        batch = batch_of(self.table, columns, self.checker.rows)
        self.checker.check(batch)
        if self.table.name in COUNTED_BY_PART:
            for entry in pc.value_counts(batch.column("template_id")).to_pylist():
                self.parts[entry["values"]] += entry["counts"]
        self._batches.append(batch)
        self._gathered += len(batch)
        while self._gathered >= self.table.group_rows:
            self._write(self.table.group_rows)

    def _write(self, rows: int) -> None:
        """Write the first `rows` gathered rows as one row group.

        Row groups and chunks are made independent of the caller's batches: the same rows give the same bytes.
        """
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self.path, self.table.schema, compression="zstd", version="2.6")
        gathered = pa.Table.from_batches(self._batches, schema=self.table.schema)
        self._parquet.write_table(gathered.slice(0, rows).combine_chunks(), row_group_size=max(rows, 1))
        rest = gathered.slice(rows)
        self._batches, self._gathered = rest.to_batches(), rest.num_rows


class DatasetWriter:
    """Write a dataset directory: `with DatasetWriter(path, ...) as writer:` and then rows, each file sorted by its ids.

    Meme templates come before what refers to them; the other tables may come in any order, also mixed. Everything is written
    into a hidden directory beside `path` and renamed at the end, so that `path` is there complete or not at all. Memory grows
    with meme templates and pictures, not with memes or judgments. `name`, `filters` and `cutoff` are part of the content hash,
    `created` is not. Raises `DatasetExists`, `RowError` (for a single row up to `BATCH_ROWS` rows late), `DatasetError`.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        name: str = "punchline",
        filters: Mapping[str, Any],
        cutoff: datetime,
        licence: str,
        renderer_version: str,
        derived_from: str | None = None,
        created: datetime | None = None,
    ) -> None:
        self.path = Path(path)
        self.manifest: Manifest | None = None  # there once the directory is complete
        self._about: dict[str, Any] = {
            "name": name,
            # Through JSON and back: what is hashed now is what a reader will hash.
            "filters": json.loads(canonical_json(dict(filters))),
            "cutoff": datetime.fromisoformat(utc_text(cutoff)),
            "licence": licence,
            "renderer_version": renderer_version,
            "derived_from": derived_from,
            "created": created or datetime.now(UTC),
        }
        utc_text(self._about["created"])
        self._pictures: dict[str, int] = {}
        self._part_of: dict[str, Part] = {}

    def __enter__(self) -> Self:
        self._refuse_existing()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = self.path.parent / f".{self.path.name}.{secrets.token_hex(6)}.partial"
        self._folder.mkdir()
        boxes: dict[str, int] = {}
        self._files = {
            name: TableFile(table, self._folder / table.file, Checker(table=table, boxes=boxes))
            for name, table in TABLES.items()
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            for file in self._files.values():
                file.abandon()
            shutil.rmtree(self._folder, ignore_errors=True)

    def template(self, row: TemplateRow, picture: bytes | None = None, extension: str = "png") -> None:
        """A meme template and its picture. `row.image` is filled in from the picture; a row alone keeps none."""
        image = None if picture is None else self._picture(picture, extension)
        if row.image not in (None, image):
            reason = f"{row.template_id}: image = {row.image!r} is not the picture that came with it"
            raise DatasetError(reason, file=TEMPLATES.file)
        file = self._files["templates"]
        file.row(replace(row, image=image))
        # At once: what refers to the template needs its box count.
        file.flush_rows()
        self._part_of[row.template_id] = row.part

    def meme(self, row: Meme, drawn: bytes | None = None, extension: str = "png") -> None:
        """A meme and, when asked for, its drawn picture."""
        self._files["memes"].row(row, drawn=None if drawn is None else self._picture(drawn, extension))

    def memes(self, columns: Columns) -> None:
        """A batch of memes, all columns of the table; `drawn` null."""
        self._files["memes"].columns(columns)

    def judgment(self, row: Comparison) -> None:
        self._files["judgments"].row(row)

    def judgments(self, columns: Columns) -> None:
        """A batch of judgments as columns: the quick way, all columns of the table, values plain."""
        self._files["judgments"].columns(columns)

    def skip(self, row: SkipRow) -> None:
        self._files["skips"].row(row)

    def skips(self, columns: Columns) -> None:
        self._files["skips"].columns(columns)

    def statement(self, row: StatementRow) -> None:
        self._files["statements"].row(row)

    def _picture(self, picture: bytes, extension: str) -> str:
        name = f"images/{hashlib.sha256(picture).hexdigest()}.{extension}"
        if not PICTURE_FILE.fullmatch(name):
            raise DatasetError(f"{extension!r} is not gif, jpg, png or webp", file="images")
        if name not in self._pictures:
            (self._folder / "images").mkdir(exist_ok=True)
            (self._folder / name).write_bytes(picture)
            self._pictures[name] = len(picture)
        return name

    def _finish(self) -> None:
        for file in self._files.values():
            file.close()
        self.manifest = self._manifest()
        text = json.dumps(self.manifest.to_json(), sort_keys=True, indent=1, ensure_ascii=False)
        (self._folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
        self._refuse_existing()
        self._folder.rename(self.path)

    def _manifest(self) -> Manifest:
        files = {
            name: FileEntry(sha256=name.removeprefix("images/")[:64], bytes=size)
            for name, size in sorted(self._pictures.items())
        }
        parts = {part.value: dict.fromkeys(COUNTED_BY_PART, 0) for part in Part}
        for name, file in self._files.items():
            if file.path.exists():
                files[file.table.file] = FileEntry(
                    sha256=sha256_of(file.path), bytes=file.path.stat().st_size
                )
            for template_id, rows in file.parts.items():
                parts[self._part_of[template_id]][name] += rows
        manifest = Manifest(
            counts={name: file.checker.rows for name, file in self._files.items()},
            parts=parts,
            files=files,
            **self._about,
        )
        return replace(manifest, content_hash=content_hash(manifest.to_json()))

    def _refuse_existing(self) -> None:
        if os.path.lexists(self.path):
            raise DatasetExists(self.path)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
