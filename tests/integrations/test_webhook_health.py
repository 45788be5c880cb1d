"""The card that says how Intercom's notifications arrive, and what is left to do in Intercom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from integrations.intercom.webhooks import Topic
from integrations.models import Access, IntercomConnection, Region, WebhookHealth
from integrations.services.notification_words import REFUSALS, TOPICS
from integrations.services.refused import Refusal
from tests.campaigns.factories import make_campaign
from tests.integrations.controls import read
from tests.integrations.panel_fixtures import EYES, PEN, address, person
from tests.integrations.qualification import make_ruled_campaign, make_watched

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

ARRIVED = timedelta(minutes=5)


@pytest.fixture
def ruled() -> tuple[Campaign, IntercomConnection]:
    return make_ruled_campaign()


@pytest.fixture
def ed(db: None) -> Client:
    return person("ed", *PEN, "change_intercomconnection", "view_webhookreceipt")


def card(client: Client, campaign: Campaign, tab: str = "leads") -> str:
    """The words of the card; "" where there is none."""
    response = client.get(address(campaign, tab))
    assert response.status_code == 200
    _, found, rest = response.content.decode().partition('id="webhooks"')
    response.content = rest.partition("</section>")[0].encode()
    return read(response).text if found else ""


def set_secret(connection: IntercomConnection) -> None:
    connection.webhook_secret = "s3cret"
    connection.save(update_fields=["sealed_webhook_secret"])


def health(connection: IntercomConnection | None, **values: Any) -> None:
    WebhookHealth.objects.update_or_create(connection=connection, defaults=values)


def refused(why: Refusal, *, ago: timedelta = ARRIVED) -> dict[str, Any]:
    return {"refused": 1, "last_refused_at": timezone.now() - ago, "last_refusal": why.value}


def test_a_private_app_gets_the_address_and_the_topics(
    ed: Client, ruled: tuple[Campaign, IntercomConnection], settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://leads.example.com"
    campaign, connection = ruled
    text = card(ed, campaign)
    assert f"https://leads.example.com/webhooks/intercom/{connection.uuid}/" in text
    assert [topic for topic in TOPICS if topic not in text] == []
    assert "Not reachable" not in text


def test_an_address_that_intercom_cannot_reach_is_pointed_out(
    ed: Client, ruled: tuple[Campaign, IntercomConnection], settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert "Intercom only delivers to addresses that begin with https" in card(ed, ruled[0])


def test_a_missing_client_secret_is_said_with_the_place_to_save_it(
    ed: Client, ruled: tuple[Campaign, IntercomConnection]
) -> None:
    campaign, connection = ruled
    assert "The client secret of your app is missing" in card(ed, campaign)
    page = reverse("admin:integrations_intercomconnection_change", args=[connection.pk])
    assert f"{page}#notifications".encode() in ed.get(address(campaign)).content


def test_who_may_not_save_the_secret_is_told_whom_to_ask(
    ruled: tuple[Campaign, IntercomConnection],
) -> None:
    text = card(person("sue", *EYES), ruled[0])
    assert "Ask an Integration admin to save it" in text
    assert "See what has arrived" not in text


def test_leads_that_wait_in_silence_are_a_warning(
    ed: Client, ruled: tuple[Campaign, IntercomConnection]
) -> None:
    campaign, connection = ruled
    set_secret(connection)
    assert "Leads wait to qualify" not in card(ed, campaign)
    make_watched(campaign)
    text = card(ed, campaign)
    assert "Leads wait to qualify, and Intercom has not told us anything yet" in text
    assert "We look every few minutes as well, so nothing is lost" in text


def test_what_has_arrived_is_told_with_its_time(
    ed: Client, ruled: tuple[Campaign, IntercomConnection]
) -> None:
    campaign, connection = ruled
    set_secret(connection)
    make_watched(campaign)
    health(connection, last_received_at=timezone.now() - ARRIVED)
    text = card(ed, campaign)
    assert "Arriving" in text
    assert "5\xa0minutes ago" in ed.get(address(campaign)).content.decode()
    assert "Leads wait to qualify" not in text


@pytest.mark.parametrize("why", Refusal)
def test_the_latest_refusal_is_told_in_words(
    ed: Client, ruled: tuple[Campaign, IntercomConnection], why: Refusal
) -> None:
    campaign, connection = ruled
    set_secret(connection)
    health(connection, last_received_at=timezone.now() - timedelta(days=1), **refused(why))
    text = card(ed, campaign)
    assert "The latest was refused" in text
    assert str(REFUSALS[why]) in text


def test_a_refusal_before_the_latest_arrival_is_no_alarm(
    ed: Client, ruled: tuple[Campaign, IntercomConnection]
) -> None:
    campaign, connection = ruled
    set_secret(connection)
    health(connection, last_received_at=timezone.now(), **refused(Refusal.NOT_SIGNED, ago=timedelta(days=1)))
    text = card(ed, campaign)
    assert "Arriving" in text
    assert "Last refused" in text


@pytest.mark.parametrize(("later", "words"), [(3, "Arriving"), (6, "The latest was refused")])
def test_a_refusal_is_the_latest_only_where_that_is_certain(
    ed: Client, ruled: tuple[Campaign, IntercomConnection], later: int, words: str
) -> None:
    """When something arrived is written once in five seconds, so it may have been later than it says."""
    campaign, connection = ruled
    set_secret(connection)
    arrived = timezone.now() - timedelta(minutes=1)
    at = {"last_received_at": arrived, "last_refused_at": arrived + timedelta(seconds=later)}
    health(connection, **refused(Refusal.WRONG_SIGNATURE) | at)
    assert words in card(ed, campaign)


def test_a_refusal_of_another_workspace_is_not_told_here(
    ed: Client, ruled: tuple[Campaign, IntercomConnection]
) -> None:
    campaign, connection = ruled
    set_secret(connection)
    health(None, **refused(Refusal.WRONG_SIGNATURE))
    assert "Last refused" not in card(ed, campaign)


def test_with_oauth_there_is_nothing_to_do(ed: Client) -> None:
    campaign, _ = make_ruled_campaign(access=Access.OAUTH)
    text = card(ed, campaign)
    assert "There is nothing to do: our app in Intercom is set up to tell us." in text
    assert "Developer Hub" not in text
    assert "client secret" not in text


def test_a_refusal_at_the_shared_address_blames_no_workspace(ed: Client) -> None:
    campaign, connection = make_ruled_campaign(access=Access.OAUTH)
    health(connection, last_received_at=timezone.now() - timedelta(days=1))
    health(None, **refused(Refusal.WRONG_SIGNATURE))
    text = card(ed, campaign)
    assert "Arriving" in text
    assert "This may have been meant for any workspace" in text


def test_the_sandbox_needs_nothing(ed: Client) -> None:
    campaign, _ = make_ruled_campaign(region=Region.SANDBOX)
    text = card(ed, campaign)
    assert "the sandbox tells us about every change by itself" in text
    assert "Developer Hub" not in text


def test_without_a_workspace_there_is_no_card(ed: Client) -> None:
    assert card(ed, make_campaign("Autumn")) == ""


def test_referrers_do_not_qualify_so_they_have_no_card(
    ed: Client, ruled: tuple[Campaign, IntercomConnection]
) -> None:
    assert card(ed, ruled[0], "referrers") == ""


def test_there_are_words_for_every_topic_and_every_refusal() -> None:
    assert set(TOPICS) == set(Topic) - {Topic.PING}
    assert set(REFUSALS) == set(Refusal)
