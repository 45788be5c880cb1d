"""When an alert begins and when it is over: once for each trouble, however many people it concerns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Campaign
from integrations.logic.states import Reason, State
from integrations.models import (
    Access,
    Alert,
    AlertKind,
    AlertSettings,
    ConnectionStatus,
    DataAttribute,
    Delivery,
    FieldMap,
    IntercomConnection,
    Region,
    SweepState,
    SyncSettings,
    TabClock,
    WebhookHealth,
)
from integrations.services import alerts as alerts_service
from integrations.services.alerts import watching
from integrations.services.alerts.watching import watch
from integrations.services.alerts.words import what
from integrations.services.refused import Refusal
from integrations.services.settings import import_document
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.crowds import stand
from tests.integrations.panel import EMAIL, RULE, SOURCE, make_workspace

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def minutes(number: float) -> datetime:
    """A moment before (below zero) or after the test's own."""
    return NOW + timedelta(minutes=number)


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    return working(workspace)


def working(workspace: IntercomConnection, **leads: Any) -> Campaign:
    campaign = make_campaign()
    tab = {"action": "create_lead", "field_map": [EMAIL, SOURCE], **leads}
    import_document(campaign, {"workspace": workspace.workspace_id, "leads": tab})
    return campaign


def look(at: float = 0) -> set[tuple[str, str]]:
    """One look; the alerts that stand after it, as (kind, workspace)."""
    watch(minutes(at), swept_at=None)
    rows = Alert.objects.filter(ended_at=None).select_related("connection")
    return {(alert.kind, alert.connection.workspace_id if alert.connection else "") for alert in rows}


def fail(campaign: Campaign, number: int, *, at: float = 0) -> None:
    people = [make_lead(campaign).pk for _ in range(number)]
    Delivery.objects.filter(participant__in=people).update(
        state=State.NEEDS_ATTENTION, reason=Reason.REJECTED, due_at=None, settled_at=minutes(at)
    )


def wait(campaign: Campaign, *, since: float, **values: Any) -> Delivery:
    """Somebody who could have gone since then."""
    row = Delivery.objects.get(participant=make_lead(campaign))
    Delivery.objects.filter(pk=row.pk).update(due_at=minutes(since), owed_since=minutes(since), **values)
    return row


def free_for_long() -> None:
    """As if every tab had been able to send for a day."""
    look()
    AlertSettings.objects.update(looked_at=None)
    TabClock.objects.exclude(free_since=None).update(free_since=minutes(-1440))


def need_reconnect(workspace: IntercomConnection) -> None:
    IntercomConnection.objects.filter(pk=workspace.pk).update(
        status=ConnectionStatus.RECONNECT_NEEDED, status_since=minutes(-3)
    )


def connect_again(workspace: IntercomConnection) -> None:
    IntercomConnection.objects.filter(pk=workspace.pk).update(status=ConnectionStatus.CONNECTED)


# Begins and ends ----------------------------------------------------------------------------------------


def test_while_all_is_well_there_is_no_alert(campaign: Campaign) -> None:
    make_lead(campaign)
    assert look() == set()
    assert not Alert.objects.exists()


def test_a_broken_connection_is_one_alert_however_often_it_is_looked_at(
    workspace: IntercomConnection, campaign: Campaign
) -> None:
    need_reconnect(workspace)
    for at in range(5):
        assert look(at) == {("reconnect", "acme1234")}
    alert = Alert.objects.get()
    assert (alert.since, alert.mail_due_at) == (minutes(-3), NOW)


