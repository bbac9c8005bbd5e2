"""The tables of a dataset directory: their columns, and how rows become columns and come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa

from corpus.comparisons import AnnotatorKind, Comparison, Outcome, Question
from corpus.dataset.rows import Response, SkipKind, SkipRow, StatementRow, TemplateRow
from corpus.memes import Meme, Origin, Part, TextBox, UserRequest

TEXT, BOOL, INT, FLOAT = pa.string(), pa.bool_(), pa.int64(), pa.float64()
WHEN = pa.timestamp("us", tz="UTC")


def _struct(nullable: Iterable[str] = (), **columns: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=name in set(nullable)) for name, kind in columns.items()]


def _list_of(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", kind, nullable=False))


BOX = pa.struct(
    _struct(
        ["outline"],
        **dict.fromkeys(("x", "y", "w", "h", "angle"), FLOAT),
        **dict.fromkeys(("case", "align", "font", "colour", "outline"), TEXT),
    )
)
REQUEST = pa.struct(
    _struct(
        **dict.fromkeys(("emotion", "intensity", "intention", "scene", "style"), TEXT),
        keywords=_list_of(TEXT),
    )
)
RESPONSE = pa.struct(_struct(annotator=TEXT, answer=BOOL, at=WHEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One parquet file: its columns, what its rows are sorted by, which columns are ids and which have few values."""

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    ids: tuple[str, ...]
    choices: Mapping[str, type[StrEnum]] = field(default_factory=dict)
    row: Callable[..., Any]
    derived: tuple[str, ...] = ()  # columns that the row does not hold as a field
    group_rows: int  # of one parquet row group: bounds what writer and reader hold
    optional: bool = False  # whether the file is left out when it would be empty

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"


TEMPLATES = Table(
    name="templates",
    schema=pa.schema(
        _struct(
            ["image", "image_sha256", "source_id"],
            template_id=TEXT,
            name=TEXT,
            language=TEXT,
            width=INT,
            height=INT,
            boxes=_list_of(BOX),
            image=TEXT,
            image_sha256=TEXT,
            source=TEXT,
            source_id=TEXT,
            licence=TEXT,
            part=TEXT,
        )
    ),
    key=("template_id",),
    ids=("template_id",),
    choices={"part": Part},
    row=TemplateRow,
    derived=("part",),
    group_rows=1_024,
)
MEMES = Table(
    name="memes",
    schema=pa.schema(
        _struct(
            ["generator", "request", "reasoning", "source_id", "drawn"],
            meme_id=TEXT,
            template_id=TEXT,
            language=TEXT,
            texts=_list_of(TEXT),
            origin=TEXT,
            generator=TEXT,
            request=REQUEST,
            reasoning=TEXT,
            source_id=TEXT,
            drawn=TEXT,
        )
    ),
    key=("meme_id",),
    ids=("meme_id", "template_id"),
    choices={"origin": Origin},
    row=Meme,
    derived=("drawn",),
    group_rows=8_192,  # a reasoning may be long
)
JUDGMENTS = Table(
    name="judgments",
    schema=pa.schema(
        _struct(
            ["response_ms", "repeat_of"],
            judgment_id=TEXT,
            pair_id=TEXT,
            assignment_id=TEXT,
            template_id=TEXT,
            left_id=TEXT,
            right_id=TEXT,
            outcome=TEXT,
            question=TEXT,
            request_shown=BOOL,
            annotator=TEXT,
            annotator_kind=TEXT,
            response_ms=INT,
            shown_at=WHEN,
            judged_at=WHEN,
            policy=TEXT,
            policy_version=INT,
            propensity=FLOAT,
            is_gold=BOOL,
            repeat_of=TEXT,
            surplus=BOOL,
            weight=FLOAT,
        )
    ),
    key=("judgment_id",),
    ids=(
        *("judgment_id", "pair_id", "assignment_id", "template_id", "left_id", "right_id"),
        *("annotator", "repeat_of"),
    ),
    choices={"outcome": Outcome, "question": Question, "annotator_kind": AnnotatorKind},
    row=Comparison,
    group_rows=65_536,
)
SKIPS = Table(
    name="skips",
    schema=pa.schema(
        _struct(["reason"], assignment_id=TEXT, pair_id=TEXT, annotator=TEXT, kind=TEXT, reason=TEXT, at=WHEN)
    ),
    key=("assignment_id", "kind"),
    ids=("assignment_id", "pair_id", "annotator"),
    choices={"kind": SkipKind},
    row=SkipRow,
    group_rows=65_536,
)
STATEMENTS = Table(
    name="statements",
    schema=pa.schema(
        _struct(
            ["meme_id", "template_id", "answer"],
            statement_id=TEXT,
            meme_id=TEXT,
            template_id=TEXT,
            text=TEXT,
            answer=BOOL,
            responses=_list_of(RESPONSE),
        )
    ),
    key=("statement_id",),
    ids=("statement_id", "meme_id", "template_id"),
    row=StatementRow,
    group_rows=8_192,
    optional=True,
)
TABLES: Mapping[str, Table] = {
    table.name: table for table in (TEMPLATES, MEMES, JUDGMENTS, SKIPS, STATEMENTS)
}


def columns_of(table: Table, rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Rows as columns of plain values, derived columns left out where a row does not know them."""
    columns: dict[str, list[Any]] = {}
    for column in table.schema:
        if not hasattr(table.row, column.name):
            continue
        values = [getattr(row, column.name) for row in rows]
        if pa.types.is_struct(column.type):
            values = [value and asdict(value) for value in values]
        elif pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type):
            values = [[asdict(item) for item in value] for value in values]
        columns[column.name] = values
    return columns


def rows_of(table: Table, batch: pa.RecordBatch) -> Iterator[Any]:
    """The rows of a checked batch, in order, as their dataclasses."""
    names = [name for name in table.schema.names if name not in table.derived]
    columns: list[list[Any]] = []
    for name in names:
        if table.schema.field(name).type == WHEN:
            columns.append(_moments(batch.column(name)))
            continue
        values: list[Any] = batch.column(name).to_pylist()
        if choices := table.choices.get(name):
            members = {member.value: member for member in choices}
            values = [members[value] for value in values]
        elif revive := REVIVE.get((table.name, name)):
            values = [None if value is None else revive(value) for value in values]
        columns.append(values)
    for row in zip(*columns, strict=True):
        yield table.row(**dict(zip(names, row, strict=True)))


def _moments(times: pa.Array) -> list[datetime]:
    """Fifteen times quicker than Arrow's own way, which looks the zone up for each."""
    naive = times.cast(INT).to_numpy().view("datetime64[us]").tolist()
    return [moment.replace(tzinfo=UTC) for moment in naive]


def _request(value: Mapping[str, Any]) -> UserRequest:
    return UserRequest(**{**value, "keywords": tuple(value["keywords"])})


REVIVE: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    ("templates", "boxes"): lambda boxes: tuple(TextBox.from_json(box) for box in boxes),
    ("memes", "texts"): tuple,
    ("memes", "request"): _request,
    ("statements", "responses"): lambda responses: tuple(Response(**response) for response in responses),
}
