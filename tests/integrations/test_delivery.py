"""A lead joins, and the right single contact is in Intercom: the good days."""

from __future__ import annotations

import pytest

from campaigns.models import Campaign
from integrations.logic.states import Reason, State
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def test_a_new_lead_becomes_a_lead_in_intercom_with_two_calls(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Lima")

    intercom.drain()

    (contact,) = intercom.contacts()
    assert (contact["email"], contact["role"], contact["name"]) == ("ana@example.com", "lead", "Ana Lima")
    assert intercom.new_calls() == ["POST /contacts/search", "POST /contacts"]
    row = owed(lead)
    assert (row.state, row.reason, row.contact_id) == (State.CREATED, Reason.NEW, contact["id"])
    assert (row.attempts, row.settled_at is not None) == (1, True)


def test_the_action_decides_the_role(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, action="create_user")
    make_lead(campaign, email="ana@example.com")

    intercom.drain()

    (contact,) = intercom.contacts()
    assert contact["role"] == "user"


def test_the_email_is_sent_in_one_spelling(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email=" Ana.LIMA@Example.com ")

    intercom.drain()

    assert intercom.emails() == ["ana.lima@example.com"]


def test_joining_twice_sends_once(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email="ana@example.com")
    intercom.drain()
    make_lead(campaign, email="ANA@example.com")
    intercom.forget_calls()

    intercom.drain()

    assert intercom.new_calls() == []
    assert len(intercom.contacts()) == 1


def test_nothing_to_action_sends_nothing_and_says_so(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, action="nothing")
    lead = make_lead(campaign)

    intercom.drain()

    assert intercom.contacts() == []
    assert (owed(lead).state, owed(lead).reason) == (State.NOT_SENT, Reason.NOTHING_TO_ACTION)


def test_a_campaign_without_settings_sends_nothing(intercom: Intercom) -> None:
    lead = make_lead(make_campaign())

    intercom.drain()

    assert intercom.contacts() == []
    assert owed(lead).state == State.NOT_SENT


@pytest.mark.parametrize("role", ["lead", "user"])
def test_a_known_contact_is_skipped_with_one_call(intercom: Intercom, campaign: Campaign, role: str) -> None:
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role=role)
    lead = make_lead(campaign, email="Ana@Example.com")

    intercom.drain()

    row = owed(lead)
    assert (row.state, row.reason, row.contact_id) == (State.SKIPPED, Reason.POLICY, known)
    assert intercom.new_calls() == ["POST /contacts/search"]


def test_a_known_contact_is_updated_and_keeps_its_role_and_its_name(
    intercom: Intercom, campaign: Campaign
) -> None:
    row_for_source = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
    name_row = {"data_type": "dynamic", "from": "lead.full_name", "to": "name"}
    set_panel(
        campaign, action="create_user", duplicates="update", field_map=[EMAIL_ROW, name_row, row_for_source]
    )
    known = intercom.sandbox.add_contact(
        intercom.workspace, email="ana@example.com", role="lead", name="Dr. Ana"
    )
    lead = make_lead(campaign, email="ana@example.com")

    intercom.drain()

    (contact,) = intercom.contacts()
    assert (contact["id"], contact["role"], contact["name"]) == (known, "lead", "Dr. Ana")
    assert contact["custom_attributes"]["lead_source"] == "Referral"
    assert owed(lead).state == State.UPDATED
    assert intercom.new_calls() == ["POST /contacts/search", "PUT /contacts/{id}"]


def test_an_update_of_a_linked_contact_takes_two_calls(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email="ana@example.com")
    intercom.drain()
    other = make_campaign("Summer")
    row_for_source = {"data_type": "fixed", "value": "Summer", "to": "custom_attributes.lead_source"}
    set_panel(other, duplicates="update", field_map=[EMAIL_ROW, row_for_source])
    lead = make_lead(other, email="ana@example.com")
    intercom.forget_calls()

    intercom.drain()

    assert intercom.new_calls() == ["GET /contacts/{id}", "PUT /contacts/{id}"]
    assert owed(lead).state == State.UPDATED


def test_one_email_in_two_campaigns_at_once_makes_one_contact(intercom: Intercom, campaign: Campaign) -> None:
    other = make_campaign("Summer")
    set_panel(other)
    intercom.sandbox.set_lag(intercom.workspace, 300)
    first, second = make_lead(campaign, email="ana@example.com"), make_lead(other, email="ANA@example.com")

    intercom.drain()

    assert len(intercom.contacts()) == 1
    assert sorted([owed(first).state, owed(second).state]) == [State.CREATED, State.SKIPPED]


def test_fifteen_new_leads_take_at_most_seventeen_calls(intercom: Intercom, campaign: Campaign) -> None:
    for number in range(15):
        make_lead(campaign, email=f"lead{number}@example.com")

    intercom.drain()

    assert len(intercom.contacts()) == 15
    assert len(intercom.new_calls()) <= 17


def test_a_referrer_tab_sends_referrers_on_its_own(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="lead@example.com")
    referrer = make_referrer(campaign, email="rosa@example.com")

    intercom.drain()

    assert intercom.emails() == ["lead@example.com"]
    assert (owed(lead).state, owed(referrer).state) == (State.CREATED, State.NOT_SENT)


def test_marks_name_the_campaign_and_the_referrer(intercom: Intercom, campaign: Campaign) -> None:
    from integrations.intercom.session import Session
    from integrations.services.attributes import ensure_marks

    with Session() as session:
        ensure_marks(intercom.connection, session=session)
    set_panel(campaign, marks=True)
    referrer = make_referrer(campaign, first_name="Rosa", last_name="Diaz")
    make_lead(campaign, email="ana@example.com", referrer=referrer)

    intercom.drain()

    (contact,) = intercom.contacts()
    marks = {
        name: contact["custom_attributes"].get(name)
        for name in ("referred", "referral_campaign", "referrer_name")
    }
    assert marks == {"referred": True, "referral_campaign": "Spring", "referrer_name": "Rosa Diaz"}
