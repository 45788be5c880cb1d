"""Many rows of one table in one go: the one place with SQL of our own.

Django asks each field about each value of each row, and then builds a statement of its own for them; that
took most of the drain's time. Here PostgreSQL gets all rows as one JSON text, and SQLite one short statement
with the rows to run it for. Values go in as Python has them; nothing fills in a default or a date.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

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
    if connection.vendor == "postgresql":
        pairs = ", ".join(f"{column} = v.{column}" for column in columns)
        sql = f"UPDATE {part.table} SET {pairs} FROM {part.rowset} WHERE {part.table}.{key} = v.{key}"  # noqa: S608
    else:
        pairs = ", ".join(f"{column} = %s" for column in columns)
        sql = f"UPDATE {part.table} SET {pairs} WHERE {key} = %s"  # noqa: S608
    _run(sql, part, rows, connection=connection, first_last=True)


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
    if connection.vendor == "postgresql":
        source = f"SELECT {columns} FROM {part.rowset}"  # noqa: S608
    else:
        source = f"VALUES ({', '.join(['%s'] * len(part.columns))})"
    sql = f"INSERT INTO {part.table} ({columns}) {source}"
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
    """PostgreSQL's table of what the JSON text holds."""
    converted: tuple[tuple[int, models.Field[Any, Any]], ...]
    """The columns, by position, that SQLite does not take as Python has them."""


def _run(
    sql: str, part: _Part, rows: Sequence[Row], *, connection: BaseDatabaseWrapper, first_last: bool = False
) -> None:
    """`first_last`: for SQLite the first value of each row is bound last."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            named = [dict(zip(part.keys, row, strict=True)) for row in rows]
            # What JSON does not know: dates, times and UUIDs. PostgreSQL reads them as Python writes them.
            cursor.execute(sql, [json.dumps(named, default=str)])
            return
        bound = [list(row) for row in rows]
        for values in bound:
            for position, field in part.converted:
                values[position] = _bound(values[position], field, connection)
            if first_last:
                values.append(values.pop(0))
        cursor.executemany(sql, bound)


@cache
def _part(model: type[models.Model], names: tuple[str, ...], vendor: str) -> _Part:
    connection = connections[router.db_for_write(model)]
    assert connection.vendor == vendor  # noqa: S101
    fields = [_field(model, name) for name in names]
    keys = tuple(str(field.column) for field in fields)
    columns = tuple(connection.ops.quote_name(key) for key in keys)
    typed = (
        f"{column} {field.cast_db_type(connection)}" for column, field in zip(columns, fields, strict=True)
    )
    return _Part(
        table=connection.ops.quote_name(model._meta.db_table),  # noqa: SLF001
        columns=columns,
        keys=keys,
        rowset=f"json_to_recordset(%s::json) AS v({', '.join(typed)})",
        converted=tuple((position, field) for position, field in enumerate(fields) if not _is_plain(field)),
    )


def _bound(value: Any, field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Any:
    """As the field itself would have it; that asks the two most common kinds far more than it needs to."""
    if isinstance(field, models.JSONField):
        return None if value is None else json.dumps(value, cls=field.encoder)
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value(value)
    return field.get_db_prep_save(value, connection)


def _is_plain(field: models.Field[Any, Any]) -> bool:
    """Whether SQLite takes its values as they are: texts, whole numbers, truths."""
    kind = field.target_field if isinstance(field, models.ForeignKey) else field
    return isinstance(kind, models.CharField | models.TextField | models.IntegerField | models.BooleanField)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    meta = model._meta  # noqa: SLF001
    field = meta.pk if name == "pk" else meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101
    return field
