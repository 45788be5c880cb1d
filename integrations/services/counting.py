"""Counts rows inside another query, and no further than a page needs to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import IntegerField, Subquery

if TYPE_CHECKING:
    from django.db.models import QuerySet


class _Number(Subquery):
    """How many rows a query finds: its limit holds, which Count would ignore."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def number_of(rows: QuerySet[Any], *, most: int) -> Subquery:
    """For annotating a query: how many of these there are; `most` + 1 stands for any number above.

    In the order that they have, if any: the one of an index keeps PostgreSQL from reading the table instead.
    """
    return _Number(rows.values("pk")[: most + 1])
