"""Reading a dataset directory: nothing is believed that was not checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from corpus.comparisons import Comparison
from corpus.dataset.manifest import MANIFEST, Manifest
from corpus.dataset.rows import SkipRow, StatementRow, TemplateRow
from corpus.dataset.schema import JUDGMENTS, MEMES, SKIPS, STATEMENTS, TABLES, TEMPLATES, TEXT, Table, rows_of
from corpus.dataset.verify import batches_of, check_files, check_rows
from corpus.errors import DatasetError
from corpus.memes import Meme, Part, part_of
from corpus.texts import texts_key


class Dataset:
    """A dataset directory, read lazily: `Dataset.open(path)`, then iterate.

    The meme templates are held in memory, everything else streams.
    """

    def __init__(self, *, path: Path, manifest: Manifest, salt: str) -> None:
        self.path, self.manifest, self.salt = path, manifest, salt
        self._templates: dict[str, TemplateRow] = {
            row.template_id: row for batch in self.batches(TEMPLATES) for row in rows_of(TEMPLATES, batch)
        }
        self._parts = {name: part_of(row.identity, salt) for name, row in self._templates.items()}

    @classmethod
    def open(cls, path: Path | str, *, verify: bool = True, salt: str = "") -> Self:
        """Open a directory and check it: its manifest, names and lengths always; with `verify` every hash and every row.

        Leave `verify` off only for a directory that was verified before. `salt` makes another split into parts, for
        experiments. Raises `DatasetError` naming file, row and field.
        """
        directory = Path(path)
        if not directory.is_dir():
            raise DatasetError(f"{directory} is not a directory", file=MANIFEST)
        if (directory / MANIFEST).is_symlink():
            raise DatasetError("is a symbolic link", file=MANIFEST)
        manifest = Manifest.read(directory)
        check_files(directory, manifest, hashes=verify)
        if verify:
            check_rows(directory, manifest)
        return cls(path=directory, manifest=manifest, salt=salt)

    def templates(self, part: Part | None = None) -> Iterator[TemplateRow]:
        for row in self._templates.values():
            if part is None or self._parts[row.template_id] is part:
                yield row

    def template(self, template_id: str) -> TemplateRow:
        """Raises `KeyError` for a template that the dataset does not hold."""
        return self._templates[template_id]

    def part(self, template_id: str) -> Part:
        """The part of a template. Raises `KeyError` for a template that the dataset does not hold."""
        return self._parts[template_id]

    def memes(self, part: Part | None = None, *, without: Collection[str] = ()) -> Iterator[Meme]:
        """The memes in order of their ids; those named in `without` left out."""
        for batch in self.batches(MEMES, part):
            yield from rows_of(MEMES, _leave_out(batch, without, "meme_id"))

    def judgments(self, part: Part | None = None, *, without: Collection[str] = ()) -> Iterator[Comparison]:
        """The judgments in order of their ids; those on a meme named in `without` left out."""
        for batch in self.batches(JUDGMENTS, part):
            yield from rows_of(JUDGMENTS, _leave_out(batch, without, "left_id", "right_id"))

    def skips(self) -> Iterator[SkipRow]:
        for batch in self.batches(SKIPS):
            yield from rows_of(SKIPS, batch)

    def statements(self) -> Iterator[StatementRow]:
        for batch in self.batches(STATEMENTS):
            yield from rows_of(STATEMENTS, batch)

    def batches(self, table: Table | str, part: Part | None = None) -> Iterator[pa.RecordBatch]:
        """A table as Arrow record batches, the quick way; `part` only where rows have a template of their own."""
        table = TABLES[table] if isinstance(table, str) else table
        wanted: Any = None
        if part is not None:
            if table in (SKIPS, STATEMENTS):
                raise ValueError(f"{table.name} are not divided into parts")
            wanted = pa.array([name for name, at in self._parts.items() if at is part], TEXT)
        for batch in batches_of(self.path, self.manifest, table):
            if wanted is None:
                yield batch
            else:
                yield batch.filter(pc.is_in(batch.column("template_id"), value_set=wanted))

    def picture(self, template_id: str) -> bytes | None:
        """The picture of a template as it is stored; None where there is none."""
        image = self._templates[template_id].image
        return None if image is None else (self.path / image).read_bytes()

    def drawn(self) -> Iterator[tuple[str, bytes]]:
        """Meme id and drawn picture of every meme that has one."""
        for batch in self.batches(MEMES):
            columns = (batch.column(name).to_pylist() for name in ("meme_id", "drawn"))
            for meme_id, path in zip(*columns, strict=True):
                if path is not None:
                    yield meme_id, (self.path / path).read_bytes()


def _leave_out(batch: pa.RecordBatch, without: Collection[str], *columns: str) -> pa.RecordBatch:
    if not without:
        return batch
    names = pa.array(list(without), TEXT)
    for column in columns:
        batch = batch.filter(pc.invert(pc.is_in(batch.column(column), value_set=names)))
    return batch


def captions_on_both_sides(dataset: Dataset) -> frozenset[str]:
    """The training memes whose texts, as a reader would compare them, also stand in tune or test.

    Training leaves them out: `dataset.judgments(Part.TRAIN, without=captions_on_both_sides(dataset))`. Memory: one key per
    meme of tune and test.
    """
    held_out = {texts_key(meme.texts) for part in (Part.TUNE, Part.TEST) for meme in dataset.memes(part)}
    return frozenset(meme.meme_id for meme in dataset.memes(Part.TRAIN) if texts_key(meme.texts) in held_out)
