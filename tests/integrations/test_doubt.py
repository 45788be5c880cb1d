"""What is in doubt stays in doubt until it is known, whatever changes; and nobody else is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign, LeadField, Participant
from integrations.intercom.session import Session
from integrations.logic.states import Reason, State
from integrations.models import Attempt, ConnectionStatus, ContactLink, Delivery, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services import repair
from integrations.services.connect import connect_with_token
from integrations.services.drain import drain
from integrations.services.drain import slice as slice_module
from integrations.services.drain.slice import Slice
from integrations.services.drain.stages import Write
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import (
    EMAIL_ROW,
    NAME_ROW,
    Intercom,
    owed,
    set_panel,
    the_lag_is_over,
)
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db

SOURCE = "custom_attributes.lead_source"
RULE = {
    "method": "attribute_changes",
    "attribute": SOURCE,
    "initial_value": "Free",
    "qualifying_values": ["Pro"],
}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    assert intercom.connection.pk
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def created_unseen(intercom: Intercom, *, acts: bool = True) -> None:
    fault = Fault(acts=acts, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)


def another_workspace(intercom: Intercom) -> Intercom:
    intercom.sandbox.add_workspace("work0002", name="Other", token="token-work0002")
    with Session() as session:
        other = connect_with_token("token-work0002", region="US", session=session).connection
    return Intercom(intercom.sandbox, other, "work0002")


def move(campaign: Campaign, *, action: str = "create_lead") -> None:
    tab = {"action": action, "field_map": [EMAIL_ROW, NAME_ROW]}
    import_document(campaign, {"workspace": "work0002", "leads": tab})


def when_answered(
    monkeypatch: pytest.MonkeyPatch, event: Callable[[Slice, Any], None], *, before: bool
) -> None:
    """Something happens right before, or right after, an answer of Intercom is looked at."""
    original = Slice._answered

    def answered(part: Slice, step: Any, call: Future[Any]) -> None:
        if before:
            event(part, step)
        original(part, step, call)
        if not before:
            event(part, step)

    monkeypatch.setattr(Slice, "_answered", answered)


def known_archived(intercom: Intercom, *, archived: bool) -> None:
    """What our own list says of the rule's attribute."""
    intercom.connection.attributes.filter(full_name=SOURCE).update(archived=archived)
    IntercomConnection.objects.update(attributes_at=timezone.now())


# two workspaces ------------------------------------------------------------------------------------------


