"""An index for "begins with, whatever the case", on every database that the product runs on."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.indexes import OpClass
from django.db.models import Index
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate
from django.db.models.indexes import IndexExpression

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.backends.ddl_references import Statement
    from django.db.models import Model

# What django.contrib.postgres does when it is installed; nothing else of it is needed here.
IndexExpression.register_wrappers(OrderBy, OpClass, Collate)


class BeginningIndex(Index):
    """On one expression, which is to be upper-cased: PostgreSQL then serves `istartswith` from it.

    It does so only with an operator class, which other databases would refuse.
    """

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        if schema_editor.connection.vendor != "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        own = copy(self)
        own.expressions = tuple(OpClass(one, name="text_pattern_ops") for one in self.expressions)
        return Index.create_sql(own, model, schema_editor, using, **kwargs)
