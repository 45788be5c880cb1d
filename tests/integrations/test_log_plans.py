"""However many people there are: no page reads a big table from end to end, or asks more than with few.

On PostgreSQL, in a crowd large enough for its plans to be those of a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from integrations.services import people
from integrations.services.health import source
from integrations.services.log import export, finding, listing
from tests.bench.long import questions as asked
from tests.bench.long.asking import statements, support
from tests.bench.long.compared import WHO_WAITS
from tests.bench.long.heard import fill_world
from tests.bench.long.plans import sequential_scans

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoDbBlocker

    from tests.bench.long.questions import Question

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for its plans"),
]

FEW, MANY = 4_000, 30_000
AS_AMONG_A_MILLION = (
    (source, "LIVE_BELOW", 100),
    (finding, "NEWEST", 300),
    (listing, "COUNTED", 50),
    (people, "COUNTED", 50),
    (export, "BATCH", 100),
    (asked, "LINES_OF_A_FILE", 100),
)
"""Of what is looked at in one go no larger a share than there."""


class Crowd:
    """Somebody of Support among so many people."""

    def __init__(self, people: int) -> None:
        fill_world(people)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self._client: Client = support()
        self.questions: dict[str, Question] = {question.name: question for question in asked.questions()}

    def numbers(self) -> dict[str, int]:
        return {name: len(statements(self._client, one)) for name, one in self.questions.items()}

    def scans(self) -> dict[str, list[str]]:
        found = {
            name: sequential_scans(statements(self._client, one)) for name, one in self.questions.items()
        }
        return {name: scans for name, scans in found.items() if scans}


@pytest.fixture(scope="module")
def blank(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """An empty database, which is left as it was."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        for module, name, value in AS_AMONG_A_MILLION:
            patch.setattr(module, name, value)
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def few(blank: None) -> dict[str, int]:
    """How many queries each question takes among few people."""
    with transaction.atomic():
        found = Crowd(FEW).numbers()
        transaction.set_rollback(True)
    return found


@pytest.fixture(scope="module")
def many(few: dict[str, int]) -> Crowd:
    return Crowd(MANY)


def test_no_big_table_is_read_from_end_to_end(many: Crowd) -> None:
    assert not many.scans()


def test_nothing_takes_more_queries_among_many(few: dict[str, int], many: Crowd) -> None:
    more = {
        name: (few[name], number)
        for name, number in many.numbers().items()
        if abs(number - few[name]) > WHO_WAITS
    }
    assert more == {}
