"""No lost wake: whoever joins while a drain ends is sent without waiting for the sweep."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection as database
from django.db import connections
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services import join_lead
from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services import drain as drain_module
from integrations.services import wake as wake_module
from integrations.services.drain import drain
from integrations.services.lease import Lease
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import set_panel

pytestmark = pytest.mark.django_db(transaction=True)

JOINERS, JOINS_EACH, WORKERS = 4, 500, 2


class QuickSlice:
    """Settles what is due at once, without Intercom: only the end of a drain is on trial here."""

    def __init__(self, _lease: Lease) -> None:
        pass

    def may_go_on(self) -> bool:
        return True

    def run(self) -> int:
        due = Delivery.objects.filter(state=State.WAITING, due_at__lte=timezone.now())
        settled = due.update(
            state=State.NOT_SENT, reason=Reason.CANCELLED, due_at=None, settled_at=timezone.now()
        )
        # Where a join slips in between the last look and the release.
        time.sleep(random.random() * 0.002)
        return settled


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[queue.Queue[int | None]]:
    """The queue, with real threads as workers that drain."""
    waiting: queue.Queue[int | None] = queue.Queue()
    monkeypatch.setattr(drain_module, "Slice", QuickSlice)
    monkeypatch.setattr(wake_module, "enqueue_drain", waiting.put)
    monkeypatch.setattr(drain_module, "enqueue_drain", waiting.put)
    workers = [threading.Thread(target=_work, args=[waiting]) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    yield waiting
    for _ in workers:
        waiting.put(None)
    for worker in workers:
        worker.join()


def _work(tasks: queue.Queue[int | None]) -> None:
    while (connection_id := tasks.get()) is not None:
        drain(connection_id)
        tasks.task_done()
    tasks.task_done()
    connections.close_all()


def _join(campaign: Campaign, *, number: int) -> None:
    for count in range(JOINS_EACH):
        join_lead(campaign=campaign, email=f"lead{number}-{count}@example.com")
        time.sleep(random.random() * 0.004)
    connections.close_all()


def test_thousands_of_joins_against_ending_drains_leave_nobody_waiting(
    connection: IntercomConnection, tasks: queue.Queue[int | None]
) -> None:
    if database.vendor != "postgresql":
        pytest.skip("on SQLite writers take turns, so there is no race to drive")
    campaign = make_campaign()
    set_panel(campaign)
    IntercomConnection.objects.update(dirty=False)
    joiners = [
        threading.Thread(target=_join, args=[campaign], kwargs={"number": number})
        for number in range(JOINERS)
    ]
    for joiner in joiners:
        joiner.start()
    for joiner in joiners:
        joiner.join()

    tasks.join()

    assert Delivery.objects.count() == JOINERS * JOINS_EACH
    assert Delivery.objects.exclude(state=State.NOT_SENT).count() == 0
    connection.refresh_from_db()
    assert (connection.lease.token, connection.dirty) == (None, False)


def test_a_wake_that_comes_while_a_drain_ends_is_heard(
    connection: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same race by hand, so that it is driven on every database."""
    campaign = make_campaign()
    set_panel(campaign)
    looks: list[int] = []

    class CountedSlice(QuickSlice):
        def run(self) -> int:
            looks.append(super().run())
            return looks[-1]

    def nothing_is_due_yet(_lease: Lease) -> bool:
        """The last look; whoever joins right after it finds the lease still held."""
        if len(looks) == 1:
            join_lead(campaign=campaign, email="late@example.com")
        return False

    monkeypatch.setattr(drain_module, "Slice", CountedSlice)
    monkeypatch.setattr(drain_module, "_something_is_due", nothing_is_due_yet)
    join_lead(campaign=campaign, email="early@example.com")

    drain(connection.pk)

    assert looks == [1, 1]


def test_a_wake_after_the_release_queues_a_new_drain(
    connection: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    queued: list[int] = []
    monkeypatch.setattr(wake_module, "enqueue_drain", queued.append)
    IntercomConnection.objects.update(dirty=False)
    join_lead(campaign=campaign, email="early@example.com")
    monkeypatch.setattr(drain_module, "Slice", QuickSlice)
    drain(connection.pk)

    join_lead(campaign=campaign, email="late@example.com")

    assert queued == [connection.pk, connection.pk]
