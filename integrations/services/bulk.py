"""Many rows of one table in one go: the one place with SQL of our own.

Django asks each field about each value of each row, and then builds a statement of its own for them; that
took most of the drain's time. Here the database gets all rows as one JSON text and takes it apart itself.
Values go in as Python has them; nothing fills in a default or a date. Texts have been cleaned by then
(`logic/text.py`): SQLite would cut one at a zero byte without a word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

Row = Sequence[Any]


def update_many(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Stores these fields of each row, by primary key. For inside a transaction that has locked the rows.

    All rows are of one model; without rows nothing is sent.
    """
    if rows:
        model = type(rows[0])
        values = attrgetter(*(_field(model, name).attname for name in ("pk", *names)))
        update_rows(model, names, [values(row) for row in rows])


def update_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """The same for bare rows: each is the primary key, and then a value for each name."""
    connection = connections[router.db_for_write(model)]
    part = _part(model, ("pk", *names), connection.vendor)
    key, *columns = part.columns
    pairs = ", ".join(f"{column} = v.{column}" for column in columns)
    sql = f"UPDATE {part.table} SET {pairs} FROM {part.rowset} WHERE {part.table}.{key} = v.{key}"  # noqa: S608
    _run(sql, part, rows, connection=connection)


def insert_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Makes a row of each. Where one with the same `unique` fields is there, changes its `update` fields."""
    connection = connections[router.db_for_write(model)]
    part = _part(model, tuple(names), connection.vendor)
    columns = ", ".join(part.columns)
    # Without the WHERE, SQLite takes the ON that may follow for that of a join.
    sql = f"INSERT INTO {part.table} ({columns}) SELECT {columns} FROM {part.rowset} WHERE true"  # noqa: S608
    if unique:
        keys = ", ".join(_part(model, tuple(unique), connection.vendor).columns)
        news = _part(model, tuple(update), connection.vendor).columns
        sql += f" ON CONFLICT ({keys}) DO UPDATE SET {', '.join(f'{one} = EXCLUDED.{one}' for one in news)}"
    _run(sql, part, rows, connection=connection)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some columns of a table, as one kind of database writes them; names are quoted."""

    table: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    rowset: str
    """What the JSON text holds, as a table called v."""


def _run(sql: str, part: _Part, rows: Sequence[Row], *, connection: BaseDatabaseWrapper) -> None:
    if rows:
        named = [dict(zip(part.keys, row, strict=True)) for row in rows]
        default = str if connection.vendor == "postgresql" else _as_sqlite
        with connection.cursor() as cursor:
            cursor.execute(sql, [json.dumps(named, default=default)])


def _as_sqlite(value: object) -> str:
    """What JSON does not know, as Django keeps it there. PostgreSQL reads what Python writes."""
    match value:
        case datetime():
            return str(value.astimezone(UTC).replace(tzinfo=None))
        case UUID():
            return value.hex
        case _:
            return str(value)


@cache
def _part(model: type[models.Model], names: tuple[str, ...], vendor: str) -> _Part:
    connection = connections[router.db_for_write(model)]
    assert connection.vendor == vendor  # noqa: S101
    fields = [_field(model, name) for name in names]
    keys = tuple(str(field.column) for field in fields)
    columns = tuple(connection.ops.quote_name(key) for key in keys)
    if vendor == "postgresql":
        typed = (
            f"{one} {field.cast_db_type(connection)}" for one, field in zip(columns, fields, strict=True)
        )
        rowset = f"json_to_recordset(%s::json) AS v({', '.join(typed)})"
    else:
        read = (f"{_read(field)} AS {one}" for one, field in zip(columns, fields, strict=True))
        rowset = f"(SELECT {', '.join(read)} FROM json_each(%s)) AS v"  # noqa: S608
    return _Part(connection.ops.quote_name(model._meta.db_table), columns, keys, rowset)  # noqa: SLF001


def _read(field: models.Field[Any, Any]) -> str:
    """A value out of SQLite's JSON: a document stays one, and nothing is no document."""
    value = f"json_extract(value, '$.{field.column}')"
    return f"NULLIF(json_quote({value}), 'null')" if isinstance(field, models.JSONField) else value


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    meta = model._meta  # noqa: SLF001
    field = meta.pk if name == "pk" else meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101
    return field
