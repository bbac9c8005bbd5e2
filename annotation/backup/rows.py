"""Which tables a backup holds, and how their rows are written and read: one JSON array per row, the same for any database."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from graphlib import TopologicalSorter
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from annotation.errors import BadBackup
from annotation.models import Meme, MemeTemplate

# Every other table is in a backup: whoever adds one need not think of it.
LEFT_OUT: Final[dict[str, str]] = {
    "sessions.session": "people sign in again",
    "contenttypes.contenttype": "`migrate` makes them",
    "auth.permission": "`migrate` makes them",
    "auth.group_permissions": "nothing is allowed by them: roles are groups",
    "annotation.user_user_permissions": "as above",
}
ROWS_AT_A_TIME: Final = 5_000
Value = Any  # of a column, as Django gives it
Json = Any


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the backup: its model and its stored columns."""

    model: type[models.Model]
    fields: tuple[models.Field[Any, Any], ...]

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def columns(self) -> list[str]:
        return [field.attname for field in self.fields]

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """All rows by ascending primary key, asked for a few thousand at a time: no cursor stays open."""
        primary = self.columns.index(self.model._meta.pk.attname)
        everything = self.model._base_manager.order_by("pk").values_list(*self.columns)
        after = None
        while chunk := list(
            (everything if after is None else everything.filter(pk__gt=after))[:ROWS_AT_A_TIME]
        ):
            yield from chunk
            after = chunk[-1][primary]


def tables() -> list[Table]:
    """The tables of a backup, each after those that its rows refer to."""
    kept = {
        model._meta.label_lower: model
        for model in apps.get_models(include_auto_created=True)
        if is_kept(model)
    }
    needs: dict[str, set[str]] = {
        label: needed_by(model) & kept.keys() - {label} for label, model in sorted(kept.items())
    }
    return [
        Table(kept[label], tuple(field for field in kept[label]._meta.concrete_fields if not field.generated))
        for label in TopologicalSorter(needs).static_order()
    ]


def needed_by(model: type[models.Model]) -> set[str]:
    """The labels of the models that a model's rows refer to."""
    others = (field.related_model for field in model._meta.concrete_fields)
    return {other._meta.label_lower for other in others if other is not None and not isinstance(other, str)}


def is_kept(model: type[models.Model]) -> bool:
    """Whether a model's rows are in a backup."""
    return model._meta.managed and not model._meta.proxy and model._meta.label_lower not in LEFT_OUT


def picture_names() -> Iterator[str]:
    """The names of all pictures that a row names, each once."""
    named = (
        MemeTemplate.objects.exclude(picture="")
        .values_list("picture", flat=True)
        .union(Meme.objects.exclude(picture="").values_list("picture", flat=True))
    )
    yield from named.iterator(chunk_size=ROWS_AT_A_TIME)


# --- writing ------------------------------------------------------------------------------------------------------------------


def lines(
    rows: Iterator[tuple[Value, ...]], *, most_rows: int, most_bytes: int
) -> Iterator[tuple[bytes, int]]:
    """Rows as JSON Lines, in pieces of a bounded size, each with its number of rows."""
    piece, size = [], 0
    for row in rows:
        line = json.dumps(row, separators=(",", ":"), allow_nan=False, default=_written).encode("ascii")
        piece.append(line)
        size += len(line) + 1
        if len(piece) >= most_rows or size >= most_bytes:
            yield b"\n".join(piece) + b"\n", len(piece)
            piece, size = [], 0
    if piece:
        yield b"\n".join(piece) + b"\n", len(piece)


def _written(value: object) -> str:
    """What JSON has no form of, as text."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise TypeError(f"a backup has no form for {type(value).__name__}")


# --- reading ------------------------------------------------------------------------------------------------------------------


class Parser:
    """Reads a table's lines back into values for the database. Raises `BadBackup` naming file, row and column."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._columns = [(field.attname, field.null, _reader(field)) for field in table.fields]

    def rows(self, name: str, data: bytes) -> Iterator[list[Value]]:
        """The rows of one piece; `name` is for messages. They are counted from 1."""
        for number, line in enumerate(data.splitlines(), start=1):
            yield self._row(name, number, line)

    def _row(self, name: str, number: int, line: bytes) -> list[Value]:
        try:
            raw = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise BadBackup(f"{name}, row {number}: this is no JSON") from None
        if not isinstance(raw, list) or len(raw) != len(self._columns):
            raise BadBackup(f"{name}, row {number}: it has not {len(self._columns)} values")
        row = []
        for (column, nullable, read), value in zip(self._columns, raw, strict=True):
            try:
                row.append(None if value is None and nullable else read(value))
            except (TypeError, ValueError, OverflowError):
                raise BadBackup(f"{name}, row {number}, {column}: this value cannot be stored here") from None
        return row


def chunks(rows: Iterator[list[Value]]) -> Iterator[list[list[Value]]]:
    """Rows a few thousand at a time."""
    while chunk := list(islice(rows, ROWS_AT_A_TIME)):
        yield chunk


def _no_number(word: str) -> float:
    raise ValueError(word)


def _reader(field: models.Field[Any, Any]) -> Callable[[Json], Value]:
    """What turns a JSON value into one that `insert_rows` takes for this column; it raises TypeError or ValueError."""
    match field:
        case models.ForeignKey():
            return _reader(field.target_field)
        case models.BooleanField():
            return _boolean
        case models.IntegerField():
            return _integers_of(field)
        case models.FloatField():
            return _finite
        case models.DateTimeField():
            return _moment
        case models.DateField():
            return lambda value: date.fromisoformat(value).isoformat()
        case models.UUIDField():
            return UUID
        case models.JSONField():
            return _json
        case models.CharField() | models.TextField():
            return _texts_of(field)
        case _:
            raise TypeError(f"a backup cannot hold {field}, a {type(field).__name__}")


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _integers_of(field: models.Field[Any, Any]) -> Callable[[Json], int]:
    least, most = connection.ops.integer_field_range(field.get_internal_type())
    least, most = -(2**63) if least is None else least, 2**63 - 1 if most is None else most

    def integer(value: Json) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return integer


def _finite(value: Json) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _moment(value: Json) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _texts_of(field: models.Field[Any, Any]) -> Callable[[Json], str]:
    longest = field.max_length or math.inf

    def text(value: Json) -> str:
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise ValueError
        value.encode()  # half a character is no text
        return value

    return text


def _json(value: Json) -> str:
    if _holds_nul(value):  # PostgreSQL has no place for it
        raise ValueError
    return json.dumps(value)


def _holds_nul(value: Json) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_holds_nul, value))
        case dict():
            return any(_holds_nul(part) for item in value.items() for part in item)
        case _:
            return False


def columns_of(everything: Sequence[Table]) -> dict[str, list[str]]:
    """The columns of all tables, by label: what a backup must agree on with the database it goes into."""
    return {table.label: table.columns for table in everything}
