"""Many rows in one plain UPDATE: the one place with SQL of our own.

Django's bulk_update builds a CASE for every value of every row; that took most of the drain's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper


def update_many(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Stores these fields of each row, by primary key. For inside a transaction that has locked the rows.

    All rows are of one model; without rows nothing is sent.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    key, *fields = [_field(model, name) for name in ("pk", *names)]
    quote = connection.ops.quote_name
    columns = [str(field.column) for field in (key, *fields)]
    pairs = ", ".join(f"{quote(column)} = v.{quote(column)}" for column in columns[1:])
    lines = [_typed_line([key, *fields], connection)]
    lines += ["(" + ", ".join(["%s"] * len(columns)) + ")"] * (len(rows) - 1)
    table, names_of_v = quote(model._meta.db_table), ", ".join(quote(column) for column in columns)  # noqa: SLF001
    sql = (
        f"WITH v({names_of_v}) AS (VALUES {', '.join(lines)}) "  # noqa: S608
        f"UPDATE {table} SET {pairs} FROM v WHERE {table}.{quote(columns[0])} = v.{quote(columns[0])}"
    )
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection)
        for row in rows
        for field in (key, *fields)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _typed_line(fields: Sequence[models.Field[Any, Any]], connection: BaseDatabaseWrapper) -> str:
    """The first line tells PostgreSQL the type of each column; a lone NULL has none."""
    if connection.vendor != "postgresql":
        return "(" + ", ".join(["%s"] * len(fields)) + ")"
    return "(" + ", ".join(f"%s::{field.cast_db_type(connection)}" for field in fields) + ")"


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    meta = model._meta  # noqa: SLF001
    field = meta.pk if name == "pk" else meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101
    return field
