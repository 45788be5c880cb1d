"""Orders for many with several people, sweeps and a worker at them at once: real transactions, in threads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import BulkOrder, Delivery, Pace
from integrations.services import repair
from integrations.services.bulk_orders import rounds
from integrations.services.bulk_orders.chosen import Chosen
from integrations.services.bulk_orders.orders import give, go_on, stop
from integrations.services.repair_rules import Command
from tests.integrations.bulk import a_minute_later, drafted, ids_of, not_sent, order, states
from tests.integrations.test_releases_at_once import at_once

if TYPE_CHECKING:
    from integrations.services.bulk_orders.drafts import Draft
    from tests.integrations.flow_fixtures import Intercom

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(database.vendor != "postgresql", reason="SQLite has one writer at a time"),
]

PEOPLE = 60
THREADS = 4


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine: what is not done in the request would wait for the sweep."""
    monkeypatch.setattr("integrations.services.bulk_orders.orders.IN_A_REQUEST", 60)


def everybody(command: Command = Command.SEND_AGAIN) -> Draft:
    return drafted(command, Chosen(ids=tuple(ids_of())))


def begin(one: Draft, pace: Pace = Pace.AT_ONCE, *, with_sample: bool = False) -> BulkOrder | None:
    return give(one, pace=pace, with_sample=with_sample, user=None)


def waiting() -> int:
    return Delivery.objects.filter(state=State.WAITING).count()


def test_many_clicks_make_one_order() -> None:
    not_sent(PEOPLE)
    one = everybody()
    found = at_once(*[lambda: begin(one, Pace.CAREFUL)] * THREADS)

    assert BulkOrder.objects.count() == 1
    assert len(set(found)) == 1
    assert waiting() == Pace.CAREFUL


def test_many_sweeps_keep_the_pace() -> None:
    not_sent(PEOPLE)
    order(pace=Pace.CAREFUL)
    a_minute_later()

    at_once(*[rounds.carry_on] * THREADS)

    made = BulkOrder.objects.get()
    assert waiting() == made.done == 2 * Pace.CAREFUL


def test_two_admins_order_the_same_and_everybody_goes_once() -> None:
    not_sent(PEOPLE)
    user = User.objects.create_user("boss")

    def one_admin() -> BulkOrder | None:
        return give(everybody(), pace=Pace.AT_ONCE, with_sample=False, user=user)

    at_once(one_admin, one_admin)

    assert waiting() == PEOPLE
    assert sum(BulkOrder.objects.values_list("done", flat=True)) == PEOPLE
    assert LogEntry.objects.count() == PEOPLE
    assert BulkOrder.objects.filter(finished_at=None).count() == 0


def test_many_answers_let_the_others_go_once() -> None:
    not_sent(PEOPLE)
    made = order(with_sample=True, pace=Pace.CAREFUL)

    found = at_once(*[lambda: go_on(made.pk, user=None)] * THREADS)

    assert sorted(found) == [False] * (THREADS - 1) + [True]  # type: ignore[type-var]
    assert waiting() == 2 * Pace.CAREFUL


def test_stopping_leaves_nobody_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "BATCH", 3)
    not_sent(PEOPLE)
    one = everybody()

    def stop_soon() -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = BulkOrder.objects.filter(done__gte=6).first()
            if found is not None:
                stop(found.pk, user=None)
                return

    at_once(lambda: begin(one), stop_soon)

    made = BulkOrder.objects.get()
    assert waiting() == made.done
    assert made.stopped_at is not None or made.finished_at is not None


def test_orders_against_each_other_leave_everybody_in_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "BATCH", 4)
    not_sent(PEOPLE)
    send, cancel = everybody(), everybody(Command.CANCEL)

    at_once(lambda: begin(send), lambda: begin(cancel))

    cancelled = Delivery.objects.filter(reason=Reason.CANCELLED)
    assert not cancelled.exclude(state=State.NOT_SENT, due_at=None).exists()
    assert waiting() + cancelled.count() == PEOPLE
    assert [one.finished_at is not None for one in BulkOrder.objects.all()] == [True, True]


def test_a_worker_that_sends_meanwhile_is_not_disturbed(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "BATCH", 3)
    campaign = not_sent(24)
    repair.send_again(ids_of()[:12])
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            intercom.drain()
        intercom.drain()

    def retry_and_send() -> None:
        try:
            begin(everybody(Command.RETRY_NOW))
            begin(everybody())
            begin(everybody(Command.RETRY_NOW))
        finally:
            ended.set()

    at_once(work, retry_and_send)
    intercom.drain()

    assert states(campaign) == [State.CREATED] * 24
    assert len(intercom.emails()) == len(set(intercom.emails())) == 24


def test_a_person_who_is_being_sent_cannot_be_called_back(intercom: Intercom) -> None:
    not_sent(12)
    repair.send_again(ids_of())
    one = everybody(Command.CANCEL)

    at_once(intercom.drain, lambda: begin(one))

    made = BulkOrder.objects.get()
    sent = Delivery.objects.filter(state=State.CREATED).count()
    assert len(intercom.contacts()) == sent
    assert made.done == Delivery.objects.filter(reason=Reason.CANCELLED).count()
    assert sent + made.done == 12
    assert made.finished_at is not None
    assert made.finished_at <= timezone.now()
