"""The text that is copied for support: all that somebody needs to help, and nothing that is not theirs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.logic.qualification import Verdict
from integrations.logic.states import Reason, State
from integrations.models import Delivery, FieldMap, Via
from integrations.sandbox.control import Fault
from integrations.services.qualify.story import Happened
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.qualification import see
from tests.integrations.sandbox_fixtures import TOKEN
from tests.integrations.story_page import SOURCE_ROW, attempt, looker, order, page, stand, support_text

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign("Spring", slug="spring")
    set_panel(campaign)
    return campaign


def test_it_says_who_when_what_triggered_it_and_how_it_ended(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    text = support_text(admin_client, lead)
    for line in (
        "Email: ana@example.com",
        "Campaign: Spring (spring)",
        "Trigger: lead joined campaign",
        f"Intercom workspace: {intercom.workspace}, United States",
        "Settings now: Create New Lead In Intercom (version 1)",
        f"Intercom contact ID: {owed(lead).contact_id}",
        "Where it stands\n  Created\n  A new contact was created in Intercom.",
        "Fields sent (values left out): email, name",
    ):
        assert line in text


def test_every_call_is_named_with_its_request_id(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    intercom.drain()
    text = support_text(admin_client, lead)
    calls = owed(lead).tries.get().calls
    assert len(calls) == 2
    for call in calls:
        assert f"{call['method']} {call['path']}: 200 (done)" in text
        assert call["request_id"]
        assert call["request_id"] in text


def test_times_name_their_zone(admin_client: Client, campaign: Campaign, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    with timezone.override("Asia/Tokyo"):
        text = support_text(admin_client, make_lead(campaign))
    assert re.search(r"Joined: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+09:00 \(JST\)", text)


def test_no_value_no_token_and_nobody_else_is_in_it(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    referrer = make_referrer(campaign, email="rosa@example.com", first_name="Rosa", last_name="Quill")
    by = {"data_type": "dynamic", "from": "referrer.full_name", "to": "custom_attributes.lead_source"}
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, by])
    lead = make_lead(campaign, first_name="Ana", last_name="Berg", referrer=referrer)
    intercom.drain()
    text = support_text(admin_client, lead)
    for hidden in ("Quill", "rosa@example.com", "Berg", TOKEN):
        assert hidden not in text
    assert "custom_attributes.lead_source" in text


def test_who_gave_an_order_is_not_named(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    order(admin_client, lead, "cancel")
    see(lead, Happened.SET_BACK, via=Via.PERSON, made_by="Bo Boss")
    text = support_text(admin_client, lead)
    assert "Somebody ordered: Don't send" in text
    assert "A person set the lead back to pending." in text
    assert "Bo Boss" not in text
    assert "admin chose" not in text
    assert "Bo Boss set the lead back" in page(admin_client, lead)


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("taken by other@example.com", "other@example.com"),
        ("bad token dG9rOmFiY2QxMjM0NTY3ODkwYWJjZA==", "dG9rOmFiY2QxMjM0NTY3ODkwYWJjZA=="),
        ("call +44 20 7946 0958", "7946"),
    ],
)
def test_what_intercom_says_is_redacted_once_more(
    admin_client: Client, campaign: Campaign, said: str, hidden: str
) -> None:
    lead = make_lead(campaign)
    attempt(lead, reason=Reason.REJECTED, message=said)
    text = support_text(admin_client, lead)
    assert "Intercom says: “" in text
    assert hidden not in text


def test_what_happened_stands_in_order(admin_client: Client, intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, path="/contacts/search", status=503, times=None)
    )
    lead = make_lead(campaign)
    intercom.drain()
    order(admin_client, lead, "cancel")
    see(lead, Verdict.QUALIFIES, value="pro")
    text = support_text(admin_client, lead)
    parts = [
        "Joined (lead joined campaign)",
        "Try 1: Did not work",
        "503 (Intercom has trouble of its own)",
        "Somebody ordered: Don't send",
        "The value became “pro”: the lead qualified.",
    ]
    assert [part for part in parts if part not in text] == []
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_referrer_is_told_by_their_own_trigger(admin_client: Client, campaign: Campaign) -> None:
    text = support_text(admin_client, make_referrer(campaign))
    assert "Trigger: referrer joined campaign" in text
    assert "lead joined" not in text


def test_an_email_that_was_edited_since_is_told_beside_the_one_that_was_sent(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, email="old@example.com")
    intercom.drain()
    lead.set_email("new@example.com")
    lead.save()
    text = support_text(admin_client, lead)
    assert "Email: new@example.com" in text
    assert "Email that was sent: old@example.com" in text


@pytest.mark.parametrize("name", ["</textarea><script>alert(1)</script>", "Ü\u202e\u2066", "{{ x }}%(name)s"])
def test_hostile_names_stay_text(admin_client: Client, campaign: Campaign, name: str) -> None:
    campaign.name = name
    campaign.save()
    lead = make_lead(campaign)
    assert "<script>" not in page(admin_client, lead)
    assert "What happened" in support_text(admin_client, lead)


@pytest.mark.parametrize("calls", [[{}], [{"status": "x", "ms": None, "path": None}], [{"method": "GET"}]])
def test_a_call_of_another_shape_breaks_nothing(
    admin_client: Client, campaign: Campaign, calls: list[Any]
) -> None:
    lead = make_lead(campaign)
    attempt(lead, calls=calls, reason=Reason.RETRY)
    assert "Try 1" in support_text(admin_client, lead)


def test_who_may_only_look_gets_the_same_text_without_orders(campaign: Campaign) -> None:
    lead = make_lead(campaign)
    stand(lead, state=State.NOT_SENT, reason=Reason.CANCELLED)
    text = support_text(looker(), lead)
    assert "Somebody chose “Don't send”." in text
    assert Delivery.objects.get().state == State.NOT_SENT


def test_fields_are_named_as_intercom_calls_them(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, SOURCE_ROW])
    lead = make_lead(campaign)
    intercom.drain()
    assert "Fields sent (values left out): custom_attributes.lead_source, email" in support_text(
        admin_client, lead
    )


# What Intercom says of others -----------------------------------------------------------------------------


def refusing(intercom: Intercom, message: str) -> None:
    body = json.dumps({"type": "error.list", "errors": [{"code": "parameter_invalid", "message": message}]})
    fault = Fault(acts=False, method="POST", path="/contacts", status=422, body=body, times=1)
    intercom.sandbox.add_fault(intercom.workspace, fault)


def test_who_brought_somebody_in_is_not_named_in_intercom_s_words(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    zelda = make_referrer(campaign, email="zelda@other.test", first_name="Zelda", last_name="Zuckerbrot")
    refusing(intercom, "Zelda Zuckerbrot (zelda@other.test) is not allowed for ana@example.com")
    lead = make_lead(campaign, email="ana@example.com", referrer=zelda)
    intercom.drain()
    said = "[name] ([email]) is not allowed for ana@example.com"
    assert owed(lead).message == said
    assert owed(lead).tries.get().message == said
    assert f"Intercom says: “{said}”" in support_text(admin_client, lead)
    assert "Zelda" not in page(admin_client, lead)


def test_a_field_that_was_refused_names_nobody_in_the_settings(
    intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, SOURCE_ROW])
    zelda = make_referrer(campaign, email="zelda@other.test", first_name="Zelda", last_name="Zuckerbrot")
    refusing(intercom, "custom attribute lead_source: Zelda, ana@example.com and Ana Lima are no option")
    make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Lima", referrer=zelda)
    intercom.drain()
    row = FieldMap.objects.get(settings__campaign=campaign, target=SOURCE_ROW["to"])
    assert row.problem_message == "custom attribute lead_source: [name], [email] and [name] are no option"
