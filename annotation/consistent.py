"""Reading the database as it was at one moment, while people go on judging."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def consistent_read() -> Iterator[None]:
    """Everything read inside is of one moment, and nobody who writes meanwhile has to wait."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True):
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # Django would begin IMMEDIATE, as a writer; a deferred transaction on WAL is a snapshot that blocks nobody.
    connection.cursor().execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        connection.cursor().execute("ROLLBACK")
