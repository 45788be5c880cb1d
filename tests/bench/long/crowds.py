"""A database with a crowd in it, and somebody of Support who asks there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connections

from tests.bench.crowd_sql import settle
from tests.bench.long.asking import answer, inside, seconds, statements, support
from tests.bench.long.heard import fill_world
from tests.bench.long.plans import sequential_scans
from tests.bench.long.questions import Question, questions
from tests.bench.setting import say

if TYPE_CHECKING:
    from django.test import Client


@dataclass(frozen=True, slots=True)
class Crowd:
    database: Any
    client: Client
    questions: Sequence[Question]

    def seconds(self, question: Question) -> float:
        """The second time: what comes from memory in the long run comes from there."""
        with inside(self.database):
            seconds(self.client, question)
            return seconds(self.client, question)

    def queries(self, question: Question) -> int:
        with inside(self.database):
            seconds(self.client, question)
            return len(statements(self.client, question))

    def lines(self, question: Question) -> int:
        """How many lines the tables of a page have, or those of a file that are read."""
        with inside(self.database):
            return answer(self.client, question).count("\n" if question.lines else "<tr")

    def scans(self, question: Question) -> list[str]:
        """The big tables that are read from end to end."""
        with inside(self.database):
            return sequential_scans(statements(self.client, question))


@contextmanager
def crowd(address: str, *, people: int) -> Iterator[Crowd]:
    """In the empty database of this address, which is left by the end."""
    own = connections["default"]
    database = type(own)({**own.settings_dict, "NAME": urlsplit(address).path.removeprefix("/")}, "default")
    try:
        with inside(database):
            say(f"filling a database with {people:,} people")
            call_command("migrate", verbosity=0)
            fill_world(people)
            settle()
            made = Crowd(database, support(), questions())
        yield made
    finally:
        database.close()
