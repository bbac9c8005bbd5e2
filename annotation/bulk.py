"""Many rows at once: PostgreSQL's COPY, SQLite's prepared INSERT. Constraints and triggers hold as for any other row.

Django's `bulk_create` makes an object and a place in a statement of every value, which costs several times what the database
needs for the row. Numbers: docs/experiments.md.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# How COPY's text form writes a value, by its very type.
COPIED: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
    datetime: datetime.isoformat,
    UUID: str,
}


def reserve_ids(model: type[Model], number: int) -> Sequence[int]:
    """So many primary keys in ascending order that no other row will get. Inside a transaction that writes."""
    name = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [name, number]
            )
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [name])  # one writer: it stays so
        last = (cursor.fetchone() or (0,))[0]
        return range(last + 1, last + number + 1)


def insert_rows(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values in the order of `fields`: numbers, texts, times with a zone, UUIDs, None."""
    columns = {field.name: field.column or field.name for field in model._meta.concrete_fields}
    names = [columns[name] for name in fields]
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lines = io.StringIO("".join("\t".join(map(_copied, row)) + "\n" for row in rows))
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY {table} ({quoted}) FROM STDIN", lines)
        else:
            places = ", ".join(["%s"] * len(names))
            statement = f"INSERT INTO {table} ({quoted}) VALUES ({places})"  # noqa: S608 - names of our own columns
            cursor.executemany(statement, [[_bound(value) for value in row] for row in rows])


def analyse(*models: type[Model]) -> None:
    """Let the database look at tables that have changed a lot, so that it plans for what is there now."""
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _copied(value: Any) -> str:
    write = COPIED.get(type(value))
    return str(value).translate(ESCAPED) if write is None else write(value)


def _bound(value: Any) -> Any:
    """A value as Django keeps it in SQLite."""
    match value:
        case datetime():
            return str(value.astimezone(UTC).replace(tzinfo=None))
        case UUID():
            return value.hex
        case _:
            return value