def test_it_is_over_when_the_workspace_is_connected_again(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    look()
    connect_again(workspace)
    assert look(7) == set()
    alert = Alert.objects.get()
    assert alert.ended_at == minutes(7)
    assert alert.mail_due_at == minutes(17)


def test_two_workspaces_have_an_alert_each(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    need_reconnect(make_workspace("other"))
    assert look() == {("reconnect", "acme1234"), ("reconnect", "other")}


def test_who_disconnects_a_workspace_is_not_told_that_its_trouble_is_over(
    workspace: IntercomConnection,
) -> None:
    need_reconnect(workspace)
    look()
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED, sealed_token="")
    assert look(1) == set()
    assert Alert.objects.get().mail_due_at is None


def test_trouble_that_flaps_is_one_alert(workspace: IntercomConnection) -> None:
    for at in range(0, 40, 4):
        need_reconnect(workspace)
        look(at)
        Alert.objects.update(begin_told_at=minutes(at), mail_due_at=None)
        connect_again(workspace)
        look(at + 2)
    alert = Alert.objects.get()
    assert alert.ended_at == minutes(38)
    assert alert.mail_due_at == minutes(48)


def test_trouble_that_is_back_before_anybody_was_told_is_told_once(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    look()
    connect_again(workspace)
    look(1)
    need_reconnect(workspace)
    look(2)
    assert Alert.objects.get().mail_due_at == minutes(2)


def test_trouble_that_is_back_after_its_end_was_told_is_another(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    look()
    connect_again(workspace)
    look(1)
    Alert.objects.update(end_told_at=minutes(2), mail_due_at=None)
    need_reconnect(workspace)
    look(3)
    assert Alert.objects.count() == 2


def test_trouble_that_is_back_after_long_is_another(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    look()
    connect_again(workspace)
    look(1)
    need_reconnect(workspace)
    look(12)
    assert Alert.objects.count() == 2


def test_an_end_that_is_being_told_stays_an_end(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    look()
    connect_again(workspace)
    look(1)
    Alert.objects.update(claim="6f1c3c62-6f8e-4f3c-8a51-3d4b6c1e2f00")
    need_reconnect(workspace)
    look(2)
    assert Alert.objects.filter(ended_at=None).count() == 1
    assert Alert.objects.count() == 2


def test_a_look_that_was_overtaken_changes_nothing(workspace: IntercomConnection) -> None:
    look(5)
    need_reconnect(workspace)
    assert look(4) == set()


def test_a_clock_that_was_set_back_stops_no_alert(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    AlertSettings.objects.update_or_create(
        pk=AlertSettings.ONLY, defaults={"looked_at": timezone.now() + timedelta(days=300)}
    )
    watch(timezone.now(), swept_at=None)
    assert Alert.objects.filter(kind=AlertKind.RECONNECT, ended_at=None).exists()


def test_what_is_over_for_a_month_is_forgotten(workspace: IntercomConnection) -> None:
    for days in (29, 31):
        Alert.objects.create(
            kind=AlertKind.RECONNECT, since=NOW - timedelta(days=40), ended_at=NOW - timedelta(days=days)
        )
    look()
    assert Alert.objects.get().ended_at == NOW - timedelta(days=29)


# Failures -----------------------------------------------------------------------------------------------


def test_many_failures_within_an_hour_are_an_alert(campaign: Campaign) -> None:
    fail(campaign, 9)
    assert look() == set()
    fail(campaign, 1)
    assert look(1) == {("failures", "acme1234")}
    assert Alert.objects.get().number == 10


def test_a_few_failures_less_are_not_its_end_and_half_of_them_are(campaign: Campaign) -> None:
    fail(campaign, 4, at=-50)
    fail(campaign, 2, at=-45)
    fail(campaign, 4, at=-5)
    assert look() == {("failures", "acme1234")}
    assert look(12) == {("failures", "acme1234")}  # six are left
    assert look(20) == set()  # four are left


def test_between_half_and_the_limit_none_begins(campaign: Campaign) -> None:
    fail(campaign, 6)
    assert look() == set()


def test_old_failures_are_no_alert(campaign: Campaign) -> None:
    fail(campaign, 12, at=-61)
    assert look() == set()


def test_the_limit_is_what_somebody_has_set(campaign: Campaign) -> None:
    AlertSettings.objects.create(failures=2)
    fail(campaign, 2)
    assert look() == {("failures", "acme1234")}


def test_failures_of_two_workspaces_do_not_add_up(campaign: Campaign) -> None:
    fail(campaign, 6)
    fail(working(make_workspace("other")), 6)
    assert look() == set()


# The line -----------------------------------------------------------------------------------------------


def test_a_line_that_stands_still_is_an_alert(campaign: Campaign) -> None:
    free_for_long()
    wait(campaign, since=-14)
    assert look() == set()
    assert look(2) == {("backlog", "acme1234")}
    assert Alert.objects.get().since == minutes(-14)


def test_it_is_over_only_when_nobody_waits_for_half_as_long(campaign: Campaign) -> None:
    free_for_long()
    first = wait(campaign, since=-16)
    assert look() == {("backlog", "acme1234")}
    Delivery.objects.filter(pk=first.pk).update(due_at=minutes(-8))
    assert look(1) == {("backlog", "acme1234")}
    Delivery.objects.filter(pk=first.pk).update(due_at=minutes(-1))
    assert look(2) == set()


def test_who_is_tried_again_and_again_waits_as_well(campaign: Campaign) -> None:
    free_for_long()
    wait(campaign, since=30, failing_since=minutes(-20), reason=Reason.RETRY)
    assert look() == {("backlog", "acme1234")}


def test_a_rate_limit_is_no_excuse(workspace: IntercomConnection, campaign: Campaign) -> None:
    free_for_long()
    wait(campaign, since=-20)
    IntercomConnection.objects.update(paused_until=minutes(1))
    assert look() == {("backlog", "acme1234")}


@pytest.mark.parametrize(
    "held",
    [
        lambda: IntercomConnection.objects.update(paused_at=NOW),
        lambda: SyncSettings.objects.update(paused_at=NOW),
        lambda: FieldMap.objects.all().delete(),
        lambda: SyncSettings.objects.update(connection=None),
        lambda: SyncSettings.objects.update(action="nothing"),
    ],
    ids=["workspace paused", "campaign paused", "setup required", "not connected", "nothing to action"],
)
def test_whom_a_person_or_a_missing_setting_holds_does_not_count(campaign: Campaign, held: Any) -> None:
    free_for_long()
    wait(campaign, since=-600)
    held()
    assert look() == set()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.HELD, Reason.HELD),
        (State.NEEDS_ATTENTION, Reason.REJECTED),
        (State.WAITING, Reason.RULE_FIELD_PROBLEM),
    ],
)
def test_who_waits_for_a_person_does_not_count(campaign: Campaign, state: State, reason: Reason) -> None:
    free_for_long()
    row = stand(make_lead(campaign), state, reason)
    Delivery.objects.filter(pk=row.pk).update(owed_since=minutes(-600), failing_since=minutes(-600))
    Delivery.objects.exclude(due_at=None).update(due_at=minutes(-600))
    assert look() == set()


def test_a_line_that_a_pause_made_long_gets_its_time(
    workspace: IntercomConnection, campaign: Campaign
) -> None:
    IntercomConnection.objects.update(paused_at=minutes(-600))
    wait(campaign, since=-600)
    look()
    IntercomConnection.objects.update(paused_at=None)
    assert look(1) == set()
    assert look(10) == set()
    assert look(17) == {("backlog", "acme1234")}


def test_the_first_look_of_an_installation_counts_from_now(campaign: Campaign) -> None:
    wait(campaign, since=-600)
    assert look() == set()


# Fields -------------------------------------------------------------------------------------------------


def test_a_mapped_field_with_a_problem_is_an_alert(campaign: Campaign) -> None:
    FieldMap.objects.filter(target="custom_attributes.lead_source").update(
        problem="attribute_archived", problem_at=minutes(-60)
    )
    assert look() == {("fields", "acme1234")}
    assert Alert.objects.get().since == minutes(-60)
    FieldMap.objects.update(problem="", problem_at=None)
    assert look(1) == set()


def test_an_alert_that_stands_says_how_it_is_now_and_is_told_once(campaign: Campaign) -> None:
    rows = FieldMap.objects.order_by("pk")
    rows.filter(pk=rows[0].pk).update(problem="attribute_archived", problem_at=minutes(-60))
    look()
    Alert.objects.update(begin_told_at=minutes(0), mail_due_at=None)
    rows.update(problem="attribute_archived", problem_at=minutes(-60))
    look(1)
    alert = Alert.objects.get()
    assert (alert.number, alert.mail_due_at) == (2, None)
    assert "2 fields." in what(alert)


def test_a_field_of_a_tab_that_does_nothing_is_none(campaign: Campaign) -> None:
    FieldMap.objects.update(problem="refused", problem_at=NOW)
    SyncSettings.objects.update(action="nothing")
    assert look() == set()


@pytest.mark.parametrize("gone", [{"archived": True}, {"full_name": "custom_attributes.other"}])
def test_the_attribute_of_a_rule_counts_too(workspace: IntercomConnection, gone: dict[str, Any]) -> None:
    working(workspace, qualification=RULE)
    assert look() == set()
    DataAttribute.objects.filter(full_name=RULE["attribute"]).update(**gone)
    assert look(1) == {("fields", "acme1234")}


def test_a_workspace_whose_fields_were_never_read_is_none(workspace: IntercomConnection) -> None:
    working(workspace, qualification=RULE)
    DataAttribute.objects.all().delete()
    IntercomConnection.objects.update(attributes_at=None)
    assert look() == set()


# Notifications ------------------------------------------------------------------------------------------


def refuse(workspace: IntercomConnection, why: Refusal, *, at: float, received: float | None = None) -> None:
    WebhookHealth.objects.update_or_create(
        connection=workspace,
        defaults={
            "last_refused_at": minutes(at),
            "last_refusal": why,
            "last_received_at": None if received is None else minutes(received),
        },
    )


@pytest.mark.parametrize("why", [Refusal.WRONG_SIGNATURE, Refusal.NO_SECRET, Refusal.NOT_SIGNED])
def test_notifications_with_a_wrong_secret_are_an_alert(workspace: IntercomConnection, why: Refusal) -> None:
    refuse(workspace, why, at=-1, received=-5)
    assert look() == {("webhooks", "acme1234")}


def test_it_is_over_once_something_was_believed(workspace: IntercomConnection) -> None:
    refuse(workspace, Refusal.WRONG_SIGNATURE, at=-1)
    look()
    refuse(workspace, Refusal.WRONG_SIGNATURE, at=-1, received=1)
    assert look(2) == set()


@pytest.mark.parametrize("why", [Refusal.TOO_LARGE, Refusal.NO_NOTIFICATION])
def test_nonsense_that_comes_is_no_alert(workspace: IntercomConnection, why: Refusal) -> None:
    refuse(workspace, why, at=-1)
    assert look() == set()


def test_a_refusal_of_the_day_before_yesterday_is_none(workspace: IntercomConnection) -> None:
    refuse(workspace, Refusal.WRONG_SIGNATURE, at=-1500)
    assert look() == set()


def test_at_the_shared_address_anybody_may_knock(workspace: IntercomConnection) -> None:
    IntercomConnection.objects.update(access=Access.OAUTH, region=Region.US)
    refuse(workspace, Refusal.WRONG_SIGNATURE, at=-1)
    WebhookHealth.objects.filter(connection=None).update(
        last_refused_at=NOW, last_refusal=Refusal.WRONG_SIGNATURE
    )
    assert look() == set()


# The worker ---------------------------------------------------------------------------------------------


def test_a_worker_that_was_away_is_told_of_after_the_fact() -> None:
    watch(NOW, swept_at=minutes(-11))
    alert = Alert.objects.get()
    assert (alert.kind, alert.since, alert.ended_at, alert.mail_due_at) == ("worker", minutes(-11), NOW, NOW)


@pytest.mark.parametrize("swept_at", [None, -9])
def test_a_short_absence_and_a_first_sweep_are_none(swept_at: int | None) -> None:
    watch(NOW, swept_at=None if swept_at is None else minutes(swept_at))
    assert not Alert.objects.exists()


def test_two_sweeps_that_return_at_once_tell_it_once() -> None:
    watch(NOW, swept_at=minutes(-60))
    watch(minutes(0.01), swept_at=minutes(-60))
    assert Alert.objects.count() == 1


# The sweep ----------------------------------------------------------------------------------------------


def test_the_sweep_looks_for_trouble(workspace: IntercomConnection) -> None:
    need_reconnect(workspace)
    SweepState.objects.update(swept_at=timezone.now() - timedelta(hours=1))
    sweep()
    assert set(Alert.objects.values_list("kind", flat=True)) == {"reconnect", "worker"}


def test_the_sweep_goes_on_whatever_becomes_of_alerts(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(alerts_service, "watch", fails)
    assert "woken" in sweep()
    assert SweepState.objects.get().swept_at is not None
    assert "trouble could not be looked for" in caplog.text


def test_the_sweep_sends_no_mail_itself(workspace: IntercomConnection) -> None:
    AlertSettings.objects.create(to_group=False, others=["ops@example.com"])
    need_reconnect(workspace)
    sweep()
    assert mail.outbox == []
    assert "integrations.tasks.send_alerts" in [task.func() for task in OrmQ.objects.all()]


def test_while_nothing_is_owed_no_task_is_queued(workspace: IntercomConnection) -> None:
    AlertSettings.objects.create(to_group=False, others=["ops@example.com"])
    sweep()
    assert "integrations.tasks.send_alerts" not in [task.func() for task in OrmQ.objects.all()]


def test_a_look_asks_as_much_whatever_the_number(workspace: IntercomConnection, campaign: Campaign) -> None:
    free_for_long()
    wait(campaign, since=-20)
    look()
    with CaptureQueriesContext(database) as few:
        look(1)
    for number in range(3):
        other = working(make_workspace(f"more{number}"))
        fail(other, 3)
        for _ in range(5):
            wait(campaign, since=-30)
    look(2)
    with CaptureQueriesContext(database) as many:
        look(3)
    assert len(many) == len(few)


def test_nothing_that_changes_is_mailed_before_it_is_committed(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a failing look had begun is gone, so nobody is told of it."""

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    need_reconnect(workspace)
    monkeypatch.setattr(watching, "_end", fails)
    Alert.objects.create(kind=AlertKind.FIELDS, connection=workspace, since=NOW)
    with pytest.raises(RuntimeError):
        watch(NOW, swept_at=None)
    assert [alert.kind for alert in Alert.objects.all()] == ["fields"]
