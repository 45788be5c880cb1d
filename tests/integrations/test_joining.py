"""What a join costs and what it survives: nothing here may slow, fail or lie to the referral app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from campaigns import signals
from campaigns.models import Campaign, Participant
from integrations import receivers
from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services import enqueue, wake
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, queued, set_panel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    _nothing_queued(connection)
    return campaign


def _nothing_queued(connection: IntercomConnection) -> None:
    OrmQ.objects.all().delete()
    IntercomConnection.objects.filter(pk=connection.pk).update(dirty=False)


@contextmanager
def _integration_off() -> Iterator[None]:
    signals.lead_joined.disconnect(dispatch_uid="integrations.lead_joined")
    try:
        yield
    finally:
        receivers.connect()


def _statements_of_a_join(campaign: Campaign, email: str) -> tuple[int, int]:
    """How many in the joining transaction (its own BEGIN and COMMIT left out), and how many after it."""
    with CaptureQueriesContext(database) as captured:
        make_lead(campaign, email=email)
    statements = [query["sql"] for query in captured.captured_queries]
    commits = [number for number, sql in enumerate(statements) if sql.startswith("COMMIT")]
    (commit,) = commits
    inside = [sql for sql in statements[:commit] if not sql.startswith("BEGIN")]
    return len(inside), len(statements[commit + 1 :])


def test_a_join_costs_four_statements_inside_and_two_after_the_commit(campaign: Campaign) -> None:
    with _integration_off():
        inside_without, after_without = _statements_of_a_join(campaign, "off@example.com")

    inside, after = _statements_of_a_join(campaign, "on@example.com")

    assert inside - inside_without <= 4
    assert after - after_without <= 2


def test_a_join_that_finds_the_workspace_dirty_queues_nothing_more(campaign: Campaign) -> None:
    make_lead(campaign)
    _, after = _statements_of_a_join(campaign, "second@example.com")

    assert after == 1
    assert OrmQ.objects.count() == 1


def test_a_join_makes_no_call_to_intercom(intercom: Intercom, campaign: Campaign) -> None:
    intercom.forget_calls()

    make_lead(campaign)

    assert intercom.new_calls() == []


def test_a_join_without_a_connection_is_owed_and_wakes_nobody(campaign: Campaign) -> None:
    campaign.sync_settings.update(connection=None)

    lead = make_lead(campaign)

    assert owed(lead).state == State.WAITING
    assert OrmQ.objects.count() == 0


def test_a_joining_transaction_that_rolls_back_owes_and_queues_nothing(campaign: Campaign) -> None:
    def join_and_fail() -> None:
        with transaction.atomic():
            make_lead(campaign)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        join_and_fail()

    assert (Participant.objects.count(), Delivery.objects.count(), OrmQ.objects.count()) == (0, 0, 0)


def test_a_receiver_that_raises_costs_the_join_nothing_and_the_sweep_sends_it(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_participant: Participant) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(receivers, "owe", broken)
    lead = make_lead(campaign, email="ana@example.com")
    monkeypatch.undo()
    assert not Delivery.objects.filter(participant=lead).exists()

    sweep()
    intercom.drain()

    assert owed(lead).state == State.CREATED
    assert intercom.emails() == ["ana@example.com"]


def test_a_database_error_inside_the_receiver_does_not_poison_the_join(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad_sql(*_args: object, **_kwargs: object) -> Delivery:
        with database.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        raise AssertionError

    monkeypatch.setattr(enqueue, "new_row", bad_sql)
    lead = make_lead(campaign, email="ana@example.com")
    monkeypatch.undo()

    assert Participant.objects.filter(pk=lead.pk).exists()
    sweep()
    intercom.drain()
    assert owed(lead).state == State.CREATED


@pytest.mark.parametrize("error", [ConnectionError("broker down"), DatabaseError("queue table gone")])
def test_a_broker_that_is_down_costs_the_join_nothing_and_the_next_join_wakes(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def down(_connection_id: int) -> None:
        raise error

    monkeypatch.setattr(wake, "enqueue_drain", down)
    lead = make_lead(campaign)
    monkeypatch.undo()
    assert (owed(lead).state, OrmQ.objects.count()) == (State.WAITING, 0)

    make_lead(campaign)

    assert OrmQ.objects.count() == 1


def test_the_sweep_wakes_what_a_lost_task_left_behind(campaign: Campaign) -> None:
    make_lead(campaign)
    OrmQ.objects.all().delete()  # the task is lost, the workspace still dirty
    make_lead(campaign)
    assert OrmQ.objects.count() == 0

    sweep()

    assert queued() == 1


def test_a_signal_sent_twice_owes_once(campaign: Campaign) -> None:
    lead = make_lead(campaign)

    answers = signals.lead_joined.send_robust(sender=Participant, participant=lead)

    assert [error for _receiver, error in answers if error] == []
    assert Delivery.objects.filter(participant=lead).count() == 1


def test_the_action_at_the_time_of_joining_decides(campaign: Campaign) -> None:
    set_panel(campaign, action="nothing")
    early = make_lead(campaign)
    set_panel(campaign, action="create_lead")
    late = make_lead(campaign)

    assert (owed(early).state, owed(early).reason) == (State.NOT_SENT, Reason.NOTHING_TO_ACTION)
    assert owed(late).state == State.WAITING
