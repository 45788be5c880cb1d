"""What a drain looks for costs the same however many were sent before: counted in steps of SQLite's machine.

On PostgreSQL the planner chooses by what it knows of the table; on SQLite it reads the statement alone.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.logic.states import Intent, Reason, State
from integrations.models import Delivery
from integrations.models.literal import Literal
from integrations.services.drain.due import due, next_due
from integrations.services.lease import acquire
from integrations.services.sweep import wake_due
from integrations.services.tabs import load_tabs
from tests.integrations.many import add_more, make_workspaces

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(database.vendor != "sqlite", reason="counts the steps of SQLite's machine"),
]

EVERY = 10
WAITING = 60


def steps(look: Callable[[], Any]) -> int:
    """How many instructions SQLite carries out for it, to the nearest ten."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += EVERY
        return 0

    database.ensure_connection()
    database.connection.set_progress_handler(count, EVERY)
    try:
        look()
    finally:
        database.connection.set_progress_handler(None, EVERY)
    return counted


def settle(connection_id: int, keys: list[int]) -> None:
    Delivery.objects.filter(pk__in=keys).update(
        state=State.CREATED, reason=Reason.NEW, due_at=None, connection=connection_id, contact_id="c"
    )


def send(connection_id: int, keys: list[int]) -> None:
    """As by a drain that is at it."""
    for row in Delivery.objects.filter(pk__in=keys).select_related("participant"):
        row.state, row.due_at, row.lease_token = State.SENDING, None, uuid.uuid4()
        row.intent, row.intent_at, row.connection_id = Intent.CREATE_LEAD, timezone.now(), connection_id
        row.email = row.participant.email
        row.save()


def everybody() -> list[int]:
    return list(Delivery.objects.order_by("pk").values_list("pk", flat=True))


def looking(connection_id: int) -> dict[str, int]:
    """Steps by what is looked for."""
    now = timezone.now()
    tabs = load_tabs(connection_id=connection_id, now=now)
    return {
        "who is due": steps(lambda: list(due(connection_id, tabs=tabs, limit=40, held=[], now=now))),
        "when the next one is": steps(lambda: next_due(connection_id, tabs=tabs)),
        "whose workspace to wake": steps(lambda: wake_due(now)),
        "what a dead drain left": steps(lambda: acquire(connection_id)),
    }


def test_who_was_sent_before_costs_nothing() -> None:
    (connection_id,) = make_workspaces([WAITING])
    few, waiting = looking(connection_id), everybody()
    add_more([connection_id], 2_000)
    settle(connection_id, everybody()[len(waiting) :])
    many = looking(connection_id)
    assert {what: number for what, number in many.items() if number > 1.3 * few[what] + 200} == {}


def test_who_is_being_sent_is_not_read_for_each_one_who_waits() -> None:
    (connection_id,) = make_workspaces([100 + WAITING])
    alone = looking(connection_id)["who is due"]
    send(connection_id, everybody()[:100])
    beside = looking(connection_id)["who is due"]
    # Read for each of the forty they would be thousands of rows more.
    assert beside < 1.5 * alone


@pytest.mark.parametrize("word", ["", "it's", "Sending", "a b", "x;", "%s"])
def test_only_our_own_words_stand_in_a_statement(word: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(word)}$"):
        Literal(word)
