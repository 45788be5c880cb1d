"""Several contacts that could be the one we created: compared, chosen by a person, adopted by the drain."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import Delivery
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.sandbox.messages import Ending
from integrations.services import comparing
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel, the_lag_is_over
from tests.integrations.story_page import attempt, looker, page, stand, words

if TYPE_CHECKING:
    from campaigns.models import Campaign, Participant

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    assert intercom.connection.pk
    campaign = make_campaign("Spring")
    set_panel(campaign)
    return campaign


@pytest.fixture
def lead(intercom: Intercom, campaign: Campaign) -> Participant:
    """Created unseen, while somebody made another lead of the same email."""
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    person = make_lead(campaign, first_name="Ana", email="ana@example.com")
    intercom.drain()
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", name="Other Ana")
    the_lag_is_over()
    Delivery.objects.update(intent_at=timezone.now() - timedelta(seconds=30))
    intercom.drain()
    assert owed(person).reason == Reason.SEVERAL_MATCHES
    return person


def choose(client: Client, person: Participant, contact_id: str) -> Any:
    url = reverse("admin:integrations_delivery_choose", args=[owed(person).pk])
    return client.post(url, {"contact": contact_id}, follow=True)


def test_both_are_listed_with_a_button_each(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    intercom.forget_calls()
    said, text = words(admin_client, lead), page(admin_client, lead)
    assert "Say below which one it is." in said
    assert said.count("This is the one") == 2
    for contact in intercom.contacts():
        assert f"/users/{contact['id']}" in text
        assert f'name="contact" value="{contact["id"]}"' in text
    assert intercom.new_calls() == []


def test_what_tells_them_apart_is_asked_only_on_demand(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    intercom.forget_calls()
    text = page(admin_client, lead, compare="1")
    assert intercom.new_calls() == ["POST /contacts/search"]
    for part in ("Other Ana", "Ana Lima", "seconds after we sent", "Last seen", "Never"):
        assert part in text


def test_one_that_is_gone_meanwhile_is_said_to_be(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    gone = next(one["id"] for one in intercom.contacts() if one["name"] == "Other Ana")
    intercom.sandbox.set_state(intercom.workspace, gone, ContactState.ARCHIVED)
    intercom.sandbox.let_search_catch_up(intercom.workspace)
    assert page(admin_client, lead, compare="1").count("Intercom does not show this one any more") == 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(acts=False, status=503, times=None), "Intercom has trouble of its own"),
        (Fault(acts=False, status=401, times=None), "Connect it again"),
        (Fault(acts=False, status=429, times=None), "asked us to slow down"),
        (Fault(acts=False, status=200, body="<html>", times=None), "that we cannot read"),
        (Fault(acts=False, ending=Ending.DROP, times=None), "Try again in a few minutes"),
    ],
)
def test_an_intercom_that_does_not_answer_is_no_obstacle_to_choosing(
    admin_client: Client, intercom: Intercom, lead: Participant, fault: Fault, sentence: str
) -> None:
    intercom.sandbox.add_fault(intercom.workspace, fault)
    text = page(admin_client, lead, compare="1")
    assert sentence in text
    assert text.count("This is the one") == 2


def test_the_chosen_one_is_ours_and_it_is_recorded_who_said_so(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    ours = next(one["id"] for one in intercom.contacts() if one["name"] == "Ana Lima")
    assert "1 person is on the way to Intercom." in choose(admin_client, lead, ours).text
    intercom.drain()
    row = owed(lead)
    assert (row.state, row.contact_id) == (State.CREATED, ours)
    assert len(intercom.contacts()) == 2
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.change_message) == ("admin", f"This contact is the one: {ours}")
    said = words(admin_client, lead)
    assert f"admin chose “This contact is the one: {ours}”." in said
    assert "Which contact is it?" not in said


def test_a_second_click_changes_nothing(admin_client: Client, intercom: Intercom, lead: Participant) -> None:
    first, second = (one["id"] for one in intercom.contacts())
    choose(admin_client, lead, first)
    assert "does not fit where it stands now" in choose(admin_client, lead, second).text
    intercom.drain()
    assert owed(lead).contact_id == first
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("contact_id", ["", "65f", "x" * 10_000, "a\0b", "ana@example.com"])
def test_a_contact_that_was_not_found_cannot_be_chosen(
    admin_client: Client, lead: Participant, contact_id: str
) -> None:
    assert "Nothing was changed." in choose(admin_client, lead, contact_id).text
    assert owed(lead).state == State.NEEDS_ATTENTION
    assert not LogEntry.objects.exists()


def test_who_may_only_look_sees_them_asks_nothing_and_chooses_nothing(
    intercom: Intercom, lead: Participant
) -> None:
    client = looker()
    intercom.forget_calls()
    text = page(client, lead, compare="1")
    assert "Which contact is it?" in text
    assert "This is the one" not in text
    assert intercom.new_calls() == []
    assert choose(client, lead, intercom.contacts()[0]["id"]).status_code == 403
    assert owed(lead).state == State.NEEDS_ATTENTION


def test_it_is_posted_with_a_token_and_about_somebody(admin_client: Client, lead: Participant) -> None:
    url = reverse("admin:integrations_delivery_choose", args=[owed(lead).pk])
    assert admin_client.get(url).status_code == 405
    missing = reverse("admin:integrations_delivery_choose", args=[99_999])
    assert admin_client.post(missing, {"contact": "x"}).status_code == 404


@pytest.mark.parametrize("compare", ["", "0", "1\0", "x" * 10_000])
def test_another_word_in_the_address_asks_nothing(
    admin_client: Client, intercom: Intercom, lead: Participant, compare: str
) -> None:
    intercom.forget_calls()
    page(admin_client, lead, compare=compare)
    assert intercom.new_calls() == []


def test_where_nothing_is_left_to_choose_from_no_list_is_shown(
    admin_client: Client, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    stand(lead, state=State.NEEDS_ATTENTION, reason=Reason.SEVERAL_MATCHES)
    assert "Which contact is it?" not in words(admin_client, lead)
    attempt(lead, decision="choose", reason=Reason.SEVERAL_MATCHES, matches=["aaa", "bbb"])
    assert "Which contact is it?" in words(admin_client, lead)
    stand(lead, state=State.SKIPPED, reason=Reason.POLICY)
    assert "Which contact is it?" not in words(admin_client, lead)


@pytest.mark.parametrize("seconds", [None, 0, -5, True, "2020", 10**18, 1.5])
def test_a_time_that_is_none_is_left_out(seconds: object) -> None:
    assert comparing._moment(seconds) is None
