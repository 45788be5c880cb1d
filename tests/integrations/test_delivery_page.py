"""The page of one entry of the sync log: what became of a person, what may be done, what we did."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection, SyncSettings
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.services import repair
from integrations.services.contact_page import contact_url
from integrations.services.repair_rules import Command
from integrations.services.repair_words import told
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import Intercom, owed, set_panel
from tests.integrations.story_page import buttons, looker, order, page, stand, words

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from campaigns.models import Campaign, Participant

pytestmark = pytest.mark.django_db

OFF_SENTENCE = "It cannot be sent now: the settings say Nothing to action. Choose an action there first."


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign("Spring")
    set_panel(campaign)
    return campaign


# The heading and the sentence -------------------------------------------------------------------------


def test_the_heading_is_the_person_and_the_sentence_comes_first(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, first_name="Ana", last_name="Berg", email="ana@example.com")
    intercom.drain()
    text = page(admin_client, lead)
    assert "<h1><bdi>Ana Berg</bdi></h1>" in text
    assert text.index("A new contact was created in Intercom. Nothing to do.") < text.index("<dt>Email")
    assert reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"]) in text


def test_a_referrer_is_not_called_a_lead(admin_client: Client, campaign: Campaign) -> None:
    said = words(admin_client, make_referrer(campaign))
    assert "Referrer of Spring" in said
    assert "Joined the campaign as a referrer." in said


def test_a_next_try_is_told_in_words(admin_client: Client, intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, path="/contacts/search", status=503, times=None)
    )
    lead = make_lead(campaign)
    intercom.drain()
    said = words(admin_client, lead)
    assert "Intercom did not answer as it should. Nothing to do: it is tried again by itself." in said
    assert re.search(r"Next try \d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d", said)
    assert "Look again" in said
    assert "Try 1" in said
    assert "Did not work" in said


# The contact ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("US", "https://app.intercom.com"),
        ("EU", "https://app.eu.intercom.com"),
        ("AU", "https://app.au.intercom.com"),
    ],
)
def test_the_page_of_a_contact_is_where_the_workspace_lives(region: str, start: str) -> None:
    workspace = IntercomConnection(region=region, workspace_id="abc1/2")
    assert contact_url(workspace, "65f") == f"{start}/a/apps/abc1%2F2/users/65f"


@pytest.mark.parametrize(("app_url", "region"), [("", "SANDBOX"), ("http://127.0.0.1:8000/sandbox", "US")])
def test_a_contact_of_the_sandbox_is_found_in_the_sandbox(
    settings: Settings, app_url: str, region: str
) -> None:
    settings.INTERCOM_SANDBOX = True
    settings.INTERCOM_SANDBOX_URL = "http://127.0.0.1:8000/sandbox"
    settings.INTERCOM_APP_URL = app_url
    workspace = IntercomConnection(region=region, workspace_id="w1")
    assert contact_url(workspace, "65f") == "http://127.0.0.1:8000/sandbox/ui/w1/65f/"
    settings.INTERCOM_SANDBOX = False
    assert contact_url(workspace, "65f") == ""


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://elsewhere.example", "nowhere"])
def test_a_bad_address_of_intercom_gives_no_link(settings: Settings, address: str) -> None:
    settings.INTERCOM_APP_URL = address
    assert contact_url(IntercomConnection(region="US", workspace_id="w1"), "65f") == ""


def test_the_contact_is_one_click_away(admin_client: Client, intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    assert "Open the contact in Intercom" not in page(admin_client, lead)
    intercom.drain()
    (contact,) = intercom.contacts()
    link = f'href="https://app.intercom.com/a/apps/{intercom.workspace}/users/{contact["id"]}"'
    assert link in page(admin_client, lead)
    assert link in admin_client.get(reverse("admin:campaigns_campaign_leads", args=[campaign.pk])).text


def test_a_contact_that_is_gone_is_not_linked(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    stand(
        lead,
        state=State.NEEDS_ATTENTION,
        reason=Reason.CONTACT_GONE,
        contact_id="65f",
        connection=IntercomConnection.objects.get(),
    )
    assert "Open the contact" not in page(admin_client, lead)


def test_the_list_of_people_asks_no_more_for_more_contacts(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    url = reverse("admin:campaigns_campaign_leads", args=[campaign.pk])
    numbers = []
    for people in (3, 4):
        for _ in range(people):
            make_lead(campaign)
        intercom.drain()
        admin_client.get(url)
        with CaptureQueriesContext(database) as queries:
            assert "Open the contact" in admin_client.get(url).text
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


# Orders -----------------------------------------------------------------------------------------------


def test_who_may_not_repair_sees_no_button_and_is_refused(campaign: Campaign) -> None:
    lead, client = make_lead(campaign), looker()
    assert buttons(client, lead) == []
    url = reverse("admin:integrations_delivery_order", args=[owed(lead).pk])
    assert client.post(url, {"command": "cancel"}).status_code == 403
    assert owed(lead).state == State.WAITING


def test_an_order_is_posted_with_a_token(campaign: Campaign, admin_user: User) -> None:
    lead, strict = make_lead(campaign), Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    url = reverse("admin:integrations_delivery_order", args=[owed(lead).pk])
    assert strict.get(url).status_code == 405
    assert strict.post(url, {"command": "cancel"}).status_code == 403
    assert owed(lead).state == State.WAITING


@pytest.mark.parametrize("command", ["", "delete", "CANCEL", "choose"])
def test_an_unknown_order_changes_nothing(admin_client: Client, campaign: Campaign, command: str) -> None:
    lead = make_lead(campaign)
    order(admin_client, lead, command)
    assert owed(lead).state == State.WAITING


def test_an_order_about_nobody_is_not_found(admin_client: Client) -> None:
    url = reverse("admin:integrations_delivery_order", args=[999])
    assert admin_client.post(url, {"command": "cancel"}).status_code == 404


def test_who_waits_for_the_next_try_can_be_tried_now_or_not_sent(
    admin_client: Client, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    assert buttons(admin_client, lead) == ["cancel"]
    stand(lead, reason=Reason.RETRY, due_at=timezone.now() + timedelta(hours=1))
    assert buttons(admin_client, lead) == ["retry_now", "cancel"]
    order(admin_client, lead, "retry_now")
    assert Delivery.objects.filter(participant=lead, due_at__lte=timezone.now()).exists()


def test_who_waits_under_a_pause_is_not_offered_a_try(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    stand(lead, reason=Reason.RETRY, due_at=timezone.now() + timedelta(hours=1))
    SyncSettings.objects.update(paused_at=timezone.now())
    assert buttons(admin_client, lead) == ["cancel"]
    assert "Sending is paused for this campaign. Resume it" in words(admin_client, lead)


def test_an_archived_contact_can_be_restored_from_here(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, action="create_user", duplicates="update")
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.ARCHIVED)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert buttons(admin_client, lead) == ["restore_and_update", "send_again", "cancel"]
    order(admin_client, lead, "restore_and_update")
    intercom.drain()
    assert "take the contact out of its archive" in words(admin_client, lead)
    assert owed(lead).state == State.UPDATED


def test_an_archived_contact_cannot_be_updated_where_it_is(campaign: Campaign) -> None:
    lead = make_lead(campaign)
    stand(lead, state=State.SKIPPED, reason=Reason.ARCHIVED, contact_id="65f")
    assert repair.update_anyway([owed(lead).pk]) == []


def test_not_sending_is_said_and_can_be_taken_back(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    assert "1 person is not sent." in order(admin_client, lead, "cancel")
    said = words(admin_client, lead)
    assert "admin chose “Don&#x27;t send”." in said
    assert "Send it from here if you want it in Intercom after all." in said
    assert buttons(admin_client, lead) == ["send_again"]


# What can lead nowhere --------------------------------------------------------------------------------


def switched_off(campaign: Campaign) -> Participant:
    set_panel(campaign, action="nothing")
    return make_lead(campaign)


def never_set_up(_campaign: Campaign) -> Participant:
    return make_lead(make_campaign())


def disconnected(campaign: Campaign) -> Participant:
    tabs = SyncSettings.objects.filter(campaign=campaign)
    tabs.update(connection=None, disconnected_at=timezone.now())
    return make_lead(campaign)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (switched_off, "settings say Nothing to action"),
        (never_set_up, "settings say Nothing to action"),
        (disconnected, "No Intercom workspace is connected to this campaign"),
    ],
)
def test_nobody_is_said_to_be_sent_who_cannot_be(
    admin_client: Client, campaign: Campaign, make: Any, sentence: str
) -> None:
    lead = make(campaign)
    before = Delivery.objects.values().get(participant=lead)

    said = order(admin_client, lead, "send_again")

    assert "1 person was left as they are." in said
    assert sentence in said
    assert "on the way" not in said
    assert Delivery.objects.values().get(participant=lead) == before
    assert buttons(admin_client, lead) == []
    assert "It cannot be sent now" in words(admin_client, lead)


def test_once_an_action_is_chosen_the_page_offers_to_send(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = switched_off(campaign)
    assert OFF_SENTENCE in words(admin_client, lead)
    set_panel(campaign)
    assert "Send it from here if you want it in Intercom after all." in words(admin_client, lead)
    assert buttons(admin_client, lead) == ["send_again"]
    order(admin_client, lead, "send_again")
    intercom.drain()
    assert owed(lead).state == State.CREATED


def test_who_must_wait_all_the_same_is_said_to_wait_and_why(admin_client: Client, campaign: Campaign) -> None:
    lead = switched_off(campaign)
    set_panel(campaign)
    SyncSettings.objects.update(paused_at=timezone.now())
    said = order(admin_client, lead, "send_again")
    assert "1 person waits now. Sending is paused for this campaign." in said
    assert "on the way" not in said


def test_who_waits_under_nothing_to_action_is_not_tried_but_can_be_dropped(
    admin_client: Client, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    set_panel(campaign, action="nothing")
    assert repair.retry_now([owed(lead).pk]) == []
    assert buttons(admin_client, lead) == ["cancel"]
    assert "choose “Don&#x27;t send” in the sync log" in words(admin_client, lead)
    order(admin_client, lead, "cancel")
    assert owed(lead).state == State.NOT_SENT


def test_a_created_contact_stays_created_when_its_tab_was_switched_off(
    intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    intercom.drain()
    Delivery.objects.update(incomplete=True)
    set_panel(campaign, action="nothing")
    assert repair.complete([owed(lead).pk]) == []
    assert owed(lead).state == State.CREATED


def test_all_sorts_of_people_are_told_apart(intercom: Intercom, campaign: Campaign) -> None:
    done = make_lead(campaign)
    intercom.drain()
    off, off_too = never_set_up(campaign), never_set_up(campaign)
    ready = make_lead(campaign)
    repair.cancel([owed(ready).pk])
    chosen = [owed(lead).pk for lead in (done, off, off_too, ready)]

    said = [one.text for one in told(Command.SEND_AGAIN, asked=chosen, changed=repair.send_again(chosen))]

    assert said[0] == "1 person is on the way to Intercom."
    assert said[1].startswith("2 people were left as they are. The campaign's settings say Nothing to action")
    assert said[2] == "1 person is in Intercom by now: it went before this order came."
