"""Releases with several people and sweeps at them at once: real transactions, each in its own connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.db import connections
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic.states import Reason, State
from integrations.models import Delivery, Pace, Release, ReleaseKind, SyncSettings
from integrations.services import releases, repair
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import set_panel
from tests.integrations.panel import make_workspace

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(database.vendor != "postgresql", reason="SQLite has one writer at a time"),
]

PEOPLE = 60
THREADS = 4


@pytest.fixture
def tab() -> SyncSettings:
    make_workspace()
    campaign: Campaign = make_campaign()
    for _ in range(PEOPLE):
        make_lead(campaign)
    set_panel(campaign)
    return SyncSettings.objects.get(campaign=campaign, audience="lead")


def at_once(*work: Callable[[], object]) -> list[object]:
    """Runs all of it in threads; raises what any of it raised."""

    def run(one: Callable[[], object]) -> object:
        try:
            return one()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result() for future in [pool.submit(run, one) for one in work]]


def waiting() -> int:
    return Delivery.objects.filter(state=State.WAITING).count()


def begin(tab: SyncSettings, pace: Pace) -> Release | None:
    return releases.start(tab, ReleaseKind.JOINED_BEFORE, pace=pace, user=None)


def test_many_who_press_send_start_one(tab: SyncSettings) -> None:
    at_once(*[lambda: begin(tab, Pace.CAREFUL)] * THREADS)

    assert Release.objects.count() == 1
    assert waiting() == Pace.CAREFUL


def test_many_sweeps_keep_the_pace(tab: SyncSettings) -> None:
    begin(tab, Pace.CAREFUL)
    Release.objects.update(next_at=timezone.now())

    at_once(*[releases.carry_on] * THREADS)

    assert waiting() == 2 * Pace.CAREFUL
    assert Release.objects.get().sent == 2 * Pace.CAREFUL


def test_stopping_cancelling_and_sending_at_once_leave_nobody_between(
    tab: SyncSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "BATCH", 5)
    ids = list(Delivery.objects.order_by("-pk").values_list("pk", flat=True))

    def by_hand() -> None:
        for pk in ids[:20]:
            repair.send_again([pk])
            repair.cancel([pk])

    def stop_soon() -> None:
        while not (release := Release.objects.filter(sent__gte=10).first()):
            pass
        releases.stop(release.pk, user=None)

    at_once(lambda: begin(tab, Pace.AT_ONCE), by_hand, stop_soon)

    release = Release.objects.get()
    cancelled = Delivery.objects.filter(reason=Reason.CANCELLED)
    assert not cancelled.exclude(state=State.NOT_SENT).exists()
    assert cancelled.count() == 20
    assert waiting() <= release.sent <= PEOPLE
    assert release.finished_at is not None or release.stopped_at is not None


def test_the_held_are_sent_or_dropped_but_never_both(
    tab: SyncSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "BATCH", 5)
    Delivery.objects.update(state=State.HELD, reason=Reason.HELD, settings=tab, settled_at=None)

    results = at_once(
        lambda: releases.start(tab, ReleaseKind.HELD, pace=Pace.AT_ONCE, user=None),
        lambda: releases.drop_held(tab),
    )

    dropped = Delivery.objects.filter(state=State.NOT_SENT, reason=Reason.CANCELLED).count()
    assert dropped == results[1]
    assert waiting() + dropped == PEOPLE
    assert sum(Release.objects.values_list("sent", flat=True)) == waiting()
