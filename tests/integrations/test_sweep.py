"""The sweep makes up for every lost hint, and never sends anybody by surprise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.models import ConnectionStatus, Delivery, IntercomConnection, SweepState
from integrations.services import sweep as sweep_module
from integrations.services.schedule import schedule_sweep
from integrations.services.status import tallies
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import owed, queued, set_panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    OrmQ.objects.all().delete()
    return campaign


def slipped_in(campaign: Campaign, email: str, *, joined: timedelta = timedelta(0)) -> Participant:
    """Somebody whom no service and no signal has seen."""
    row = Participant(campaign=campaign, audience=Audience.LEAD, email=email, email_normalized=email)
    row.joined_at = timezone.now() - joined
    Participant.objects.bulk_create([row])
    return Participant.objects.get(email=email)


def test_somebody_slipped_in_shows_as_unexplained_until_the_sweep_has_seen_them(campaign: Campaign) -> None:
    lead = slipped_in(campaign, "sql@example.com")
    assert tallies()[campaign.slug].unexplained == 1

    sweep()

    assert tallies()[campaign.slug].unexplained == 0
    assert owed(lead).state == State.WAITING


def test_who_joined_more_than_48_hours_ago_is_not_sent(campaign: Campaign) -> None:
    lead = slipped_in(campaign, "old@example.com", joined=timedelta(hours=49))

    sweep()

    assert (owed(lead).state, owed(lead).reason) == (State.NOT_SENT, Reason.JOINED_LONG_AGO)


def test_who_joined_47_hours_ago_is_sent(campaign: Campaign) -> None:
    lead = slipped_in(campaign, "late@example.com", joined=timedelta(hours=47))

    sweep()

    assert owed(lead).state == State.WAITING


def test_who_slipped_in_while_nothing_is_to_be_sent_is_not_sent() -> None:
    lead = slipped_in(make_campaign(), "sql@example.com")

    sweep()

    assert (owed(lead).state, owed(lead).reason) == (State.NOT_SENT, Reason.NOTHING_TO_ACTION)


def test_in_time_the_whole_table_is_looked_at_a_piece_a_round(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "CHECK_AT_ONCE", 3)
    monkeypatch.setattr(sweep_module, "LOOK_BACK", timedelta(0))
    for number in range(7):
        slipped_in(campaign, f"old{number}@example.com", joined=timedelta(days=30))
    left = []

    for _ in range(4):
        sweep()
        left.append(tallies()[campaign.slug].unexplained)

    assert left == [4, 1, 0, 0]


def test_a_round_costs_the_same_whatever_the_number(campaign: Campaign) -> None:
    sweep()
    make_lead(campaign)
    OrmQ.objects.all().delete()
    with CaptureQueriesContext(database) as few:
        sweep()
    OrmQ.objects.all().delete()
    for _ in range(20):
        make_lead(campaign)

    with CaptureQueriesContext(database) as many:
        sweep()

    assert len(many) == len(few)


def test_a_workspace_with_something_due_is_woken_even_when_it_is_dirty(campaign: Campaign) -> None:
    make_lead(campaign)
    IntercomConnection.objects.update(dirty=True)

    sweep()

    assert queued() == 1


@pytest.mark.parametrize(
    "state",
    [
        {"status": ConnectionStatus.RECONNECT_NEEDED},
        {"status": ConnectionStatus.DISCONNECTED},
        {"paused_at": timezone.now()},
        {"paused_until": timezone.now() + timedelta(days=1)},
    ],
    ids=["reconnect needed", "disconnected", "paused", "rate limited"],
)
def test_a_workspace_that_cannot_send_is_let_sleep(campaign: Campaign, state: dict[str, object]) -> None:
    make_lead(campaign)
    IntercomConnection.objects.update(**state)

    sweep()

    assert queued() == 0


def test_a_workspace_at_work_is_let_work(campaign: Campaign, connection: IntercomConnection) -> None:
    from integrations.services.lease import acquire

    make_lead(campaign)
    acquire(connection.pk)

    sweep()

    assert queued() == 0


def test_what_is_due_later_wakes_nobody(campaign: Campaign) -> None:
    make_lead(campaign)
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1))

    sweep()

    assert queued() == 0


def test_the_sweep_says_that_it_ran(campaign: Campaign) -> None:
    sweep()

    swept_at = SweepState.objects.get().swept_at
    assert swept_at is not None
    assert swept_at > timezone.now() - timedelta(minutes=1)


def test_the_sweep_is_scheduled_once_and_a_changed_schedule_is_kept() -> None:
    Schedule.objects.all().delete()
    schedule_sweep()
    Schedule.objects.update(minutes=5)

    schedule_sweep()

    assert Schedule.objects.get().minutes == 5


def test_sessions_that_have_ended_are_cleared() -> None:
    for expiry in (-1, 60):
        session = SessionStore()
        session["typed"] = "x"
        session.set_expiry(expiry)
        session.save()
    sweep()
    assert [session.get_decoded() for session in Session.objects.all()] == [
        {"typed": "x", "_session_expiry": 60}
    ]
