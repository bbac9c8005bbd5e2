"""Queries whose SQL is written once and asked many times.

Django writes the SQL of a query anew each time, which costs ten times what a database needs to answer a short one: half of a
judging request was that. A function decorated with `compiled` or `compiled_update` is called once per kind of database with an
`Argument` for each of its parameters; from then on only the values are put in, and PostgreSQL keeps its plan as well. The query
stays Django's own, and so do its rows, converters, locks and constraints. What depends on the values themselves, such as an
`IN` of any length, cannot be compiled. Numbers: docs/experiments.md.
"""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, QuerySet
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.constants import ROW_COUNT

Row = TypeVar("Row")
Scalar = int | str | date | UUID | None


class Argument(Expression):
    """A value that is known when the query is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        """A place for the value; the argument itself stands among the parameters until then."""
        return "%s", (self,)


class Written:
    """The SQL of a query for one kind of database, with the places of its arguments."""

    def __init__(self, query: Any) -> None:
        self._query = query
        self._compiler: SQLCompiler = query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql, self._params = self._compiler.as_sql()

    def compiler(self, connection: BaseDatabaseWrapper, arguments: dict[str, Scalar]) -> SQLCompiler:
        """A compiler that has its SQL already, with the values in their places, on this thread's connection."""
        asked = self._asked(
            connection, {name: adapted(value, connection) for name, value in arguments.items()}
        )
        compiler = copy.copy(self._compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *_, **__: asked  # type: ignore[method-assign]  # instead of writing it again
        return compiler

    def query(self, connection: BaseDatabaseWrapper, arguments: dict[str, Scalar]) -> Any:
        """The query, with that compiler."""
        query = copy.copy(self._query)
        compiler = self.compiler(connection, arguments)
        query.get_compiler = lambda *_, **__: compiler
        return query

    def _asked(self, connection: BaseDatabaseWrapper, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The SQL and its parameters."""
        return self._sql, tuple(
            values[param.name] if isinstance(param, Argument) else param for param in self._params
        )


class Spelled(Written):
    """The same on SQLite, with its constants in the SQL: the planner takes a partial index only when it sees its condition hold."""

    def __init__(self, query: Any) -> None:
        super().__init__(query)
        words = ["%s" if (word := literal(param)) is None else word for param in self._params]
        self._sql = self._sql.replace("%%", "%%%%") % tuple(words)
        self._params = tuple(param for param in self._params if literal(param) is None)


def literal(param: object) -> str | None:
    """A constant of our own code as SQLite reads it in SQL that takes parameters; None for what has to be bound."""
    match param:
        case bool() | int():
            return str(int(param))
        case str():
            return "'" + param.replace("'", "''").replace("%", "%%") + "'"
        case _:
            return None


class Prepared(Written):
    """The same on PostgreSQL, which keeps what it made of the SQL, its plan included, for as long as a connection lasts."""

    numbers = itertools.count(1)

    def __init__(self, query: Any) -> None:
        super().__init__(query)
        self._name = f"compiled_{next(self.numbers)}"
        self._places = list(
            dict.fromkeys(param.name for param in self._params if isinstance(param, Argument))
        )
        self._call = f"EXECUTE {self._name} ({', '.join(['%s'] * len(self._places))})"
        self._known: WeakSet[Any] = WeakSet()  # the connections that have it

    def _asked(self, connection: BaseDatabaseWrapper, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The statement's name and the values, once this connection has the SQL itself."""
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        if connection.connection not in self._known:
            self._prepare(connection.connection)
            self._known.add(connection.connection)
        return self._call, tuple(values[name] for name in self._places)

    def _prepare(self, connection: Any) -> None:
        """Constants stay in the SQL: the planner takes a partial index only when it sees that its condition holds."""
        from psycopg2.extensions import AsIs  # an install on SQLite need not load it

        places = {name: AsIs(f"${number}") for number, name in enumerate(self._places, start=1)}
        params = [places[param.name] if isinstance(param, Argument) else param for param in self._params]
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE {self._name} AS {self._sql}", params)


def written(query: Any, connection: BaseDatabaseWrapper) -> Written:
    """The query's SQL for a connection's kind of database."""
    # A pooler that gives each transaction another connection wants this setting, and forgets what was prepared.
    pooled = connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    match connection.vendor:
        case "postgresql" if not pooled:
            return Prepared(query)
        case "sqlite":
            return Spelled(query)
        case _:
            return Written(query)


def adapted(value: Scalar, connection: BaseDatabaseWrapper) -> Any:
    """A value as the database's driver takes it."""
    match value:
        case datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case date():
            return connection.ops.adapt_datefield_value(value)
        case UUID() if not connection.features.has_native_uuid_field:
            return value.hex
        case _:
            return value


def arguments_of(build: Callable[..., object]) -> dict[str, Argument]:
    """An argument for each parameter of a function."""
    return {name: Argument(name) for name in inspect.signature(build).parameters}


class compiled(Generic[Row]):  # noqa: N801 - a decorator
    """The rows of the query that a function returns, asked with the function's parameters by name."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._written: dict[str, tuple[Any, Written]] = {}
        self.__doc__ = build.__doc__

    def __call__(self, **arguments: Scalar) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.vendor not in self._written:
            rows = self._build(**arguments_of(self._build))
            self._written[connection.vendor] = rows, written(rows.query, connection)
        rows, known = self._written[connection.vendor]
        asked: Any = QuerySet(rows.model, query=known.query(connection, arguments), using=DEFAULT_DB_ALIAS)
        asked._fields, asked._iterable_class = rows._fields, rows._iterable_class
        return list(asked)


class compiled_update:  # noqa: N801 - a decorator
    """Set the rows of the query that a function returns to the values it returns; how many rows that were."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any, Any], dict[str, Any]]]) -> None:
        self._build = build
        self._written: dict[str, Written] = {}
        self.__doc__ = build.__doc__

    def __call__(self, **arguments: Scalar) -> int:
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.vendor not in self._written:
            rows, values = self._build(**arguments_of(self._build))
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(values)
            self._written[connection.vendor] = written(query, connection)
        compiler: Any = self._written[connection.vendor].compiler(connection, arguments)
        changed: int = compiler.execute_sql(ROW_COUNT)
        return changed
