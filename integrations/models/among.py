"""`__among`: `__in` for as many values as there may be, sent as one parameter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Field, Lookup

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
class Among(Lookup[Any]):
    """Whole numbers or texts, as the column holds them: no value is converted.

    Django asks the field about each value and then writes a place for each into the statement, which the
    driver reads through and the database has never seen before. Here the statement is always the same.
    """

    lookup_name = "among"

    def get_prep_lookup(self) -> list[int | str]:
        return list(self.rhs)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        if not self.rhs:
            # As Django does: where nobody can be found, the database is not asked at all.
            raise EmptyResultSet
        column, parameters = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*parameters, self.rhs)
        sql = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608
        return sql, (*parameters, json.dumps(self.rhs))
