"""Constants that stand in a statement itself, for the sake of SQLite's partial indexes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

_WORD = re.compile(r"[a-z_]+")


class Literal(Value):
    """One of our own words, such as a state; not sent as a parameter, as Django does with every value.

    SQLite uses an index on some of the rows only where the statement says word for word which rows are
    meant: a list of parameters never does. Raises ValueError for anything but small letters.
    https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
    """

    def __init__(self, word: str) -> None:
        if not _WORD.fullmatch(word):
            raise ValueError(word)
        super().__init__(word)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[()]]:
        return f"'{self.value}'", ()


def literally(words: Iterable[str]) -> list[Literal]:
    """For `__in`: in the order in which the condition of the index has them."""
    return [Literal(word) for word in words]
