"""What is too old is let go, a little at a time; what somebody still needs is not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import env
from integrations.logic.qualification import Verdict
from integrations.logic.states import Reason, State
from integrations.models import (
    PRUNED,
    Attempt,
    BlindSpot,
    BulkOrder,
    Delivery,
    IntercomConnection,
    Release,
    ReleaseKind,
    SettingsRevision,
    Sighting,
    SweepState,
    Trial,
    Watch,
    WebhookReceipt,
)
from integrations.services.keeping import retention
from integrations.services.keeping.retention import prune, prune_if_due
from tests.campaigns.factories import make_lead
from tests.integrations.erasure_fixtures import UUIDS
from tests.integrations.qualification import (
    leads_tab,
    make_receipt,
    make_ruled_campaign,
    make_watched,
    see,
)

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from campaigns.models import Campaign, Participant

pytestmark = pytest.mark.django_db

NOW = timezone.now()
OLD, YOUNG, ANCIENT = (NOW - timedelta(days=days) for days in (91, 89, 731))


@pytest.fixture
def campaign() -> Campaign:
    return make_ruled_campaign()[0]


@pytest.fixture
def workspace(campaign: Campaign) -> IntercomConnection:
    return IntercomConnection.objects.get()


@pytest.fixture
def lead(campaign: Campaign) -> Participant:
    return make_lead(campaign)


def tried(person: Participant, at: Any, **more: Any) -> Attempt:
    return Attempt.objects.create(
        delivery=Delivery.objects.get(participant=person),
        connection=IntercomConnection.objects.get(),
        settings_revision=1,
        started_at=at,
        duration_ms=5,
        state=State.CREATED,
        reason=Reason.NEW,
        status=200,
        contact_id="c1",
        calls=[{"path": "/contacts"}],
        matches=["c1"],
        sent={"name": "Ana"},
        received={"name": "Ana"},
        before={"name": ""},
        after={"name": "Ana"},
        notes=[{"code": "cut", "target": "name", "params": {"value": "Ana"}}],
        **more,
    )


# Attempts ---------------------------------------------------------------------------------------------


def test_the_details_of_an_old_attempt_go_and_its_outcome_stays(lead: Participant) -> None:
    row = tried(lead, OLD, message="Ana is no name")
    prune()
    row.refresh_from_db()
    assert row.message == ""
    assert (row.calls, row.matches, row.notes) == ([], [], [])
    assert (row.sent, row.received, row.before, row.after) == ({}, {}, {}, {})
    assert (row.state, row.reason, row.status, row.contact_id) == (State.CREATED, Reason.NEW, 200, "c1")
    assert row.pruned_at is not None


def test_a_younger_attempt_is_left_whole(lead: Participant) -> None:
    row = tried(lead, YOUNG)
    prune()
    row.refresh_from_db()
    assert (row.sent, row.pruned_at) == ({"name": "Ana"}, None)


def test_how_long_is_for_the_environment_to_say(lead: Participant, settings: Settings) -> None:
    settings.KEEP_PAYLOADS_DAYS = 30
    row = tried(lead, YOUNG)
    prune()
    row.refresh_from_db()
    assert row.sent == {}


@pytest.mark.parametrize("name", ["KEEP_PAYLOADS_DAYS", "KEEP_ATTEMPTS_DAYS"])
@pytest.mark.parametrize("value", ["0", "3651", "-1", "ninety", "1.5"])
def test_a_senseless_number_of_days_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        env.number(name, default=90, at_least=1, at_most=3650)


def test_of_ancient_attempts_the_newest_of_each_entry_stays(campaign: Campaign, lead: Participant) -> None:
    other = make_lead(campaign)
    first, last = tried(lead, ANCIENT - timedelta(days=5)), tried(lead, ANCIENT)
    only = tried(other, ANCIENT)
    prune()
    assert set(Attempt.objects.values_list("pk", flat=True)) == {last.pk, only.pk}
    assert not Attempt.objects.filter(pk=first.pk).exists()


def test_an_ancient_attempt_goes_when_a_young_one_follows(lead: Participant) -> None:
    tried(lead, ANCIENT)
    young = tried(lead, YOUNG)
    prune()
    assert Attempt.objects.get() == young


def test_an_attempt_that_is_only_old_stays_whatever_follows(lead: Participant) -> None:
    tried(lead, OLD)
    tried(lead, YOUNG)
    prune()
    assert Attempt.objects.count() == 2


def test_people_and_their_outcomes_stay_for_good(lead: Participant) -> None:
    Delivery.objects.update(joined_at=ANCIENT, owed_since=ANCIENT, created_at=ANCIENT)
    prune()
    assert Delivery.objects.get().participant == lead
    assert SettingsRevision.objects.exists()


# Notifications and stories ----------------------------------------------------------------------------


def received(workspace: IntercomConnection, at: Any, **more: Any) -> WebhookReceipt:
    row = make_receipt(workspace, **{"state": "used", **more})
    WebhookReceipt.objects.filter(pk=row.pk).update(received_at=at)
    return row


@pytest.mark.parametrize("state", ["used", "unused", "failed"])
def test_an_old_notification_goes(workspace: IntercomConnection, state: str) -> None:
    received(workspace, OLD, state=state)
    young = received(workspace, YOUNG, state=state)
    prune()
    assert WebhookReceipt.objects.get() == young


def test_a_notification_that_nobody_has_looked_at_never_goes(workspace: IntercomConnection) -> None:
    received(workspace, ANCIENT, state="new")
    prune()
    assert WebhookReceipt.objects.exists()


@pytest.mark.parametrize("begun", [False, True])
def test_what_a_watch_looks_at_once_it_begins_is_kept(
    campaign: Campaign, workspace: IntercomConnection, begun: bool
) -> None:
    person = make_watched(campaign)
    watch = Watch.objects.get(participant=person)
    if not begun:
        Watch.objects.update(since=None, wanted_at=OLD)
    received(workspace, OLD, contact_id=watch.contact_id)
    prune()
    assert WebhookReceipt.objects.exists() is not begun


def test_what_was_told_of_another_contact_too_early_is_kept(
    campaign: Campaign, workspace: IntercomConnection
) -> None:
    person = make_watched(campaign)
    Watch.objects.update(since=None, wanted_at=OLD)
    row = received(workspace, OLD, contact_id="another")
    see(person, Verdict.NO_FIRST_LOOK, receipt=row)
    prune()
    assert WebhookReceipt.objects.exists()


def test_the_value_of_an_old_line_goes_and_the_line_stays(
    campaign: Campaign, workspace: IntercomConnection
) -> None:
    person = make_watched(campaign)
    row = received(workspace, OLD)
    old, young = see(person, Verdict.QUALIFIES, value="pro", receipt=row), see(person, value="pro")
    nothing = see(person, value="")
    Sighting.objects.exclude(pk=young.pk).update(made_at=OLD)
    prune()
    values = dict(Sighting.objects.values_list("pk", "value"))
    assert values == {old.pk: PRUNED, young.pk: "pro", nothing.pk: ""}
    assert Sighting.objects.get(pk=old.pk).verdict == Verdict.QUALIFIES
    assert Sighting.objects.get(pk=old.pk).receipt is None


def test_what_a_rule_goes_by_is_not_touched(campaign: Campaign) -> None:
    make_watched(campaign, value="trial")
    Watch.objects.update(made_at=ANCIENT, checked_at=ANCIENT)
    prune()
    watch = Watch.objects.get()
    assert (watch.value, watch.since is None) == ("trial", False)


# What has ended ---------------------------------------------------------------------------------------


def make_ended(campaign: Campaign, **ends: Any) -> None:
    """A release, an order for many and a test lead."""
    tab = leads_tab(campaign)
    assert tab.connection is not None
    Release.objects.create(settings=tab, kind=ReleaseKind.HELD, per_minute=0, up_to=1, total=1, **ends)
    BulkOrder.objects.create(token=next(UUIDS), command="send_again", total=1, up_to=1, **ends)


@pytest.mark.parametrize("end", ["finished_at", "stopped_at"])
def test_what_ended_long_ago_goes(campaign: Campaign, end: str) -> None:
    make_ended(campaign, **{end: OLD})
    make_ended(campaign, **{end: YOUNG})
    make_ended(campaign)
    prune()
    assert (Release.objects.count(), BulkOrder.objects.count()) == (2, 2)


@pytest.mark.parametrize(("state", "left"), [("done", 0), ("cleaning", 1), ("queued", 1)])
def test_a_test_lead_goes_when_its_contact_is_gone(campaign: Campaign, state: str, left: int) -> None:
    tab = leads_tab(campaign)
    assert tab.connection is not None
    due_at = None if state == "done" else NOW
    Trial.objects.create(
        settings=tab, connection=tab.connection, email="t@x", content={}, state=state, due_at=due_at
    )
    Trial.objects.update(made_at=OLD)
    prune()
    assert Trial.objects.count() == left


def test_a_blind_spot_goes_when_it_is_over(workspace: IntercomConnection) -> None:
    for number, until in enumerate((OLD, timezone.now() + timedelta(minutes=5))):
        BlindSpot.objects.create(connection=workspace, email_hash=str(number), until=until)
    prune()
    assert BlindSpot.objects.get().email_hash == "1"


# A little at a time -----------------------------------------------------------------------------------


def test_few_rows_in_a_transaction(lead: Participant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        tried(lead, OLD)
    with CaptureQueriesContext(database) as queries:
        prune()
    updates = [one["sql"] for one in queries if one["sql"].startswith('UPDATE "integrations_attempt"')]
    assert len(updates) == 3
    assert not Attempt.objects.filter(pruned_at=None).exists()


def test_a_round_that_runs_out_of_time_is_gone_on_with(
    lead: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried(lead, OLD)
    SweepState.objects.update_or_create(pk=1, defaults={"pruned_at": timezone.now()})
    assert "more are left" in prune(seconds=0)
    assert Attempt.objects.filter(pruned_at=None).exists()
    queued: list[int] = []
    monkeypatch.setattr(retention, "enqueue_prune", lambda: queued.append(1))
    prune_if_due(timezone.now())
    assert queued == [1]
    assert "more" not in prune()
    assert not Attempt.objects.filter(pruned_at=None).exists()


def test_a_clock_that_was_set_back_stops_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[int] = []
    monkeypatch.setattr(retention, "enqueue_prune", lambda: queued.append(1))
    now = timezone.now()
    SweepState.objects.update_or_create(pk=1, defaults={"pruned_at": now + timedelta(days=300)})
    prune_if_due(now)
    prune_if_due(now + timedelta(minutes=1))
    assert len(queued) == 1


def test_once_an_hour(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[int] = []
    monkeypatch.setattr(retention, "enqueue_prune", lambda: queued.append(1))
    SweepState.objects.update_or_create(pk=1, defaults={"pruned_at": None})
    now = timezone.now()
    for minutes in (0, 1, 59, 61, 62):
        prune_if_due(now + timedelta(minutes=minutes))
    assert len(queued) == 2


def test_one_table_that_fails_keeps_none_of_the_others(
    workspace: IntercomConnection, lead: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object, **_named: object) -> int:
        raise DatabaseError("ana@example.com")

    monkeypatch.setattr(retention, "_empty_attempts", fails)
    received(workspace, OLD)
    prune()
    assert not WebhookReceipt.objects.exists()


def test_twice_changes_nothing_more(lead: Participant) -> None:
    row = tried(lead, OLD)
    prune()
    row.refresh_from_db()
    first = row.pruned_at
    assert prune() == "0 rows pruned"
    row.refresh_from_db()
    assert row.pruned_at == first
