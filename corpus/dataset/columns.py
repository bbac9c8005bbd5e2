"""Columns of values into Arrow batches of a table, refusing what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from corpus.dataset.schema import Table
from corpus.errors import DatasetError, RowError


def batch_of(
    table: Table, columns: Mapping[str, Sequence[Any]] | pa.RecordBatch, start: int
) -> pa.RecordBatch:
    """The columns as one batch of the table's schema; `start` is the number of its first row.

    A column is a sequence, a numpy array or an Arrow array; numpy's datetime64 is taken as UTC. Raises `DatasetError` for a
    missing or unknown column or unequal lengths, `RowError` for a value of the wrong type.
    """
    names = columns.schema.names if isinstance(columns, pa.RecordBatch) else list(columns)
    if sorted(names) != sorted(table.schema.names):
        odd = sorted(set(names) ^ set(table.schema.names)) or sorted(names)
        raise DatasetError(f"missing, unknown or doubled columns: {', '.join(odd)}", file=table.file)
    arrays = [_array(table, column, columns[column.name], start) for column in table.schema]
    if len({len(array) for array in arrays}) > 1:
        lengths = {name: len(array) for name, array in zip(table.schema.names, arrays, strict=True)}
        raise DatasetError(f"columns of different lengths: {lengths}", file=table.file)
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def _array(table: Table, column: pa.Field, values: Any, start: int) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array) and pa.types.is_timestamp(column.type):
        _refuse_naive(table, column.name, values, start)
    try:
        return _convert(values, column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        row, value = _culprit(values, column.type)
        raise RowError(
            file=table.file, row=start + row, field=column.name, value=value, reason=f"is not {column.type}"
        ) from error


def _convert(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values if values.type == kind else values.cast(kind, safe=True)
    if not pa.types.is_integer(kind):
        return pa.array(values, kind)
    # Given the type, Arrow cuts 1.5 down to 1 without a word; left to guess, it says what it found.
    found = pa.array(values)
    if not (pa.types.is_integer(found.type) or pa.types.is_null(found.type)):
        raise TypeError(f"{found.type} where an integer is wanted")
    return found.cast(kind)


def _refuse_naive(table: Table, name: str, values: Any, start: int) -> None:
    """A time without a zone would silently be taken as UTC. (A numpy array of datetime64 has no zones to check.)"""
    if getattr(values, "dtype", None) is not None and values.dtype.kind == "M":
        return
    for row, value in enumerate(values):
        if value is not None and getattr(value, "tzinfo", None) is None:
            reason = "is not a time with a zone"
            raise RowError(file=table.file, row=start + row, field=name, value=value, reason=reason)


def _culprit(values: Any, kind: pa.DataType) -> tuple[int, object]:
    """The first value that does not convert alone; the first of all where only the whole does not."""
    for row, value in enumerate(values):
        try:
            _convert([value], kind)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return row, value
    return 0, values[0] if len(values) else None
