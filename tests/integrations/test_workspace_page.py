"""A workspace's own page: what it says, its buttons, and secrets that go in and never come out."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.logic.types import Attribute
from integrations.models import (
    Access,
    ConnectionStatus,
    Delivery,
    IntercomConnection,
    Region,
    SyncSettings,
)
from integrations.sandbox.control import Fault
from integrations.services.roles import SUPPORT
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel
from tests.integrations.panel import make_workspace

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from campaigns.models import Campaign

pytestmark = pytest.mark.django_db

SECRET = "MARKED-secret-0123456789"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


def url(workspace: IntercomConnection, page: str = "change") -> str:
    return reverse(f"admin:integrations_intercomconnection_{page}", args=[workspace.pk])


def post(client: Client, workspace: IntercomConnection, page: str, **data: str) -> str:
    """What is read after the button, wherever that leads."""
    answer = client.post(url(workspace, page), data, follow=True)
    assert answer.status_code == 200
    return answer.text


def used_by(workspace: IntercomConnection, name: str = "Spring") -> Campaign:
    campaign = make_campaign(name)
    leads = {
        "action": "create_lead",
        "field_map": [{"data_type": "dynamic", "from": "lead.email", "to": "email"}],
    }
    import_document(campaign, {"workspace": workspace.workspace_id, "leads": leads})
    return campaign


# What it says -----------------------------------------------------------------------------------------


def test_it_names_every_campaign_with_a_way_to_its_panel_and_what_waits(staff: Client) -> None:
    workspace = make_workspace()
    campaign = used_by(workspace, "<b>Spring</b>")
    make_lead(campaign)
    troubled = make_lead(campaign)
    Delivery.objects.filter(participant=troubled).update(
        state=State.NEEDS_ATTENTION, reason=Reason.REJECTED, due_at=None
    )
    used_by(make_workspace("other"), "Elsewhere")
    page = staff.get(url(workspace))
    assert "&lt;b&gt;Spring&lt;/b&gt;" in page.text
    assert "Elsewhere" not in page.text
    assert reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"]) in page.text
    assert [(use.waiting, use.attention) for use in page.context["uses"]] == [(1, 1)]


def test_it_says_when_nobody_uses_it(staff: Client) -> None:
    assert "No campaign uses this workspace." in staff.get(url(make_workspace())).text


def test_more_campaigns_and_people_take_no_more_queries(staff: Client) -> None:
    workspace = make_workspace()
    make_lead(used_by(workspace))
    staff.get(url(workspace))
    with CaptureQueriesContext(database) as few:
        staff.get(url(workspace))
    for _ in range(5):
        make_lead(used_by(workspace))
    with CaptureQueriesContext(database) as many:
        staff.get(url(workspace))
    assert len(many) == len(few) <= 11


@pytest.mark.parametrize(
    ("values", "word", "advice"),
    [
        ({}, "Connected", "last read"),
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "Reconnect needed", "no longer lets us in"),
        ({"status": ConnectionStatus.DISCONNECTED, "sealed_token": ""}, "Disconnected", "Connect it again"),
        ({"paused_at": timezone.now()}, "Paused", "Somebody paused this workspace"),
    ],
)
def test_each_standing_has_a_word_and_says_what_to_do(
    staff: Client, values: dict[str, Any], word: str, advice: str
) -> None:
    workspace = make_workspace(**values)
    for page in (url(workspace), reverse("admin:integrations_intercomconnection_changelist")):
        assert f">{word}</span>" in staff.get(page).text
    assert advice in staff.get(url(workspace)).text


def test_it_says_how_many_fields_can_be_filled(staff: Client) -> None:
    fields = (
        Attribute("email", "Email", "string"),
        Attribute("custom_attributes.plan", "Plan", "string", custom=True),
        Attribute("custom_attributes.old", "Old", "string", custom=True, archived=True),
        Attribute("last_seen_at", "Last seen", "date"),
        Attribute("city", "City", "string", writable=False),
    )
    page = staff.get(url(make_workspace(fields=fields)))
    text = " ".join(page.text.split())
    assert "2 can be filled, 3 are read only" in text


def test_a_private_app_is_told_where_its_notifications_go(staff: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://leads.example.com"
    workspace = make_workspace()
    address = f"https://leads.example.com/webhooks/intercom/{workspace.uuid}/"
    assert address in staff.get(url(workspace)).text
    IntercomConnection.objects.update(access=Access.OAUTH)
    assert address not in staff.get(url(workspace)).text


def test_support_sees_it_without_the_means_to_change_its_access(client: Client) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    client.force_login(user)
    workspace = make_workspace()
    text = client.get(url(workspace)).text
    assert "Pause sending" in text
    for page in ("renew", "secret", "disconnect", "refresh"):
        assert url(workspace, page) not in text
    assert str(workspace.uuid) not in text


def test_a_workspace_that_is_gone_is_not_found(staff: Client) -> None:
    page = reverse("admin:integrations_intercomconnection_pause", args=[99])
    assert staff.post(page).status_code == 404


# Pausing, refreshing ----------------------------------------------------------------------------------


def test_pausing_holds_everybody_until_it_is_resumed(staff: Client) -> None:
    workspace = make_workspace()
    assert "Paused." in post(staff, workspace, "pause")
    stored = IntercomConnection.objects.get()
    assert stored.paused_at is not None
    assert stored.paused_by == User.objects.get()
    assert "Resumed." in post(staff, workspace, "resume")
    assert IntercomConnection.objects.get().paused_at is None
    assert LogEntry.objects.count() == 2


def test_pausing_twice_changes_nothing_more(staff: Client) -> None:
    workspace = make_workspace()
    post(staff, workspace, "pause")
    before = IntercomConnection.objects.values().get()
    post(staff, workspace, "pause")
    assert IntercomConnection.objects.values().get() == before
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("page", ["pause", "resume", "refresh", "renew", "secret"])
def test_a_link_alone_orders_nothing(staff: Client, page: str) -> None:
    assert staff.get(url(make_workspace(), page)).status_code == 405


def test_fields_are_read_again(staff: Client, intercom: Intercom) -> None:
    intercom.connection.attributes.all().delete()
    assert "fields read from Intercom." in post(staff, intercom.connection, "refresh")
    assert intercom.connection.attributes.filter(full_name="email").exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sealed_token": "nonsense"}, "cannot be read any more"),
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "no longer accepts our access"),
        ({"status": ConnectionStatus.DISCONNECTED, "sealed_token": ""}, "is disconnected"),
        ({"paused_until": timezone.now() + timedelta(days=9)}, "asked us to slow down"),
        ({}, "cannot be reached"),
    ],
)
def test_fields_stay_when_they_cannot_be_read_and_it_is_said_why(
    staff: Client, settings: Settings, values: dict[str, Any], sentence: str
) -> None:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"
    workspace = make_workspace(**values)
    before = workspace.attributes.count()
    assert sentence in post(staff, workspace, "refresh")
    assert workspace.attributes.count() == before


# Access and secrets -----------------------------------------------------------------------------------


def test_a_fresh_token_of_the_same_workspace_lets_everybody_go_on(staff: Client, intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    lead = make_lead(campaign)
    intercom.sandbox.add_workspace(intercom.workspace, name="Pretend workspace", token=SECRET)
    assert "Access renewed." in post(staff, intercom.connection, "renew", **{"access-token": SECRET})
    stored = IntercomConnection.objects.get()
    assert (stored.status, stored.token) == (ConnectionStatus.CONNECTED, SECRET)
    intercom.drain()
    assert owed(lead).state == State.CREATED
    assert LogEntry.objects.get().change_message == "Access renewed"


def test_the_token_of_another_workspace_is_refused_by_name(staff: Client, intercom: Intercom) -> None:
    intercom.sandbox.add_workspace("other001", name="Other & Sons", token=SECRET)
    before = IntercomConnection.objects.values().get()
    text = post(staff, intercom.connection, "renew", **{"access-token": SECRET})
    assert "opens another workspace, Other &amp; Sons, so nothing was changed" in text
    assert IntercomConnection.objects.values().get() == before


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "Paste the access token"),
        ("two words", "Copy it again from Intercom, whole."),
        ("naïve", "Copy it again from Intercom, whole."),
        ("a\0b", "Null characters are not allowed"),
        ("x" * 1001, "at most 1000 characters"),
        ("wrong-" + SECRET, "Intercom does not accept this token."),
    ],
)
def test_a_token_that_cannot_be_used_is_refused_and_not_shown_again(
    staff: Client, intercom: Intercom, token: str, sentence: str
) -> None:
    before = IntercomConnection.objects.values().get()
    text = post(staff, intercom.connection, "renew", **{"access-token": token})
    assert sentence in text
    assert SECRET not in text
    assert IntercomConnection.objects.values().get() == before


def test_intercom_out_of_reach_leaves_the_old_token(staff: Client, settings: Settings) -> None:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"
    workspace = make_workspace()
    assert "cannot be reached" in post(staff, workspace, "renew", **{"access-token": SECRET})
    assert IntercomConnection.objects.get().token == "token"


def test_a_disconnected_workspace_is_connected_from_a_campaign(staff: Client) -> None:
    workspace = make_workspace(status=ConnectionStatus.DISCONNECTED, sealed_token="")
    assert "This workspace is disconnected." in post(staff, workspace, "renew", **{"access-token": SECRET})
    assert url(workspace, "renew") not in staff.get(url(workspace)).text


def test_a_client_secret_goes_in_and_never_comes_out(staff: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    workspace = make_workspace()
    text = post(staff, workspace, "secret", **{"notifications-secret": SECRET})
    stored = IntercomConnection.objects.get()
    assert stored.webhook_secret == SECRET
    pages = [text, staff.get(url(workspace)).text, staff.get(url(workspace, "history")).text]
    assert "Client secret saved" in text
    for page in (*pages, caplog.text):
        assert SECRET not in page
        assert stored.sealed_webhook_secret not in page


@pytest.mark.parametrize("secret", ["", "  ", "two words", "é", "x" * 201])
def test_a_client_secret_that_cannot_be_one_leaves_the_old(staff: Client, secret: str) -> None:
    workspace = make_workspace()
    workspace.webhook_secret = "old"
    workspace.save(update_fields=["sealed_webhook_secret"])
    post(staff, workspace, "secret", **{"notifications-secret": secret})
    assert IntercomConnection.objects.get().webhook_secret == "old"


# The sandbox ------------------------------------------------------------------------------------------


def test_the_sandbox_is_asked_for_no_secret(staff: Client) -> None:
    workspace = make_workspace(region=Region.SANDBOX)
    text = staff.get(url(workspace)).text
    assert "needs no access token and no client secret" in text
    assert str(workspace.uuid) not in text
    for page in ("renew", "secret"):
        assert url(workspace, page) not in text
    listed = staff.get(reverse("admin:integrations_intercomconnection_changelist")).text
    for read in (text, listed):
        assert "private app" not in read
        assert "One click, without a token" in read


@pytest.mark.parametrize(
    ("page", "data"), [("renew", {"access-token": SECRET}), ("secret", {"notifications-secret": SECRET})]
)
def test_no_secret_of_the_sandbox_can_be_replaced(staff: Client, page: str, data: dict[str, str]) -> None:
    workspace = make_workspace(region=Region.SANDBOX)
    before = IntercomConnection.objects.values().get()
    assert "Nothing was changed" in post(staff, workspace, page, **data)
    assert IntercomConnection.objects.values().get() == before


def test_a_sandbox_that_needs_to_be_reconnected_points_to_no_form_that_is_not_there(staff: Client) -> None:
    workspace = make_workspace(region=Region.SANDBOX, status=ConnectionStatus.RECONNECT_NEEDED)
    text = staff.get(url(workspace)).text
    assert "Reconnect it from a campaign" in text
    assert "Renew the access below" not in text


def test_nobody_is_sent_to_intercom_after_disconnecting_the_sandbox(staff: Client) -> None:
    workspace = make_workspace(region=Region.SANDBOX)
    used_by(workspace)
    asked = staff.get(url(workspace, "disconnect")).text
    told = post(staff, workspace, "disconnect")
    assert "can be connected again at any time" in asked
    assert "The sandbox keeps its contacts" in told
    for text in (asked, told):
        assert "Developer Hub" not in text
        assert "until you delete" not in text


# Disconnecting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "level"),
    [
        (200, "access to the workspace was given back", "success"),
        (500, "Intercom could not be told", "warning"),
    ],
)
def test_what_became_of_the_access_is_said(
    staff: Client, intercom: Intercom, status: int, words: str, level: str
) -> None:
    IntercomConnection.objects.update(access=Access.OAUTH)
    if status != 200:
        fault = Fault(acts=False, path="/auth/uninstall", status=status)
        intercom.sandbox.add_fault(intercom.workspace, fault)
    answer = staff.post(url(intercom.connection, "disconnect"))
    (message,) = get_messages(answer.wsgi_request)
    assert words in str(message)
    assert message.level_tag == level


def test_disconnecting_asks_first_and_names_every_campaign(staff: Client) -> None:
    workspace = make_workspace()
    make_lead(used_by(workspace, "Spring"))
    used_by(workspace, "<i>Summer</i>")
    text = staff.get(url(workspace, "disconnect")).text
    assert "It stops these 2 campaigns" in text
    assert "1 person waits" in text
    assert "&lt;i&gt;Summer&lt;/i&gt;" in text
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


def test_disconnecting_stops_all_of_them_and_forgets_the_token(staff: Client) -> None:
    workspace = make_workspace()
    used_by(workspace, "Spring")
    used_by(workspace, "Summer")
    text = post(staff, workspace, "disconnect")
    assert "Disconnected. The settings of its campaigns are kept." in text
    assert "works until you delete the app in the Developer Hub" in text
    stored = IntercomConnection.objects.get()
    assert (stored.status, stored.sealed_token) == (ConnectionStatus.DISCONNECTED, "")
    assert not SyncSettings.objects.exclude(connection=None).exists()
    assert "disconnected already" in post(staff, workspace, "disconnect")
