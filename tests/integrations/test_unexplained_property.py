"""0 unexplained, whatever happens: everybody who joined has one outcome, and every page counts the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db import transaction

from campaigns.models import Audience
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services.drain.workspace import pace_of
from tests.integrations.whole_agreement import all_agree, doubles, restless
from tests.integrations.whole_histories import CREATES, Act, history
from tests.integrations.whole_world import WholeWorld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_django.fixtures import Settings

    from integrations.sandbox.control import Sandbox

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEEDS = (1, 3, 5, 6, 7, 10, 14, *range(1000, 1000 + int(os.environ.get("HISTORIES", "0"))))
"""Histories in which much comes together; HISTORIES=200 in the environment goes through so many others."""

THOROUGHLY_EVERY = 8
ROUNDS = 8
"""Hours within which whatever can go on has gone on."""


@pytest.fixture
def hurried(sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Nobody sleeps: what is due in a moment is for the next drain. Orders for many come in small bits."""
    settings.INTERCOM_API_URL = sandbox.url
    monkeypatch.setattr("integrations.services.drain.slice.WORTH_WAITING", 0.0)
    monkeypatch.setattr("integrations.services.drain.slice.LONGEST_PAUSE", 0.0)
    monkeypatch.setattr("integrations.services.bulk_orders.drafts.MOST_NAMED", 1)
    monkeypatch.setattr("integrations.services.bulk_orders.orders.SAMPLE", 1)
    monkeypatch.setattr("integrations.services.bulk_orders.rounds.BATCH", 2)
    yield sandbox
    pace_of.cache_clear()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_everybody_has_one_outcome_and_every_count_says_so(
    hurried: Sandbox, seed: int
) -> None:
    live_through(history(seed), sandbox=hurried)


def test_a_second_contact_would_be_noticed(hurried: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would come about if search lagged for longer than we count on."""
    monkeypatch.setattr("tests.integrations.whole_beginning.LAG", 4_000)
    lost = Fault(acts=True, ending=Ending.DROP, **CREATES)
    acts = [
        Act("join", ("ana@example.com", 0, Audience.LEAD), {"heard": True}),
        Act("fault", (0, lost), {}),
        Act("drain", (0,), {}),
        Act("wait", (400,), {}),
        Act("drain", (0,), {}),
    ]
    with pytest.raises(AssertionError, match="ana@"):
        live_through(acts, sandbox=hurried)


def live_through(acts: Sequence[Act], *, sandbox: Sandbox) -> None:
    with transaction.atomic(), time_machine.travel(START) as clock:
        world = WholeWorld.begin(sandbox, clock)
        for number, act in enumerate(acts, start=1):
            act(world)
            unexplained = all_agree(thoroughly=number % THOROUGHLY_EVERY == 0)
            assert unexplained == 0 or act.name != "sweep"
            assert doubles(world) == {}
        _comes_to_rest(world)
        transaction.set_rollback(True)


def _comes_to_rest(world: WholeWorld) -> None:
    for _ in range(ROUNDS):
        world.calm_down()
        if not restless():
            break
    assert restless() == []
    assert all_agree() == 0
    assert doubles(world) == {}
