"""What a batch of rows must hold to, wherever it comes from: the writer and the reader ask the same questions.

Everything looks at whole columns, so that a million judgments are checked in about a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corpus.dataset.rows import TemplateRow
from corpus.dataset.schema import TEXT, WHEN, Table, rows_of
from corpus.errors import LayoutError, RowError
from corpus.memes import TextBox
from corpus.texts import INVISIBLE, MAX_CHARACTERS

MAX_ID_BYTES = 200
LANGUAGE = r"^[a-z]{2,3}(-[a-z0-9]{2,8})*$"  # BCP 47 in lower case
SHA256 = r"^[0-9a-f]{64}$"
IMAGE = r"^images/[0-9a-f]{64}\.(gif|jpg|png|webp)$"
YEARS = (
    (pc.less, pa.scalar(datetime(1970, 1, 1, tzinfo=UTC), WHEN)),
    (pc.greater_equal, pa.scalar(datetime(9999, 12, 31, tzinfo=UTC), WHEN)),
)
# The joiner NUL sorts before every character that an id may hold, so joined keys sort as the tuples do.
JOINER = "\x00"


@dataclass(slots=True, kw_only=True)
class Checker:
    """The checks of one table, batch after batch; remembers the last key and, for memes, the box counts of the templates."""

    table: Table
    boxes: dict[str, int]  # template_id -> number of text boxes; filled by the templates' checker
    rows: int = 0  # checked so far
    last_key: str | None = None
    templates: pa.Array = field(default_factory=lambda: pa.array([], TEXT))
    box_counts: pa.Array = field(default_factory=lambda: pa.array([], pa.int64()))

    def check(self, batch: pa.RecordBatch) -> None:
        """Raise `RowError` at the first bad row that is found."""
        self._nulls(batch)
        for name in self.table.ids:
            self._ids(batch, name)
        for name, choices in self.table.choices.items():
            known = [choice.value for choice in choices]
            bad = pc.invert(pc.is_in(batch.column(name), value_set=pa.array(known, TEXT)))
            self.refuse(batch, name, bad, f"unknown {name}; known are {', '.join(known)}")
        if "language" in batch.schema.names:
            bad = pc.invert(pc.match_substring_regex(batch.column("language"), LANGUAGE))
            self.refuse(batch, "language", bad, "is not a language tag in lower case, such as en or zh-hans")
        for column in self.table.schema:
            if column.type == WHEN:
                self.years(column.name, batch.column(column.name), rows=None)
        self._order(batch)
        CHECKS[self.table.name](self, batch)
        self.rows += len(batch)

    def refuse(self, batch: pa.RecordBatch, name: str, bad: pa.Array, reason: str) -> None:
        """Refuse the first row where `bad` is true; null is not bad."""
        row = pc.index(bad, value=True).as_py()
        if row >= 0:
            self.refuse_row(name, row, batch.column(name)[row].as_py(), reason)

    def refuse_row(self, name: str, row: int, value: object, reason: str) -> None:
        raise RowError(
            file=self.table.file, row=self.rows + row, field=name, value=value, reason=reason
        ) from None

    def years(self, name: str, times: pa.Array, *, rows: pa.Array | None) -> None:
        """Refuse a time that Python could not hold; `rows` where the times stand in lists."""
        at = pc.index(pc.or_(*(compare(times, end) for compare, end in YEARS)), value=True).as_py()
        if at >= 0:
            row, value = at if rows is None else rows[at].as_py(), times.cast(pa.int64())[at].as_py()
            self.refuse_row(name, row, value, "microseconds lie outside the years 1970 to 9999")

    def known_template(self, batch: pa.RecordBatch) -> None:
        """Refuse a template that has no row; null is let through."""
        if len(self.templates) != len(self.boxes):
            self.templates = pa.array(self.boxes.keys(), TEXT)
            self.box_counts = pa.array(self.boxes.values(), pa.int64())
        column = batch.column("template_id")
        bad = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, value_set=self.templates)))
        self.refuse(batch, "template_id", bad, "unknown meme template")

    def _nulls(self, batch: pa.RecordBatch) -> None:
        for column, array in zip(self.table.schema, batch.columns, strict=True):
            if (found := _missing(array, column)) is not None:
                row, path = found
                value = array[row].as_py()
                self.refuse_row(path, row, value, "must not be null")

    def _ids(self, batch: pa.RecordBatch, name: str) -> None:
        column = batch.column(name)
        length = pc.binary_length(column)
        bad = pc.or_(pc.less(length, 1), pc.greater(length, MAX_ID_BYTES))
        self.refuse(batch, name, bad, f"an id has 1 to {MAX_ID_BYTES} bytes")
        bad = pc.match_substring_regex(column, r"[\s\x00-\x1f\x7f]")
        self.refuse(batch, name, bad, "an id has no blanks and no control characters")

    def _order(self, batch: pa.RecordBatch) -> None:
        if not len(batch):
            return
        keys = batch.column(self.table.key[0])
        for name in self.table.key[1:]:
            keys = pc.binary_join_element_wise(keys, batch.column(name), JOINER)
        before = pa.concat_arrays([pa.array([self.last_key], TEXT), keys[:-1]])
        row = pc.index(pc.less_equal(keys, before), value=True).as_py()
        if row >= 0:
            key, previous = keys[row].as_py(), before[row].as_py()
            reason = "is doubled" if key == previous else f"comes after {previous.split(JOINER)[0]!r}"
            name = self.table.key[0]
            self.refuse_row(
                name, row, batch.column(name)[row].as_py(), f"{reason}; ids must strictly increase"
            )
        self.last_key = keys[-1].as_py()


def _missing(array: pa.Array, column: pa.Field) -> tuple[int, str] | None:
    """Row and path of the first null that the schema does not allow, inside lists and structs too."""
    if not column.nullable and array.null_count:
        return pc.index(pc.is_null(array), value=True).as_py(), column.name
    if pa.types.is_list(column.type):
        if found := _missing(array.flatten(), column.type.value_field):
            parents = pc.list_parent_indices(array)
            return parents[found[0]].as_py(), f"{column.name}.{found[1]}"
    elif pa.types.is_struct(column.type):
        present = array.drop_null()
        rows = pc.indices_nonzero(array.is_valid())
        for index, child in enumerate(column.type):
            if found := _missing(present.field(index), child):
                return rows[found[0]].as_py(), f"{column.name}.{found[1]}"
    return None


def _templates(checker: Checker, batch: pa.RecordBatch) -> None:
    for name, pattern in (("image", IMAGE), ("image_sha256", SHA256)):
        bad = pc.invert(pc.match_substring_regex(batch.column(name), pattern))
        checker.refuse(batch, name, bad, f"does not match {pattern}")
    identity = pc.coalesce(batch.column("image_sha256"), batch.column("source_id"), pa.scalar("", TEXT))
    checker.refuse(batch, "source_id", pc.equal(identity, ""), "image_sha256 or source_id must be given")
    parts = batch.column("part").to_pylist()
    for row, values in enumerate(batch.select(("boxes",)).to_pylist()):
        try:
            for box in values["boxes"]:
                TextBox.from_json(box)
        except LayoutError as error:
            checker.refuse_row(f"boxes.{error.field}", row, error.value, error.reason)
    for row, template in enumerate(rows_of(checker.table, batch)):
        _template(checker, row, template, parts[row])


def _template(checker: Checker, row: int, template: TemplateRow, part: str) -> None:
    try:
        layout = template.layout
    except LayoutError as error:
        checker.refuse_row(error.field, row, error.value, error.reason)
    else:
        if part != template.part.value:
            reason = f"the template belongs to {template.part.value} by its hash"
            checker.refuse_row("part", row, part, reason)
        checker.boxes[template.template_id] = len(layout.boxes)


def _memes(checker: Checker, batch: pa.RecordBatch) -> None:
    checker.known_template(batch)
    texts = batch.column("texts")
    found = pc.list_value_length(texts)
    at = pc.index_in(batch.column("template_id"), value_set=checker.templates)
    wanted = checker.box_counts.take(at)
    row = pc.index(pc.not_equal(pc.cast(found, pa.int64()), wanted), value=True).as_py()
    if row >= 0:
        reason = f"{found[row].as_py()} texts for a template of {wanted[row].as_py()} text boxes"
        checker.refuse_row("texts", row, texts[row].as_py(), reason)
    flat, parents = texts.flatten(), pc.list_parent_indices(texts)
    length = pc.utf8_length(flat)
    for bad, reason in (
        (pc.greater(length, MAX_CHARACTERS), f"a text has at most {MAX_CHARACTERS} characters"),
        (pc.match_substring_regex(flat, INVISIBLE.pattern), "invisible or direction-changing characters"),
    ):
        first = pc.index(bad, value=True).as_py()
        if first >= 0:
            checker.refuse_row("texts", parents[first].as_py(), flat[first].as_py(), reason)
    filled = pc.unique(parents.filter(pc.greater(length, 0)))
    empty = pc.invert(pc.is_in(pa.array(range(len(batch)), parents.type), value_set=filled))
    checker.refuse(batch, "texts", empty, "a meme needs at least one text")
    unnamed = pc.and_(pc.equal(batch.column("origin"), "generator"), pc.is_null(batch.column("generator")))
    checker.refuse(batch, "generator", unnamed, "a generator's meme names the generator's version")
    bad = pc.invert(pc.match_substring_regex(batch.column("drawn"), IMAGE))
    checker.refuse(batch, "drawn", bad, f"does not match {IMAGE}")


def _judgments(checker: Checker, batch: pa.RecordBatch) -> None:
    checker.known_template(batch)
    get = batch.column
    same = pc.equal(get("left_id"), get("right_id"))
    checker.refuse(batch, "right_id", same, "a meme is not compared with itself")
    blind = pc.and_(pc.equal(get("question"), "relevant"), pc.invert(get("request_shown")))
    checker.refuse(batch, "question", blind, "relevance is asked only when the request is shown")
    early = pc.less(get("judged_at"), get("shown_at"))
    checker.refuse(batch, "judged_at", early, "lies before shown_at")
    for name in ("response_ms", "policy_version", "weight"):
        checker.refuse(batch, name, pc.less(get(name), 0), "must not be negative")
    # Written the other way round, a NaN would pass: every comparison with it is false.
    inside = pc.and_(pc.greater(get("propensity"), 0.0), pc.less_equal(get("propensity"), 1.0))
    checker.refuse(batch, "propensity", pc.invert(inside), "must lie above 0 and at most at 1")
    checker.refuse(batch, "weight", pc.invert(pc.is_finite(get("weight"))), "must be finite")


def _skips(checker: Checker, batch: pa.RecordBatch) -> None:
    unexplained = pc.and_(pc.equal(batch.column("kind"), "flag"), pc.is_null(batch.column("reason")))
    checker.refuse(batch, "reason", unexplained, "a flag has a reason")


def _statements(checker: Checker, batch: pa.RecordBatch) -> None:
    checker.known_template(batch)
    responses = batch.column("responses")
    times = responses.flatten().field("at")
    checker.years("responses.at", times, rows=pc.list_parent_indices(responses))
    given = pc.equal(pc.is_valid(batch.column("meme_id")), pc.is_valid(batch.column("template_id")))
    checker.refuse(batch, "meme_id", given, "a statement is about one meme or one meme template")


CHECKS: dict[str, Callable[[Checker, Any], None]] = {
    "templates": _templates,
    "memes": _memes,
    "judgments": _judgments,
    "skips": _skips,
    "statements": _statements,
}
