"""A person who was edited after the delivery: their present values are sent when somebody says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Order, Reason, State
from integrations.models import ContactLink, Delivery
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.sandbox.messages import Ending
from integrations.services import repair
from integrations.services.repair_rules import Command, fitting, refused
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel, the_lag_is_over

pytestmark = pytest.mark.django_db

CITY_ROW = {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.lead_source"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    """Does nothing about contacts that are there, and fills names only where they are empty."""
    campaign = make_campaign()
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, CITY_ROW])
    return campaign


@pytest.fixture
def lead(intercom: Intercom, campaign: Campaign) -> Participant:
    """Created by us, then edited here."""
    lead = make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Berg", source="Fair")
    intercom.drain()
    edit(first_name="Annabel", source="Web")
    intercom.forget_calls()
    return lead


def edit(**values: Any) -> None:
    Participant.objects.update(**values)


def send(intercom: Intercom, lead: Participant) -> Delivery:
    assert repair.send_present([owed(lead).pk]) == [owed(lead).pk]
    intercom.drain()
    return owed(lead)


def only(intercom: Intercom) -> dict[str, Any]:
    (contact,) = intercom.contacts()
    return contact


def test_the_contact_has_the_present_values_and_stays_created(intercom: Intercom, lead: Participant) -> None:
    row = send(intercom, lead)
    assert (only(intercom)["name"], only(intercom)["custom_attributes"]["lead_source"]) == (
        "Annabel Berg",
        "Web",
    )
    assert (row.state, row.reason, row.order) == (State.CREATED, Reason.PRESENT_VALUES, Order.NONE)
    assert intercom.new_calls() == ["GET /contacts/{id}", "PUT /contacts/{id}"]


def test_a_name_that_somebody_else_gave_it_is_kept(intercom: Intercom, lead: Participant) -> None:
    """The row only fills what is empty: that protects what others wrote."""
    intercom.sandbox.change_contact(intercom.workspace, only(intercom)["id"], name="Ms Berg")
    send(intercom, lead)
    assert (only(intercom)["name"], only(intercom)["custom_attributes"]["lead_source"]) == ("Ms Berg", "Web")


def test_a_name_that_an_undo_put_back_is_somebody_elses(intercom: Intercom, campaign: Campaign) -> None:
    known = intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com", name="Bo There")
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW | {"if_present": "overwrite"}], duplicates="update")
    lead = make_lead(campaign, email="bo@example.com", first_name="Bo", last_name="Here")
    intercom.drain()
    repair.undo([owed(lead).pk])
    intercom.drain()
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW], duplicates="update")

    row = send(intercom, lead)

    assert (row.contact_id, only(intercom)["name"]) == (known, "Bo There")


def test_with_nothing_to_write_it_says_so_all_the_same(intercom: Intercom, lead: Participant) -> None:
    send(intercom, lead)
    intercom.forget_calls()
    row = send(intercom, lead)
    assert (row.state, row.reason) == (State.CREATED, Reason.PRESENT_VALUES)
    assert intercom.new_calls() == ["GET /contacts/{id}"]


def test_an_updated_contact_stays_updated(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, CITY_ROW], duplicates="update")
    intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com")
    lead = make_lead(campaign, email="bo@example.com", source="Fair")
    intercom.drain()
    edit(source="Web")
    row = send(intercom, lead)
    assert (row.state, row.reason) == (State.UPDATED, Reason.PRESENT_VALUES)
    assert only(intercom)["custom_attributes"]["lead_source"] == "Web"


def test_an_edited_email_never_makes_a_second_contact(intercom: Intercom, lead: Participant) -> None:
    """The contact is known by its id; its email stays, and the log says so."""
    edit(email="new@example.com", email_normalized="new@example.com")

    send(intercom, lead)

    assert (only(intercom)["email"], only(intercom)["name"]) == ("ana@example.com", "Annabel Berg")
    codes = {note["target"]: note["code"] for note in owed(lead).tries.latest("pk").notes}
    assert codes == {"email": "email_kept"}


def test_an_edited_email_is_not_remembered_as_the_contacts(intercom: Intercom, lead: Participant) -> None:
    """Else whoever joins with it would be taken for this contact."""
    edit(email="new@example.com", email_normalized="new@example.com")
    send(intercom, lead)
    assert not ContactLink.objects.filter(email="new@example.com").exists()
    assert ContactLink.objects.filter(email="ana@example.com").exists()


def test_a_contact_that_is_gone_needs_attention_and_is_not_made_anew(
    intercom: Intercom, lead: Participant
) -> None:
    intercom.sandbox.set_state(intercom.workspace, only(intercom)["id"], ContactState.ARCHIVED)
    row = send(intercom, lead)
    assert (row.state, row.reason) == (State.NEEDS_ATTENTION, Reason.CONTACT_GONE)
    assert intercom.contacts() == []


def test_a_lost_answer_is_made_up_for(intercom: Intercom, lead: Participant) -> None:
    drop = Fault(method="PUT", path="/contacts/*", acts=False, ending=Ending.RESET)
    intercom.sandbox.add_fault(intercom.workspace, drop)
    send(intercom, lead)
    if owed(lead).state == State.WAITING:
        Delivery.objects.update(due_at=timezone.now())
        intercom.drain()
    assert (owed(lead).state, only(intercom)["name"]) == (State.CREATED, "Annabel Berg")
    assert owed(lead).attempts == 3


def test_called_off_it_stays_as_it_was(intercom: Intercom, lead: Participant) -> None:
    repair.send_present([owed(lead).pk])
    repair.cancel([owed(lead).pk])
    intercom.drain()
    assert (owed(lead).state, owed(lead).reason) == (State.CREATED, Reason.NEW)
    assert only(intercom)["name"] == "Ana Berg"


def test_a_second_click_orders_nothing_more(lead: Participant) -> None:
    assert repair.send_present([owed(lead).pk])
    assert repair.send_present([owed(lead).pk]) == []


def test_it_fits_nobody_who_is_not_in_intercom(campaign: Campaign) -> None:
    waiting = make_lead(campaign, email="zoe@example.com")
    assert Command.SEND_PRESENT not in fitting(owed(waiting).pk)
    assert repair.send_present([owed(waiting).pk]) == []


def test_a_tab_that_is_switched_off_sends_nothing(
    intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    set_panel(campaign, action="nothing")
    row = owed(lead)
    assert repair.send_present([row.pk]) == []
    assert refused(Command.SEND_PRESENT, [row.pk]) == {Reason.SWITCHED_OFF: 1}


def test_another_workspace_is_never_asked_for_this_ones_contact(
    campaign: Campaign, lead: Participant
) -> None:
    campaign.sync_settings.update(connection=None)
    assert repair.send_present([owed(lead).pk]) == []


# Which contact is ours -----------------------------------------------------------------------------------


@pytest.fixture
def doubtful(intercom: Intercom, campaign: Campaign) -> tuple[Participant, list[str]]:
    """A create without an answer, and two contacts that could be what it made."""
    drop = Fault(method="POST", path="/contacts", acts=True, ending=Ending.RESET)
    intercom.sandbox.add_fault(intercom.workspace, drop)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    other = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="lead")
    ours = next(one["id"] for one in intercom.contacts() if one["id"] != other)
    the_lag_is_over()
    Delivery.objects.update(intent_at=timezone.now() - timedelta(seconds=200))
    intercom.drain()
    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.SEVERAL_MATCHES)
    return lead, [ours, other]


def test_a_person_chooses_and_the_drain_takes_that_one(
    intercom: Intercom, doubtful: tuple[Participant, list[str]]
) -> None:
    lead, (_ours, other) = doubtful
    intercom.forget_calls()

    assert repair.choose_contact(owed(lead).pk, contact_id=other)
    assert not repair.choose_contact(owed(lead).pk, contact_id=other)
    intercom.drain()

    row = owed(lead)
    assert (row.state, row.reason, row.contact_id) == (State.CREATED, Reason.OURS, other)
    assert intercom.new_calls() == ["GET /contacts/{id}"]
    assert len(intercom.contacts()) == 2


@pytest.mark.parametrize("wrong", ["", "someone-elses", "a\0b", "x" * 10_000, "../me"])
def test_only_one_of_those_found_can_be_chosen(doubtful: tuple[Participant, list[str]], wrong: str) -> None:
    lead, _contacts = doubtful
    assert not repair.choose_contact(owed(lead).pk, contact_id=wrong)
    assert owed(lead).reason == Reason.SEVERAL_MATCHES


def test_what_was_found_and_is_not_kept_any_more_can_still_be_chosen(
    intercom: Intercom, doubtful: tuple[Participant, list[str]]
) -> None:
    lead, (ours, _other) = doubtful
    owed(lead).tries.update(matches=[])
    assert not repair.choose_contact(owed(lead).pk, contact_id="a\0b")
    assert repair.choose_contact(owed(lead).pk, contact_id=ours)
    intercom.drain()
    assert owed(lead).contact_id == ours


def test_without_doubt_a_fixed_rule_chooses_among_several(intercom: Intercom, campaign: Campaign) -> None:
    """A user before a lead, then the one changed last; the log names them all."""
    set_panel(campaign, field_map=[EMAIL_ROW, CITY_ROW], duplicates="update")
    add = intercom.sandbox.add_contact
    now = int(timezone.now().timestamp())
    ids = [
        add(intercom.workspace, email="bo@example.com", role="lead", updated_at=now),
        add(intercom.workspace, email="bo@example.com", role="user", external_id="1", updated_at=now - 500),
        add(intercom.workspace, email="bo@example.com", role="user", external_id="2", updated_at=now - 100),
    ]
    lead = make_lead(campaign, email="bo@example.com", source="Fair")
    intercom.drain()
    assert (owed(lead).state, owed(lead).contact_id) == (State.UPDATED, ids[2])
    assert owed(lead).tries.get().matches == sorted(ids)
