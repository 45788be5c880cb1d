"""What a round of the sweep costs, however long the backlogs are."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from django.db import connection as database
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import SweepState
from integrations.services import sweep as sweep_module
from integrations.services.sweep import give_rows_to_next, sweep, wake_due
from tests.bench.long.plans import Statement, listening, sequential_scans
from tests.integrations.line import line
from tests.integrations.many import add_more, make_workspaces

pytestmark = pytest.mark.django_db

WORKSPACES, FEW, MANY = 20, 10, 400


def cost() -> Collection[Statement]:
    """The second round after something happened: the first looks at whoever joined since the last."""
    sweep()
    OrmQ.objects.all().delete()
    with listening() as statements:
        sweep()
    return statements


def test_it_asks_and_queues_no_more_for_long_backlogs_than_for_short_ones() -> None:
    ids = make_workspaces([FEW] * WORKSPACES)
    cost()
    few = cost()
    queued = len(line())
    add_more(ids, MANY)
    many = cost()

    assert len(many) == len(few)
    assert len(line()) == queued
    assert sum(group.startswith("drain-") for group in line()) == WORKSPACES


def test_a_second_round_queues_nothing_while_the_first_is_not_worked_off() -> None:
    make_workspaces([FEW] * WORKSPACES)
    sweep()
    waiting = sorted(line())

    for _ in range(3):
        sweep()

    assert sorted(line()) == waiting


@pytest.mark.skipif(database.vendor != "postgresql", reason="asks PostgreSQL for its plans")
def test_its_looks_at_everybody_read_no_big_table_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a piece of the table as small as it is among a million."""
    monkeypatch.setattr(sweep_module, "CHECK_AT_ONCE", 100)
    ids = make_workspaces([FEW] * WORKSPACES)
    add_more(ids, MANY)
    now = timezone.now()
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")

    with listening() as statements:
        assert give_rows_to_next(SweepState(checked_to=0), now=now) == 0
        assert wake_due(now) == WORKSPACES

    assert sequential_scans(statements) == []