def test_what_the_old_workspace_has_settles_nobody_of_the_new_one(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    other = another_workspace(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    with monkeypatch.context() as patch:
        when_answered(patch, lambda _part, _step: move(campaign), before=True)
        intercom.drain()
    assert owed(lead).state == State.WAITING

    other.drain()

    assert other.emails() == ["ana@example.com"]
    assert (owed(lead).state, owed(lead).connection) == (State.CREATED, other.connection)


# a user in doubt, and something changes ------------------------------------------------------------------


@pytest.fixture
def doubtful_user(intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> Participant:
    """Created unseen, not to be found by search for a while, and due again."""
    set_panel(campaign, action="create_user")
    intercom.sandbox.set_lag(intercom.workspace, 300)
    created_unseen(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    with monkeypatch.context() as patch:
        patch.setattr(slice_module, "WORTH_WAITING", -1e9)
        intercom.drain()
    assert owed(lead).state == State.UNCERTAIN
    Delivery.objects.update(due_at=timezone.now())
    return lead


def test_an_action_that_becomes_create_lead_makes_no_second_contact(
    intercom: Intercom, campaign: Campaign, doubtful_user: Participant
) -> None:
    set_panel(campaign, action="create_lead")

    intercom.drain()

    assert [contact["role"] for contact in intercom.contacts()] == ["user"]
    assert owed(doubtful_user).state == State.UNCERTAIN
    intercom.sandbox.let_search_catch_up(intercom.workspace)
    the_lag_is_over()
    intercom.drain()
    assert (owed(doubtful_user).state, owed(doubtful_user).reason) == (State.CREATED, Reason.OURS)


def test_a_corrected_email_makes_no_second_contact(intercom: Intercom, doubtful_user: Participant) -> None:
    doubtful_user.set_email("anna@example.com")
    doubtful_user.save()

    intercom.drain()

    assert intercom.emails() == ["ana@example.com"]
    assert owed(doubtful_user).state == State.UNCERTAIN


def test_another_workspace_gets_no_second_contact(
    intercom: Intercom, campaign: Campaign, doubtful_user: Participant
) -> None:
    other = another_workspace(intercom)
    move(campaign, action="create_user")

    intercom.drain()
    other.drain()

    assert (len(intercom.contacts()), len(other.contacts())) == (1, 0)
    assert owed(doubtful_user).state == State.UNCERTAIN


# doubt is not forgotten ----------------------------------------------------------------------------------


def test_doubt_survives_a_problem_of_the_rules_attribute(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, qualification=RULE)
    created_unseen(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    known_archived(intercom, archived=True)
    the_lag_is_over()

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.CREATED, Reason.OURS)


def test_after_three_days_what_is_in_doubt_is_looked_for_before_anybody_gives_up(
    intercom: Intercom, campaign: Campaign
) -> None:
    created_unseen(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    the_lag_is_over()
    Delivery.objects.update(failing_since=timezone.now() - timedelta(hours=73))

    intercom.drain()

    assert owed(lead).state == State.CREATED


def test_giving_up_in_doubt_is_said_and_sending_again_still_looks_for_our_own(
    intercom: Intercom, campaign: Campaign
) -> None:
    created_unseen(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    the_lag_is_over()
    Delivery.objects.update(failing_since=timezone.now() - timedelta(hours=73))
    fault = Fault(acts=False, path="/contacts/search", status=500, times=1)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    intercom.drain()
    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.GAVE_UP_IN_DOUBT)

    repair.send_again([owed(lead).pk])
    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.CREATED, Reason.OURS)


@pytest.mark.parametrize("status", [400, 404])
def test_a_refused_search_does_not_end_the_doubt(intercom: Intercom, campaign: Campaign, status: int) -> None:
    created_unseen(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    the_lag_is_over()
    fault = Fault(acts=False, path="/contacts/search", status=status, times=None)
    intercom.sandbox.add_fault(intercom.workspace, fault)

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.UNCERTAIN, Reason.UNCERTAIN)


def test_in_a_workspace_that_is_gone_a_person_may_decide_without_knowing(
    intercom: Intercom, campaign: Campaign
) -> None:
    created_unseen(intercom, acts=False)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    the_lag_is_over()
    intercom.sandbox.revoke(TOKEN)
    intercom.drain()
    other = another_workspace(intercom)
    move(campaign)

    assert repair.send_again([owed(lead).pk]) == [owed(lead).pk]
    other.drain()

    assert (owed(lead).state, other.emails()) == (State.CREATED, ["ana@example.com"])


def test_a_refused_write_that_never_left_again_is_not_in_doubt(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_row = {"data_type": "fixed", "value": "x", "to": SOURCE}
    set_panel(campaign, field_map=[EMAIL_ROW, source_row])
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")
    lead = make_lead(campaign, email="ana@example.com")

    def time_is_up(part: Slice, step: Any) -> None:
        if isinstance(step, Write):
            part._ends = 0.0

    with monkeypatch.context() as patch:
        when_answered(patch, time_is_up, before=False)
        intercom.drain()
    assert owed(lead).state == State.WAITING

    intercom.drain()

    assert owed(lead).state == State.CREATED


# nobody else is touched ----------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicates", ["skip", "update"])
def test_an_external_id_that_is_somebody_elses_touches_nobody(
    intercom: Intercom, campaign: Campaign, duplicates: str
) -> None:
    rows = [
        EMAIL_ROW,
        {"data_type": "dynamic", "from": "lead.id", "to": "external_id"},
        {"data_type": "dynamic", "from": "lead.source", "to": SOURCE},
    ]
    set_panel(campaign, action="create_user", duplicates=duplicates, field_map=rows)
    lead = make_lead(campaign, email="ana@example.com", source="Fair")
    theirs = {"lead_source": "Bob's own"}
    intercom.sandbox.add_contact(
        intercom.workspace,
        email="bob@example.com",
        role="user",
        external_id=str(lead.pk),
        custom_attributes=theirs,
    )

    intercom.drain()

    (bob,) = intercom.contacts()
    assert bob["custom_attributes"]["lead_source"] == "Bob's own"
    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.EXTERNAL_ID_TAKEN)
    assert not ContactLink.objects.exists()


def test_answers_that_nobody_can_read_stop_nobody_else(intercom: Intercom, campaign: Campaign) -> None:
    LeadField.objects.create(campaign=campaign, key="seats", label="Seats", type="text")
    seats_row = {"data_type": "dynamic", "from": "custom.seats", "to": "name"}
    set_panel(campaign, field_map=[EMAIL_ROW, seats_row])
    odd, good = make_lead(campaign), make_lead(campaign)
    Participant.objects.filter(pk=odd.pk).update(custom=["x"])

    intercom.drain()

    assert (owed(odd).state, owed(odd).reason) == (State.NEEDS_ATTENTION, Reason.INTERNAL_ERROR)
    assert owed(good).state == State.CREATED


def test_an_email_changed_behind_our_back_stops_nobody_else(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.set_lag(intercom.workspace, 300)
    created_unseen(intercom)
    make_lead(campaign, email="ana@example.com")
    intercom.drain()
    odd, good = make_lead(campaign, email="anna@example.com"), make_lead(campaign)
    Participant.objects.filter(pk=odd.pk).update(email="ana@example.com")

    intercom.drain()

    assert (owed(odd).state, owed(odd).reason) == (State.NEEDS_ATTENTION, Reason.INTERNAL_ERROR)
    assert owed(good).state == State.CREATED


def test_a_sandbox_that_is_switched_off_asks_to_reconnect(
    intercom: Intercom, campaign: Campaign, settings: Any
) -> None:
    lead = make_lead(campaign)
    IntercomConnection.objects.update(region="SANDBOX")
    settings.INTERCOM_SANDBOX = False

    intercom.drain()

    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED
    assert owed(lead).state == State.WAITING


def test_waiting_for_the_rules_attribute_fills_no_log(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, qualification=RULE)
    known_archived(intercom, archived=True)
    lead = make_lead(campaign)

    for _ in range(5):
        Delivery.objects.update(due_at=timezone.now())
        drain(intercom.connection.pk)

    assert owed(lead).reason == Reason.RULE_FIELD_PROBLEM
    assert (Attempt.objects.count(), owed(lead).attempts) == (1, 1)


def test_a_pause_of_one_window_is_waited_out_from_slice_to_slice(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slice_module, "SECONDS", 0.5)
    IntercomConnection.objects.update(paused_until=timezone.now() + timedelta(seconds=2))
    lead = make_lead(campaign)

    slices = 1
    while intercom.drain().endswith("handed on"):
        slices += 1

    assert owed(lead).state == State.CREATED
    assert slices > 1


def test_a_user_in_doubt_stays_so_while_the_rules_attribute_is_missing(
    intercom: Intercom, campaign: Campaign, doubtful_user: Participant
) -> None:
    set_panel(campaign, action="create_user", qualification=RULE)
    known_archived(intercom, archived=True)

    intercom.drain()

    assert (len(intercom.contacts()), owed(doubtful_user).state) == (1, State.UNCERTAIN)


def test_a_user_in_doubt_stays_so_when_its_second_form_never_left(
    intercom: Intercom, campaign: Campaign, doubtful_user: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_row = {"data_type": "fixed", "value": "x", "to": SOURCE}
    set_panel(campaign, action="create_user", field_map=[EMAIL_ROW, source_row])
    message = "Custom attribute 'lead_source' does not exist"
    refusal = json.dumps({"errors": [{"code": "parameter_invalid", "message": message}]})
    fault = Fault(acts=False, method="POST", path="/contacts", status=400, body=refusal)
    intercom.sandbox.add_fault(intercom.workspace, fault)

    def time_is_up(part: Slice, step: Any) -> None:
        if isinstance(step, Write):
            part._ends = 0.0

    with monkeypatch.context() as patch:
        when_answered(patch, time_is_up, before=False)
        intercom.drain()

    assert owed(doubtful_user).state == State.UNCERTAIN
