"""The lease on a workspace: one drain at a time, and what a new holder makes of the old one's work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.logic.states import Intent, Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services.drain import drain
from integrations.services.lease import LeaseLostError, acquire, somebody_joined
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, kill_the_holder, owed, set_panel

pytestmark = pytest.mark.django_db


def test_a_held_lease_is_nobody_elses(connection: IntercomConnection) -> None:
    assert acquire(connection.pk) is not None
    assert acquire(connection.pk) is None


def test_a_released_lease_can_be_taken(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)
    assert lease is not None

    lease.release()

    assert acquire(connection.pk) is not None


def test_a_join_while_the_lease_is_held_is_seen_after_it_is_released(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)
    assert lease is not None
    lease.clear_dirty()
    assert not somebody_joined(connection.pk)
    IntercomConnection.objects.update(dirty=True)

    lease.release()

    assert somebody_joined(connection.pk)


def test_whoever_joins_while_a_drain_is_at_work_wakes_no_other(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)
    assert lease is not None

    lease.stay_dirty()

    assert somebody_joined(connection.pk)


def test_an_old_holder_does_not_clear_what_is_dirty_for_the_new_one(connection: IntercomConnection) -> None:
    old = acquire(connection.pk)
    kill_the_holder(connection)
    acquire(connection.pk)
    IntercomConnection.objects.update(dirty=True)

    assert old is not None
    old.clear_dirty()

    assert somebody_joined(connection.pk)


def test_a_lease_that_ran_out_can_be_taken_and_its_old_holder_writes_no_more(
    connection: IntercomConnection,
) -> None:
    old = acquire(connection.pk)
    kill_the_holder(connection)
    assert acquire(connection.pk) is not None

    assert old is not None
    with pytest.raises(LeaseLostError):
        old.renew()


def test_a_holder_that_is_late_may_renew_while_nobody_has_taken_over(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)
    kill_the_holder(connection)

    assert lease is not None
    lease.renew()

    assert acquire(connection.pk) is None


def test_a_lease_covers_only_calls_that_end_under_it(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)

    assert lease is not None
    assert lease.covers(13)
    assert not lease.covers(60)


def test_a_second_drain_leaves_the_workspace_to_the_first(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    make_lead(campaign)
    acquire(intercom.connection.pk)

    assert "another drain" in drain(intercom.connection.pk)

    assert intercom.new_calls() == []


@pytest.mark.parametrize(
    ("intent", "state", "waits"),
    [
        (Intent.CREATE_LEAD, State.UNCERTAIN, True),
        (Intent.CREATE_USER, State.UNCERTAIN, True),
        (Intent.UPDATE, State.WAITING, False),
    ],
)
def test_what_a_dead_holder_was_sending_is_in_doubt(
    connection: IntercomConnection, intent: Intent, state: State, *, waits: bool
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    row = owed(make_lead(campaign, email="ana@example.com"))
    old = acquire(connection.pk)
    assert old is not None
    row.state, row.reason, row.due_at = State.SENDING, Reason.SENDING, None
    row.connection, row.email = connection, "ana@example.com"
    row.intent, row.intent_at, row.lease_token = intent, timezone.now(), old.token
    row.save()
    kill_the_holder(connection)

    acquire(connection.pk)

    row = Delivery.objects.get(pk=row.pk)
    assert (row.state, row.lease_token) == (state, None)
    assert row.due_at is not None
    assert (row.due_at > timezone.now() + timedelta(seconds=200)) is waits
