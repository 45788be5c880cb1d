"""Trying a rule on a lead and a value, and the values that are offered for a rule."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign
from campaigns.services import reject_lead
from integrations.logic.states import State
from integrations.models import Delivery, IntercomConnection, Sighting, Watch
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.controls import read
from tests.integrations.panel_fixtures import EYES, PEN, Desk, person
from tests.integrations.qualification import PLAN, make_qualified, make_ruled_campaign, make_watched

if TYPE_CHECKING:
    from django.http import HttpResponse

    from campaigns.models import Participant

pytestmark = pytest.mark.django_db

ASK = "admin:campaigns_campaign_intercom_rehearse"
VALUES = "admin:campaigns_campaign_intercom_values"


@dataclass
class Rehearsal:
    """Somebody who may edit, with the panel of a campaign that has a rule."""

    desk: Desk

    @property
    def campaign(self) -> Campaign:
        return self.desk.campaign

    def post(self, value: str = "pro", /, *, htmx: bool = True, **changes: str) -> HttpResponse:
        form = {**self.desk.form(), "do": "rehearse", "rehearse_value": value, **changes}
        headers = {"HX-Request": "true"} if htmx else {}
        url = reverse(ASK, args=[self.campaign.pk])
        return self.desk.client.post(url, form, headers=headers)  # type: ignore[return-value]

    def ask(self, value: str = "pro", lead: Participant | None = None, **changes: str) -> str:
        if lead is not None:
            changes["rehearse_for"] = str(lead.pk)
        response = self.post(value, htmx=True, **changes)
        assert response.status_code == 200
        return read(response).text

    def values(self, attribute: str = PLAN) -> str:
        url = reverse(VALUES, args=[self.campaign.pk])
        response = self.desk.client.get(url, {"attribute": attribute})
        assert response.status_code == 200
        return read(response).text


@pytest.fixture
def panel() -> Rehearsal:
    campaign, connection = make_ruled_campaign()
    rights = ("view_participant", "view_delivery")
    return Rehearsal(Desk(person("ed", *PEN, *rights), campaign, connection))


# Yes or no --------------------------------------------------------------------------------------------


def test_a_step_into_a_qualifying_value_is_a_yes(panel: Rehearsal) -> None:
    text = panel.ask("pro")
    assert "Qualifies Yes:" in text
    assert "the value was “trial” and becomes “pro”" in text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("free", "“free” is not a qualifying value."),
        ("Pro", "“Pro” is almost “pro”, but not just that"),
        ("", "empty is not a qualifying value."),
        ("x" * 400, "is not a qualifying value."),
        ("<script>alert(1)</script>", "“<script>alert(1)</script>” is not a qualifying value."),
    ],
)
def test_another_value_is_a_no_that_says_why(panel: Rehearsal, value: str, words: str) -> None:
    text = panel.ask(value)
    assert "Does not qualify" in text
    assert words in text


def test_the_rule_is_tried_as_it_is_typed(panel: Rehearsal) -> None:
    assert "Qualifies Yes:" in panel.ask("gold", qualifying_values="gold")
    assert "Qualifies Yes:" not in panel.ask("pro", qualifying_values="gold")


def test_a_rule_without_values_qualifies_nobody(panel: Rehearsal) -> None:
    assert "There is no complete rule yet" in panel.ask(qualifying_values="")


def test_a_real_lead_steps_from_what_is_known_of_them(panel: Rehearsal) -> None:
    assert "the value was “free” and becomes “pro”" in panel.ask(
        "pro", make_watched(panel.campaign, value="free")
    )


def test_a_lead_that_qualified_does_not_qualify_again(panel: Rehearsal) -> None:
    assert "has qualified already" in panel.ask("pro", make_qualified(panel.campaign))


def test_a_rejected_lead_does_not_qualify(panel: Rehearsal) -> None:
    lead = make_watched(panel.campaign)
    reject_lead(lead)
    assert "was rejected" in panel.ask("pro", lead)


def test_a_skipped_duplicate_never_qualifies(panel: Rehearsal) -> None:
    lead = make_lead(panel.campaign)
    Delivery.objects.filter(participant=lead).update(state=State.SKIPPED, due_at=None, reason="exists")
    assert "in Intercom already and was left alone" in panel.ask("pro", lead)


def test_a_lead_whose_value_is_not_known_yet_is_neither_yes_nor_no(panel: Rehearsal) -> None:
    lead = make_watched(panel.campaign)
    Watch.objects.all().delete()
    text = panel.ask("pro", lead)
    assert "Not known yet" in text
    assert "We do not know yet what this attribute is" in text


def test_a_lead_is_found_by_email(panel: Rehearsal) -> None:
    make_watched(panel.campaign, email="ana@x.com", value="free")
    text = panel.ask("pro", rehearse_for="email", rehearse_email=" ANA@x.com ")
    assert "the value was “free” and becomes “pro”" in text


@pytest.mark.parametrize(
    ("who", "email", "words"),
    [
        ("email", "nobody@x.com", "Nobody with the email nobody@x.com"),
        ("email", "", "Type the email"),
        ("999999", "", "not in this campaign any more"),
        ("9" * 40, "", "not in this campaign any more"),
        ("\0", "", "not in this campaign any more"),
    ],
)
def test_a_lead_that_is_not_there_is_said(panel: Rehearsal, who: str, email: str, words: str) -> None:
    text = panel.ask(rehearse_for=who, rehearse_email=email)
    assert words in text
    assert "Qualifies Yes:" not in text


def test_a_lead_of_another_campaign_is_not_tried(panel: Rehearsal) -> None:
    other = make_lead(make_campaign("Autumn"))
    assert "not in this campaign any more" in panel.ask("pro", other)


@pytest.mark.parametrize(
    ("attribute", "qualifying", "value", "words"),
    [
        ("custom_attributes.active", "yes", "yes", "becomes “Yes”"),
        ("custom_attributes.active", "yes", "no", "“No” is not"),
        ("custom_attributes.seats", "5", "5.0", "becomes “5”"),
        ("custom_attributes.seen", "2026-01-31", "2026-01-31", "becomes “31 Jan 2026"),
    ],
)
def test_values_of_other_types_are_told_as_people_read_them(
    panel: Rehearsal, attribute: str, qualifying: str, value: str, words: str
) -> None:
    text = panel.ask(value, attribute=attribute, qualifying_values=qualifying, initial_value="")
    assert words in text


# The page ---------------------------------------------------------------------------------------------


def test_nothing_is_changed_by_a_rehearsal(panel: Rehearsal) -> None:
    lead, before = make_watched(panel.campaign), panel.desk.saved()
    panel.ask("pro", lead, qualifying_values="gold")
    assert panel.desk.saved() == before
    lead.refresh_from_db()
    assert lead.status == "pending"
    assert not Sighting.objects.exists()


def test_the_answer_is_said_aloud(panel: Rehearsal) -> None:
    said = json.loads(panel.post("pro").headers["HX-Trigger"])["announce"]["value"]
    assert said.startswith("Qualifies. Yes: ")


def test_htmx_gets_the_card_alone(panel: Rehearsal) -> None:
    content = panel.post("pro").content.decode()
    assert 'id="rehearse"' in content
    assert 'id="panel-form"' not in content


def test_without_javascript_the_page_keeps_all_that_was_typed(panel: Rehearsal) -> None:
    lead = make_watched(panel.campaign)
    response = panel.post("free", htmx=False, qualifying_values="gold", rehearse_for=str(lead.pk))
    page = read(response)
    assert page.values["qualifying_values"] == "gold"
    assert page.values["rehearse_value"] == "free"
    assert page.values["rehearse_for"] == str(lead.pk)
    assert "“free” is not a qualifying value." in page.text


def test_a_link_to_it_leads_to_the_panel(panel: Rehearsal) -> None:
    response = panel.desk.client.get(reverse(ASK, args=[panel.campaign.pk]))
    assert response["Location"].endswith("#rehearse")


def test_support_tries_the_rule_that_is_saved(panel: Rehearsal) -> None:
    panel.desk.client = person("sue", *EYES, "view_participant")
    lead = make_watched(panel.campaign, value="free")
    text = panel.ask("pro", lead, qualifying_values="gold")
    assert "the value was “free” and becomes “pro”" in text


def test_who_may_not_see_people_tries_it_on_a_new_lead(panel: Rehearsal) -> None:
    panel.desk.client = person("eve", *EYES)
    lead = make_watched(panel.campaign, email="ana@x.com")
    text = panel.ask("pro", lead)
    assert "ana@x.com" not in text
    assert "Qualifies Yes:" in text


def test_who_may_not_look_is_refused(panel: Rehearsal) -> None:
    client = person("nobody", "view_campaign")
    assert client.post(reverse(ASK, args=[panel.campaign.pk])).status_code == 403


def test_a_form_that_is_cut_short_breaks_nothing(panel: Rehearsal) -> None:
    response = panel.desk.client.post(reverse(ASK, args=[panel.campaign.pk]), {"rehearse_value": "pro"})
    assert response.status_code == 200


def test_the_page_with_a_rule_takes_a_bounded_number_of_queries(panel: Rehearsal) -> None:
    for _ in range(5):
        make_watched(panel.campaign)
    with CaptureQueriesContext(database) as queries:
        panel.desk.look()
    assert len(queries) <= 15


# The values on offer ----------------------------------------------------------------------------------


def test_values_that_leads_were_seen_with_are_offered(panel: Rehearsal) -> None:
    for value in ("free", "team", "free", ""):
        make_watched(panel.campaign, value=value)
    text = panel.values()
    assert "Seen on your leads: free team" in text


def test_values_are_offered_as_they_are_typed(panel: Rehearsal) -> None:
    make_watched(panel.campaign, value="true")
    Watch.objects.update(attribute="custom_attributes.active")
    assert "Seen on your leads: yes" in panel.values("custom_attributes.active")


def test_a_value_from_outside_is_offered_as_text(panel: Rehearsal) -> None:
    make_watched(panel.campaign, value="<img src=x>")
    url = reverse(VALUES, args=[panel.campaign.pk])
    content = panel.desk.client.get(url, {"attribute": PLAN}).content
    assert b"<img" not in content


def test_values_of_another_workspace_are_not_offered(panel: Rehearsal) -> None:
    make_watched(panel.campaign, value="secret")
    other = IntercomConnection.objects.create(
        region="EU",
        workspace_id="other",
        status="disconnected",
        status_since="2026-01-01T00:00Z",
        connected_at="2026-01-01T00:00Z",
    )
    Watch.objects.update(connection=other)
    assert "secret" not in panel.values()


@pytest.mark.parametrize("attribute", ["", "nonsense", "\0", "x" * 5000, "email' OR 1=1"])
def test_an_attribute_that_is_none_offers_nothing(panel: Rehearsal, attribute: str) -> None:
    make_watched(panel.campaign)
    assert "Seen on your leads" not in panel.values(attribute)


def test_who_may_not_see_outcomes_is_offered_no_values(panel: Rehearsal) -> None:
    client = person("eve", *EYES)
    assert client.get(reverse(VALUES, args=[panel.campaign.pk])).status_code == 403


def test_a_campaign_without_a_workspace_offers_nothing(panel: Rehearsal) -> None:
    url = reverse(VALUES, args=[make_campaign("Autumn").pk])
    answer: Any = panel.desk.client.get(url, {"attribute": PLAN})
    assert answer.status_code == 200
