"""An update is taken back: join, overwrite, undo, all the way to the sandbox and its troubles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.duplicates import Step
from integrations.logic.states import Intent, Order, Reason, State
from integrations.models import Attempt, ConnectionStatus, Delivery, DrainLease, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.sandbox.messages import Ending
from integrations.services import repair
from integrations.services.drain import intents
from integrations.services.drain import slice as slice_module
from integrations.services.lease import acquire
from integrations.services.log.conditions import for_reason
from integrations.services.repair_rules import Command, fitting
from integrations.services.status import reason_now, tallies
from integrations.services.sweep import wake_due
from integrations.services.tabs import load_tabs
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, kill_the_holder, owed, set_panel

pytestmark = pytest.mark.django_db

NAME_ROW = {
    "data_type": "dynamic",
    "from": "lead.full_name",
    "to": "name",
    "if_present": "overwrite",
}
SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
SIZE_ROW = {"data_type": "fixed", "value": "12", "to": "custom_attributes.company_size"}
ROWS = [EMAIL_ROW, NAME_ROW, SOURCE_ROW, SIZE_ROW]


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign, field_map=ROWS, duplicates="update")
    return campaign


@pytest.fixture
def known(intercom: Intercom) -> str:
    """A contact that was there before: with a source and a name, without a size."""
    return intercom.sandbox.add_contact(
        intercom.workspace,
        email="ana@example.com",
        role="user",
        name="Anita",
        custom_attributes={"lead_source": "Fair"},
    )


@pytest.fixture
def lead(intercom: Intercom, campaign: Campaign, known: str) -> Participant:
    """Somebody whose contact we have written over."""
    lead = make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Berg")
    intercom.drain()
    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.EXISTS)
    assert values(intercom) == ("Ana Berg", "Referral", 12)
    intercom.forget_calls()
    return lead


def values(intercom: Intercom) -> tuple[Any, Any, Any]:
    (contact,) = intercom.contacts()
    custom = contact["custom_attributes"]
    return contact["name"], custom.get("lead_source"), custom.get("company_size")


def undo(intercom: Intercom, lead: Participant) -> Delivery:
    assert repair.undo([owed(lead).pk]) == [owed(lead).pk]
    intercom.drain()
    return owed(lead)


def last_try(lead: Participant) -> Attempt:
    return Attempt.objects.filter(delivery__participant=lead).latest("pk")


def codes(lead: Participant) -> dict[str, str]:
    return {note["target"]: note["code"] for note in last_try(lead).notes}


def test_what_was_there_before_is_back_and_what_was_empty_is_empty(
    intercom: Intercom, lead: Participant
) -> None:
    before = owed(lead)

    row = undo(intercom, lead)

    assert values(intercom) == ("Anita", "Fair", None)
    assert (row.state, row.reason, row.order) == (State.UPDATED, Reason.UNDONE, Order.NONE)
    assert (row.contact_id, row.settings_revision) == (before.contact_id, before.settings_revision)
    assert intercom.new_calls() == ["GET /contacts/{id}", "PUT /contacts/{id}"]


def test_the_log_has_a_line_of_it(intercom: Intercom, lead: Participant) -> None:
    undo(intercom, lead)
    attempt = last_try(lead)
    assert (attempt.decision, attempt.reason) == (Step.UNDO, Reason.UNDONE)
    assert attempt.before["name"] == "Ana Berg"
    assert (
        attempt.after
        == attempt.sent
        == attempt.after | {"name": "Anita", "custom_attributes.company_size": None}
    )


def test_email_and_role_are_not_even_sent(intercom: Intercom, lead: Participant) -> None:
    undo(intercom, lead)
    assert last_try(lead).sent.keys() == {
        "name",
        "custom_attributes.lead_source",
        "custom_attributes.company_size",
    }
    (contact,) = intercom.contacts()
    assert (contact["email"], contact["role"]) == ("ana@example.com", "user")


def test_what_a_teammate_has_changed_since_is_left_alone_and_said(
    intercom: Intercom, lead: Participant, known: str
) -> None:
    intercom.sandbox.change_contact(intercom.workspace, known, name="Ana B.")

    row = undo(intercom, lead)

    assert values(intercom) == ("Ana B.", "Fair", None)
    assert row.reason == Reason.UNDONE
    assert codes(lead) == {"name": "changed_since"}


def test_where_everything_was_changed_nothing_is_written(
    intercom: Intercom, lead: Participant, known: str
) -> None:
    intercom.sandbox.change_contact(
        intercom.workspace, known, name="X", custom_attributes={"lead_source": "Y", "company_size": 7}
    )
    row = undo(intercom, lead)
    assert (row.state, row.reason) == (State.UPDATED, Reason.NOTHING_TO_UNDO)
    assert intercom.new_calls() == ["GET /contacts/{id}"]


def test_undoing_twice_is_harmless(intercom: Intercom, lead: Participant) -> None:
    undo(intercom, lead)
    assert repair.undo([owed(lead).pk]) == []
    assert Command.UNDO not in fitting(owed(lead).pk)
    assert values(intercom) == ("Anita", "Fair", None)


def test_a_second_click_orders_nothing_more(lead: Participant) -> None:
    assert repair.undo([owed(lead).pk]) == [owed(lead).pk]
    assert repair.undo([owed(lead).pk]) == []
    assert owed(lead).settled_as == State.UPDATED


def test_several_updates_go_back_to_the_very_first_values(intercom: Intercom, lead: Participant) -> None:
    Participant.objects.update(first_name="Annabel")
    assert repair.send_present([owed(lead).pk]) == [owed(lead).pk]
    intercom.drain()
    assert values(intercom)[0] == "Annabel Berg"

    undo(intercom, lead)

    assert values(intercom) == ("Anita", "Fair", None)


def test_an_update_after_an_undo_can_be_undone_again(
    intercom: Intercom, lead: Participant, known: str
) -> None:
    undo(intercom, lead)
    intercom.sandbox.change_contact(intercom.workspace, known, name="Anita Second")
    repair.send_present([owed(lead).pk])
    intercom.drain()
    assert values(intercom)[0] == "Ana Berg"

    row = undo(intercom, lead)

    assert row.reason == Reason.UNDONE
    assert values(intercom) == ("Anita Second", "Fair", None)


def test_what_we_created_ourselves_cannot_be_undone(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="new@example.com")
    intercom.drain()
    assert owed(lead).state == State.CREATED
    assert repair.undo([owed(lead).pk]) == []


def test_an_update_that_had_nothing_to_write_cannot_be_undone(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW], duplicates="update")
    intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com")
    lead = make_lead(campaign, email="bo@example.com")
    intercom.drain()
    assert owed(lead).reason == Reason.SAME_VALUES
    assert repair.undo([owed(lead).pk]) == []


def test_what_was_removed_by_age_cannot_be_undone(lead: Participant) -> None:
    Attempt.objects.update(before={}, after={}, sent={}, received={}, calls=[], matches=[])
    assert repair.undo([owed(lead).pk]) == []


# Whatever the tab says by now ----------------------------------------------------------------------------


def test_it_is_done_though_the_campaign_is_switched_off(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    set_panel(campaign, action="nothing", field_map=ROWS, duplicates="update")
    undo(intercom, lead)
    assert values(intercom) == ("Anita", "Fair", None)


def test_it_is_done_though_the_tab_points_nowhere_by_now(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    campaign.sync_settings.update(connection=None)
    undo(intercom, lead)
    assert values(intercom) == ("Anita", "Fair", None)


def test_it_is_done_though_the_persons_email_was_edited(intercom: Intercom, lead: Participant) -> None:
    Participant.objects.update(email="other@example.com", email_normalized="other@example.com")
    row = undo(intercom, lead)
    assert values(intercom) == ("Anita", "Fair", None)
    assert row.email == "ana@example.com"


def test_a_paused_workspace_holds_it(intercom: Intercom, lead: Participant) -> None:
    IntercomConnection.objects.update(paused_at=timezone.now())
    row = undo(intercom, lead)
    assert (row.state, row.reason, row.order) == (State.WAITING, Reason.UNDOING, Order.UNDO)
    IntercomConnection.objects.update(paused_at=None)
    intercom.drain()
    assert owed(lead).reason == Reason.UNDONE


def test_what_waited_for_days_is_not_taken_back_by_surprise(intercom: Intercom, lead: Participant) -> None:
    repair.undo([owed(lead).pk])
    Delivery.objects.update(owed_since=timezone.now() - timedelta(hours=73))
    intercom.drain()
    row = owed(lead)
    assert (row.state, row.reason, row.order) == (State.UPDATED, Reason.UNDO_FAILED, Order.NONE)
    assert intercom.new_calls() == []
    assert undo(intercom, lead).reason == Reason.UNDONE


def test_the_reason_for_waiting_is_the_undo_whatever_holds_the_tab(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    set_panel(campaign, action="nothing", field_map=ROWS, duplicates="update")
    repair.undo([owed(lead).pk])
    assert reason_now(owed(lead)) is Reason.UNDOING
    assert tallies()[campaign.slug].as_json()["waiting"] == {"undoing": 1}
    tabs = load_tabs(now=timezone.now()).values()
    for reason, number in {Reason.UNDOING: 1, Reason.SWITCHED_OFF: 0}.items():
        assert Delivery.objects.filter(for_reason(reason, tabs=tabs)).count() == number


def test_a_disconnected_workspace_takes_no_undo(lead: Participant) -> None:
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED)
    assert repair.undo([owed(lead).pk]) == []


def test_the_sweep_finds_an_undo_whose_task_was_lost(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    set_panel(campaign, action="nothing", field_map=ROWS, duplicates="update")
    campaign.sync_settings.update(connection=None)
    repair.undo([owed(lead).pk])
    assert wake_due(timezone.now()) == 1


def test_it_waits_while_the_email_is_in_doubt_there(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    """One write for an email at a time, of whatever entry."""
    other = make_lead(make_campaign(), email="bo@example.com")
    Delivery.objects.filter(participant=other).update(
        state=State.UNCERTAIN,
        connection=intercom.connection,
        email="ana@example.com",
        intent=Intent.CREATE_USER,
        intent_at=timezone.now(),
        due_at=timezone.now() + timedelta(minutes=5),
    )
    row = undo(intercom, lead)
    assert (row.state, row.reason) == (State.WAITING, Reason.UNDOING)
    assert intercom.new_calls() == []


# Contacts that are not there any more --------------------------------------------------------------------


@pytest.mark.parametrize("state", [ContactState.ARCHIVED, ContactState.DELETED])
def test_a_contact_that_is_gone_is_not_revived(
    intercom: Intercom, lead: Participant, known: str, state: ContactState
) -> None:
    intercom.sandbox.set_state(intercom.workspace, known, state)

    row = undo(intercom, lead)

    assert (row.state, row.reason) == (State.UPDATED, Reason.UNDO_NO_CONTACT)
    assert intercom.contacts() == []
    assert intercom.new_calls() == ["GET /contacts/{id}"]


def test_a_contact_that_was_merged_is_left_alone(intercom: Intercom, lead: Participant, known: str) -> None:
    survivor = intercom.sandbox.add_contact(
        intercom.workspace, email="ana@example.com", role="user", name="Ana Berg"
    )
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.MERGED, merged_into=survivor)

    row = undo(intercom, lead)

    assert row.reason == Reason.UNDO_NO_CONTACT
    assert intercom.contacts()[0]["name"] == "Ana Berg"


def test_a_restored_contact_can_be_undone_after_all(
    intercom: Intercom, lead: Participant, known: str
) -> None:
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.ARCHIVED)
    undo(intercom, lead)
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.LIVE)
    undo(intercom, lead)
    assert values(intercom) == ("Anita", "Fair", None)


# Trouble on the way --------------------------------------------------------------------------------------


def due_now() -> None:
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "acts": False},
        {"status": 500, "acts": True},
        {"status": 503, "acts": False},
        {"ending": Ending.RESET, "acts": True},
        {"ending": Ending.RESET, "acts": False},
        {"status": 200, "body": "<html>", "acts": True},
    ],
)
def test_an_undo_that_fails_is_done_once_in_the_end(
    intercom: Intercom, lead: Participant, method: str, fault: dict[str, Any]
) -> None:
    intercom.sandbox.add_fault(intercom.workspace, Fault(method=method, path="/contacts/*", **fault))

    row = undo(intercom, lead)
    if row.state == State.WAITING:
        assert (row.order, row.reason) == (Order.UNDO, Reason.UNDOING)
        due_now()
        intercom.drain()

    row = owed(lead)
    assert (row.state, row.reason, row.order) == (State.UPDATED, Reason.UNDONE, Order.NONE)
    assert values(intercom) == ("Anita", "Fair", None)


def test_a_rate_limit_costs_no_try(intercom: Intercom, lead: Participant) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(method="PUT", path="/contacts/*", status=429, acts=False)
    )
    tries = owed(lead).attempts
    undo(intercom, lead)
    IntercomConnection.objects.update(paused_until=None)
    due_now()
    intercom.drain()
    assert (owed(lead).reason, owed(lead).attempts) == (Reason.UNDONE, tries + 1)
    assert values(intercom) == ("Anita", "Fair", None)


def test_a_field_that_intercom_refuses_stays_and_the_others_go_back(
    intercom: Intercom, lead: Participant
) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")

    row = undo(intercom, lead)

    assert (row.state, row.reason, row.incomplete) == (State.UPDATED, Reason.UNDONE, False)
    assert values(intercom)[0] == "Anita"
    assert codes(lead) == {"custom_attributes.lead_source": "not_put_back"}


def test_an_undo_that_is_refused_whole_leaves_the_entry_updated(
    intercom: Intercom, lead: Participant
) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(method="PUT", path="/contacts/*", status=400, acts=False)
    )

    row = undo(intercom, lead)

    assert (row.state, row.reason, row.order) == (State.UPDATED, Reason.UNDO_FAILED, Order.NONE)
    assert row.message == "Invalid parameters"
    assert values(intercom) == ("Ana Berg", "Referral", 12)
    assert undo(intercom, lead).reason == Reason.UNDONE


def test_after_72_hours_of_failures_it_is_given_up_and_stays_updated(
    intercom: Intercom, lead: Participant
) -> None:
    repair.undo([owed(lead).pk])
    Delivery.objects.update(failing_since=timezone.now() - timedelta(hours=73))
    intercom.drain()
    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.UNDO_FAILED)
    assert intercom.new_calls() == []


@pytest.mark.parametrize("arrived", [True, False])
def test_a_worker_that_dies_in_the_middle_does_no_harm(
    intercom: Intercom, lead: Participant, arrived: bool
) -> None:
    """Its row was committed as being sent; whether the write arrived, nobody knows."""
    repair.undo([owed(lead).pk])
    lease = acquire(intercom.connection.pk)
    assert lease is not None
    Delivery.objects.update(
        state=State.SENDING,
        reason=Reason.SENDING,
        due_at=None,
        lease_token=lease.token,
        intent=Intent.UPDATE,
        intent_at=timezone.now(),
    )
    if arrived:
        intercom.sandbox.change_contact(
            intercom.workspace,
            owed(lead).contact_id,
            name="Anita",
            custom_attributes={"lead_source": "Fair", "company_size": None},
        )
    kill_the_holder(intercom.connection)

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.UNDONE)
    assert values(intercom) == ("Anita", "Fair", None)
    assert DrainLease.objects.get().token is None


def test_an_update_whose_answer_got_lost_can_be_undone(
    intercom: Intercom, campaign: Campaign, known: str
) -> None:
    """The next try finds our own values there; what was before is known from the first."""
    drop = Fault(method="PUT", path="/contacts/*", acts=True, ending=Ending.RESET)
    intercom.sandbox.add_fault(intercom.workspace, drop)
    lead = make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Berg")
    intercom.drain()
    due_now()
    intercom.drain()
    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.SAME_VALUES)

    undo(intercom, lead)

    assert values(intercom) == ("Anita", "Fair", None)


# Somebody changes their mind -----------------------------------------------------------------------------


def test_an_undo_that_waits_can_be_called_off(intercom: Intercom, lead: Participant) -> None:
    repair.undo([owed(lead).pk])
    assert repair.cancel([owed(lead).pk]) == [owed(lead).pk]
    intercom.drain()
    row = owed(lead)
    assert (row.state, row.reason, row.order, row.settled_as) == (
        State.UPDATED,
        Reason.EXISTS,
        Order.NONE,
        "",
    )
    assert values(intercom) == ("Ana Berg", "Referral", 12)


def test_one_that_failed_can_be_tried_at_once_and_stays_an_undo(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    """Whatever the tab says by now."""
    repair.undo([owed(lead).pk])
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1))
    set_panel(campaign, action="nothing")

    assert repair.retry_now([owed(lead).pk]) == [owed(lead).pk]

    assert (owed(lead).order, owed(lead).reason) == (Order.UNDO, Reason.UNDOING)
    intercom.drain()
    assert values(intercom) == ("Anita", "Fair", None)


def test_an_order_that_comes_while_another_is_in_hand_is_carried_out(
    intercom: Intercom, lead: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drain has taken the row to send present values; somebody calls that off and undoes instead."""
    Participant.objects.update(first_name="Annabel")
    repair.send_present([owed(lead).pk])
    commit = intents.commit_intents
    mind: list[list[int]] = []

    def change_of_mind(*args: Any, **kwargs: Any) -> set[int]:
        if not mind:
            mind.append(repair.cancel([owed(lead).pk]) + repair.undo([owed(lead).pk]))
        return commit(*args, **kwargs)

    monkeypatch.setattr(slice_module, "commit_intents", change_of_mind)
    intercom.drain()
    due_now()
    intercom.drain()

    assert (owed(lead).reason, owed(lead).order) == (Reason.UNDONE, Order.NONE)
    assert values(intercom) == ("Anita", "Fair", None)
