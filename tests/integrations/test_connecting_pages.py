"""The CRM tab, the modal, and every way to connect but Intercom's permission page."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Audience, Campaign
from integrations.logic.states import Reason, State
from integrations.logic.types import Attribute
from integrations.models import (
    Access,
    ConnectionStatus,
    Delivery,
    IntercomConnection,
    SettingsRevision,
    SyncSettings,
)
from integrations.sandbox import demo
from integrations.sandbox.control import Fault, Sandbox
from integrations.services.campaign_connection import attach, detach, workspace_before
from integrations.services.outcome_words import STANDINGS
from integrations.services.settings import current, import_document
from integrations.services.standing import BADGES, Standing, standing_of
from integrations.services.workspaces import badge_of
from integrations.views.header import header
from integrations.views.page import load
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.connecting_fixtures import RIGHTS, admin, make_admin, oauth, page, panel, said
from tests.integrations.flow_fixtures import owed
from tests.integrations.panel import EMAIL, WHOLE, make_workspace
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path

    from django.test.client import RequestFactory

__all__ = ["admin", "oauth"]

pytestmark = pytest.mark.django_db

MARKED = "tok-MARKED-0123456789"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign("Spring")


@pytest.fixture
def answering(sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.INTERCOM_API_URL = sandbox.url
    return sandbox


def give(client: Client, campaign: Campaign, **data: Any) -> Any:
    return client.post(page(campaign, "intercom_connect"), data)


def give_token(client: Client, campaign: Campaign, token: str = TOKEN, **data: Any) -> Any:
    return give(client, campaign, **{"way": "token", "token": token, "region": "US", **data})


def workspace_of(campaign: Campaign) -> IntercomConnection | None:
    rows = SyncSettings.objects.filter(campaign=campaign)
    (used,) = {row.connection for row in rows.select_related("connection")} or {None}
    return used


# How it stands ---------------------------------------------------------------------------------------


def standing(campaign: Campaign) -> Standing:
    return standing_of(SyncSettings.objects.filter(campaign=campaign))


def test_a_campaign_without_settings_is_not_connected(campaign: Campaign) -> None:
    assert standing(campaign) is Standing.NOT_CONNECTED


def test_what_must_be_done_hides_what_was_ordered(campaign: Campaign) -> None:
    connection = make_workspace()
    attach(campaign, connection=connection, user=None)
    assert standing(campaign) is Standing.CONNECTED
    SyncSettings.objects.filter(campaign=campaign).update(paused_at=timezone.now())
    assert standing(campaign) is Standing.PAUSED
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    assert standing(campaign) is Standing.RECONNECT_NEEDED


def test_a_paused_workspace_pauses_its_campaigns(campaign: Campaign) -> None:
    attach(campaign, connection=make_workspace(paused_at=timezone.now()), user=None)
    assert standing(campaign) is Standing.PAUSED


def test_paused_looks_the_same_wherever_it_is_said(campaign: Campaign) -> None:
    workspace = make_workspace(paused_at=timezone.now())
    assert badge_of(workspace) == BADGES[Standing.PAUSED] == STANDINGS[Reason.PAUSED_CAMPAIGN]
    assert STANDINGS[Reason.PAUSED_WORKSPACE].look == BADGES[Standing.PAUSED].look


def test_one_tab_alone_says_which_workspace_it_is(campaign: Campaign) -> None:
    SyncSettings.objects.create(campaign=campaign, audience="lead")
    SyncSettings.objects.create(campaign=campaign, audience="referrer", connection=make_workspace())
    assert standing(campaign) is Standing.CONNECTED


# The CRM tab -----------------------------------------------------------------------------------------


def test_the_tab_has_one_tile_with_its_connect_button(admin: Client, campaign: Campaign) -> None:
    text = admin.get(page(campaign, "crm")).text
    assert text.count('class="card stack tile"') == 1
    assert "Not connected" in text
    assert 'data-opens="connect-dialog"' in text
    assert "Connect Your Intercom" in text


# What becomes of who joins without a workspace -------------------------------------------------------


def story_pages(client: Client, campaign: Campaign) -> list[str]:
    addresses = (
        page(campaign, "crm"),
        page(campaign, "overview"),
        panel(campaign),
        panel(campaign, "referrers"),
    )
    return [client.get(address).text for address in addresses]


@pytest.mark.parametrize(
    ("leads", "referrers", "words"),
    [
        (None, None, "nobody who joins is sent"),
        ("nothing", "nothing", "nobody who joins is sent"),
        ("create_lead", None, "Leads who join wait until you connect one; referrers are not sent."),
        ("nothing", "create_user", "Referrers who join wait until you connect one; leads are not sent."),
        ("create_user", "create_lead", "People who join wait until you connect one."),
    ],
)
def test_every_page_tells_what_truly_becomes_of_who_joins_before_connecting(
    client: Client, campaign: Campaign, leads: str | None, referrers: str | None, words: str
) -> None:
    client.force_login(make_admin("eve", rights=(*RIGHTS, "view_delivery", "view_participant")))
    tabs = {"leads": leads, "referrers": referrers}
    import_document(campaign, {tab: {"action": action} for tab, action in tabs.items() if action})
    waits = [owed(make(campaign)).state == State.WAITING for make in (make_lead, make_referrer)]
    assert waits == [action not in {None, "nothing"} for action in (leads, referrers)]
    for text in story_pages(client, campaign):
        assert words in text


def test_every_page_tells_that_a_disconnected_campaign_sends_nobody(
    client: Client, campaign: Campaign
) -> None:
    client.force_login(make_admin("eve", rights=(*RIGHTS, "view_delivery", "view_participant")))
    attach(campaign, connection=make_workspace(), user=None)
    import_document(campaign, {"leads": {"action": "create_lead"}})
    detach(campaign, user=None)
    assert owed(make_lead(campaign)).state == State.NOT_SENT
    for text in story_pages(client, campaign):
        assert "People who join are not sent; they can be sent later" in text
        assert "wait until" not in text


def test_a_page_without_a_workspace_says_nothing_of_the_kind_once_there_is_one(
    admin: Client, campaign: Campaign
) -> None:
    attach(campaign, connection=make_workspace(), user=None)
    assert "workspace is connected" not in admin.get(page(campaign, "crm")).text


# The tile --------------------------------------------------------------------------------------------


def test_the_tile_of_a_connected_campaign_names_the_workspace(admin: Client, campaign: Campaign) -> None:
    attach(campaign, connection=make_workspace(name=SCRIPT), user=None)
    text = admin.get(page(campaign, "crm")).text
    assert "Connected" in text
    assert "connect-dialog" not in text
    assert SCRIPT not in text
    assert panel(campaign) in text


@pytest.mark.parametrize("state", [*ConnectionStatus, "none", "paused"])
def test_the_tile_says_setup_required_and_what_is_missing_however_the_connection_stands(
    admin: Client, campaign: Campaign, state: str
) -> None:
    if state != "none":
        attach(campaign, connection=make_workspace(), user=None)
    if state in set(ConnectionStatus):
        IntercomConnection.objects.update(status=state)
    rows = [{"data_type": "dynamic", "from": "lead.full_name", "to": ""}]
    import_document(campaign, {"leads": {"action": "create_lead"}, "referrers": {"action": "nothing"}})
    text = admin.get(page(campaign, "crm")).text
    assert text.count("Setup Required") == 1
    assert "Leads: Email is not mapped yet." in text
    assert "Referrers:" not in text
    import_document(campaign, {"referrers": {"action": "create_user", "field_map": rows}})
    if state == "paused":
        SyncSettings.objects.update(paused_at=timezone.now())
    text = admin.get(page(campaign, "crm")).text
    assert "Referrers: Email is not mapped yet, 1 field is not complete." in text


def test_the_tile_of_a_complete_campaign_asks_for_nothing(admin: Client, campaign: Campaign) -> None:
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL]}})
    assert "Setup Required" not in admin.get(page(campaign, "crm")).text


def test_who_may_only_look_sees_the_tile_without_buttons_to_connect(
    client: Client, campaign: Campaign
) -> None:
    client.force_login(make_admin("sue", rights=("view_campaign", "view_syncsettings")))
    text = client.get(page(campaign, "crm")).text
    assert "Not connected" in text
    assert "connect-dialog" not in text
    assert client.get(page(campaign, "intercom_connect")).status_code == 403


def test_who_may_see_campaigns_alone_sees_no_integrations(client: Client, campaign: Campaign) -> None:
    client.force_login(make_admin("tom", rights=("view_campaign",)))
    assert client.get(page(campaign, "crm")).status_code == 403


# The modal, and the page with the same content -------------------------------------------------------


def test_it_says_what_connecting_allows_and_what_each_permission_is_for(
    admin: Client, campaign: Campaign
) -> None:
    text = admin.get(page(campaign, "intercom_connect")).text
    assert "sync referrers and leads to Intercom automatically" in text
    assert "qualify referred users when they convert" in text
    for name in ("Read and list users and companies", "Write users and companies", "Write data attributes"):
        assert name in text
    assert "tags" not in text.lower()


def test_the_button_for_the_permission_page_is_there_with_an_app_of_our_own_only(
    admin: Client, campaign: Campaign, oauth: Sandbox, settings: Settings
) -> None:
    assert page(campaign, "intercom_oauth") in admin.get(page(campaign, "intercom_connect")).text
    settings.INTERCOM_CLIENT_SECRET = ""
    assert page(campaign, "intercom_oauth") not in admin.get(page(campaign, "intercom_connect")).text


def test_the_sandbox_is_offered_where_it_is_switched_on(
    admin: Client, campaign: Campaign, settings: Settings
) -> None:
    assert "Connect the sandbox" in admin.get(page(campaign, "intercom_connect")).text
    settings.INTERCOM_SANDBOX = False
    assert "Connect the sandbox" not in admin.get(page(campaign, "intercom_connect")).text


def test_a_real_workspace_is_never_renewed_by_the_sandbox(admin: Client, campaign: Campaign) -> None:
    attach(campaign, connection=make_workspace(), user=None)
    text = admin.get(page(campaign, "intercom_connect")).text
    assert "Connect the sandbox" not in text
    assert "This renews our access to" in text


def test_a_sandbox_that_works_is_left_for_a_real_workspace(admin: Client, campaign: Campaign) -> None:
    attach(campaign, connection=make_workspace(region="SANDBOX"), user=None)
    text = admin.get(page(campaign, "intercom_connect")).text
    assert 'name="token"' in text
    assert "Connect the sandbox" not in text
    assert "This renews our access to" not in text


def test_a_sandbox_that_is_connected_already_is_offered_once(admin: Client, campaign: Campaign) -> None:
    attach(make_campaign("Other"), connection=make_workspace(region="SANDBOX", name="Play"), user=None)
    for name in ("intercom_connect", "crm"):
        text = admin.get(page(campaign, name)).text
        assert text.count('name="workspace"') == 1
        assert "Connect the sandbox" not in text


def test_a_sandbox_that_lost_its_access_is_offered_anew(admin: Client, campaign: Campaign) -> None:
    make_workspace(region="SANDBOX", status=ConnectionStatus.RECONNECT_NEEDED)
    assert "Connect the sandbox" in admin.get(page(campaign, "intercom_connect")).text


def test_without_a_permission_page_nothing_is_folded_over_the_token_and_only_the_sandbox_stands_before_it(
    admin: Client, campaign: Campaign
) -> None:
    for name in ("intercom_connect", "crm"):
        text = admin.get(page(campaign, name)).text
        before, _, _after = text.partition('name="token"')
        assert before.count("<details") == before.count("</details")
        assert "Developer Hub" in before
        # It is short, and below the long way nobody would find it.
        assert "Connect the sandbox" in before.partition("Developer Hub")[0]
        assert "Permissions that Intercom asks you for" not in text
        assert "Use an access token instead" not in text


def test_with_a_permission_page_the_token_is_folded_below_it(
    admin: Client, campaign: Campaign, oauth: Sandbox
) -> None:
    text = admin.get(page(campaign, "intercom_connect")).text
    before, _, after = text.partition("Use an access token instead")
    assert page(campaign, "intercom_oauth") in before
    assert "Permissions that Intercom asks you for" in before
    assert 'name="token"' in after


def test_no_page_promises_a_permission_page_that_is_not_there(
    admin: Client, campaign: Campaign, settings: Settings
) -> None:
    for name in (page(campaign, "intercom_connect"), page(campaign, "crm"), panel(campaign)):
        assert "allow access" not in admin.get(name).text
    assert "You copy an access token" in admin.get(panel(campaign)).text
    settings.INTERCOM_CLIENT_ID, settings.INTERCOM_CLIENT_SECRET = "app-id", "secret"
    assert "You sign in to Intercom and allow access" in admin.get(panel(campaign)).text


def test_a_sandbox_that_was_switched_off_breaks_no_page(
    admin: Client, campaign: Campaign, settings: Settings
) -> None:
    lost = make_workspace(region="SANDBOX", status=ConnectionStatus.RECONNECT_NEEDED)
    attach(campaign, connection=lost, user=None)
    settings.INTERCOM_SANDBOX = False
    for name in ("crm", "intercom_connect", "intercom_disconnect"):
        assert admin.get(page(campaign, name)).status_code == 200
    assert admin.get(panel(campaign)).status_code == 200


# An access token -------------------------------------------------------------------------------------


def test_a_token_connects_the_campaign(admin: Client, campaign: Campaign, answering: Sandbox) -> None:
    answer = give_token(admin, campaign, client_secret="hook-secret", tab="referrers")
    connection = workspace_of(campaign)
    assert connection is not None
    assert (connection.access, connection.token) == (Access.TOKEN, TOKEN)
    assert connection.webhook_secret == "hook-secret"
    assert answer.url == panel(campaign, "referrers")
    assert "Connected to Pretend workspace" in said(answer)


def test_both_tabs_begin_as_fresh_ones_with_a_revision_each(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    give_token(admin, campaign)
    assert current(campaign, Audience.LEAD).rows[0].target == "email"
    made = SettingsRevision.objects.filter(settings__campaign=campaign)
    assert sorted(made.values_list("settings__audience", "made_by__username")) == [
        ("lead", "ada"),
        ("referrer", "ada"),
    ]


def test_a_tab_that_was_set_up_before_connecting_keeps_what_it_says(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    import_document(campaign, {"leads": {"action": "create_user"}})
    give_token(admin, campaign)
    assert SyncSettings.objects.get(campaign=campaign, audience="lead").action == "create_user"
    assert workspace_of(campaign) is not None


def test_renewing_a_token_keeps_the_webhook_secret_unless_a_new_one_is_given(
    client: Client, campaign: Campaign, answering: Sandbox
) -> None:
    client.force_login(make_admin("ida", rights=(*RIGHTS, "change_intercomconnection")))
    give_token(client, campaign, client_secret="first")
    give_token(client, campaign)
    assert IntercomConnection.objects.get().webhook_secret == "first"
    give_token(client, campaign, client_secret="second")
    assert IntercomConnection.objects.get().webhook_secret == "second"


@pytest.mark.parametrize(
    "data",
    [
        {"token": ""},
        {"token": "   "},
        {"token": "two words"},
        {"token": "tok\nen"},
        {"token": "tök"},
        {"token": "\0"},
        {"token": "x" * 1001},
        {"region": ""},
        {"region": "SANDBOX"},
        {"region": "MARS"},
        {"client_secret": "two words"},
    ],
)
def test_what_cannot_be_a_token_is_refused_before_anybody_is_asked(
    admin: Client, campaign: Campaign, answering: Sandbox, data: dict[str, str]
) -> None:
    answer = give_token(admin, campaign, **data)
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.text
    assert answering.calls(WORKSPACE) == []
    assert not IntercomConnection.objects.exists()


def test_a_token_that_intercom_refuses_is_said_beside_the_field(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    answer = give_token(admin, campaign, MARKED)
    assert answer.status_code == 200
    assert "Intercom does not accept this token" in answer.text
    assert not IntercomConnection.objects.exists()
    assert not SyncSettings.objects.exists()


def test_a_refusal_is_seen_where_the_token_is_folded_away(
    admin: Client, campaign: Campaign, oauth: Sandbox
) -> None:
    assert '<details class="fold" open>' in give_token(admin, campaign, MARKED).text
    assert '<details class="fold" open>' not in admin.get(page(campaign, "intercom_connect")).text


def test_no_secret_that_was_typed_comes_back(
    admin: Client, campaign: Campaign, answering: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for data in ({}, {"region": ""}, {"client_secret": f"{MARKED} x"}):
        assert MARKED not in give_token(admin, campaign, MARKED, **{"client_secret": MARKED, **data}).text
    assert MARKED not in caplog.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(acts=False, status=500), "trouble of its own"),
        (Fault(acts=False, status=429), "slow down"),
        (Fault(acts=False, status=403), "permissions that are named"),
        (Fault(acts=False, status=200, body="<html>"), "cannot read"),
        (Fault(acts=False, status=200, body='{"app": null}'), "no workspace"),
    ],
)
def test_what_keeps_intercom_from_answering_is_said(
    admin: Client, campaign: Campaign, answering: Sandbox, fault: Fault, words: str
) -> None:
    answering.add_fault(WORKSPACE, fault)
    assert words in give_token(admin, campaign).text
    assert not SyncSettings.objects.exists()


def test_an_address_that_cannot_be_used_is_said(
    admin: Client, campaign: Campaign, settings: Settings
) -> None:
    settings.INTERCOM_API_URL = "http://intercom.example"
    assert "INTERCOM_API_URL" in give_token(admin, campaign).text


def test_a_refused_renewal_leaves_the_old_token(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    give_token(admin, campaign)
    give_token(admin, campaign, MARKED)
    assert IntercomConnection.objects.get().token == TOKEN


@pytest.mark.parametrize("way", ["", "magic", "oauth"])
def test_an_unknown_way_shows_the_ways_there_are(admin: Client, campaign: Campaign, way: str) -> None:
    assert give(admin, campaign, way=way).status_code == 200


@pytest.mark.parametrize("tab", ["", "nonsense", "//evil.example", "\0"])
def test_a_made_up_tab_leads_to_the_leads(
    admin: Client, campaign: Campaign, answering: Sandbox, tab: str
) -> None:
    assert give_token(admin, campaign, tab=tab).url == panel(campaign)


# The sandbox, and workspaces that are connected already ----------------------------------------------


@pytest.fixture
def own_sandbox(sandbox: Sandbox, settings: Settings, tmp_path: Path) -> Sandbox:
    """The pretend workspace of an installation without an account."""
    settings.INTERCOM_SANDBOX_FILE, settings.INTERCOM_SANDBOX_URL = tmp_path / "own.sqlite3", sandbox.url
    sandbox.add_workspace(demo.WORKSPACE_ID, name=demo.WORKSPACE_NAME, token=demo.TOKEN)
    return sandbox


def test_the_sandbox_connects_with_one_click(admin: Client, campaign: Campaign, own_sandbox: Sandbox) -> None:
    answer = give(admin, campaign, way="sandbox")
    connection = workspace_of(campaign)
    assert connection is not None
    assert (connection.region, connection.name) == ("SANDBOX", demo.WORKSPACE_NAME)
    assert answer.url == panel(campaign)


def test_connecting_the_sandbox_again_keeps_since_when_others_use_it(
    admin: Client, campaign: Campaign, own_sandbox: Sandbox
) -> None:
    give(admin, make_campaign("Other"), way="sandbox")
    first = datetime(2026, 1, 1, tzinfo=UTC)
    IntercomConnection.objects.update(connected_at=first, status_since=first)
    give(admin, campaign, way="sandbox")
    again = workspace_of(campaign)
    assert again is not None
    assert (again.connected_at, again.status_since) == (first, first)


def test_a_sandbox_that_is_switched_off_is_not_there(
    admin: Client, campaign: Campaign, own_sandbox: Sandbox, settings: Settings
) -> None:
    settings.INTERCOM_SANDBOX = False
    assert give(admin, campaign, way="sandbox").status_code == 404
    assert not IntercomConnection.objects.exists()


def test_a_sandbox_that_does_not_answer_is_said(
    admin: Client, campaign: Campaign, own_sandbox: Sandbox, settings: Settings
) -> None:
    settings.INTERCOM_SANDBOX_URL = "http://127.0.0.1:9"
    assert "cannot be reached" in give(admin, campaign, way="sandbox").text


def test_a_workspace_of_another_campaign_is_used_without_asking_intercom(
    admin: Client, campaign: Campaign
) -> None:
    known = make_workspace("acme1234", name="Acme")
    make_workspace("lost0001", name="Lost", status=ConnectionStatus.RECONNECT_NEEDED)
    assert "Lost" not in admin.get(page(campaign, "intercom_connect")).text
    answer = give(admin, campaign, way="known", workspace=known.pk)
    assert workspace_of(campaign) == known
    assert "Connected to Acme" in said(answer)


@pytest.mark.parametrize("key", ["", "0", "x", "99999999999999999999", "\0"])
def test_a_workspace_that_is_not_there_is_said(admin: Client, campaign: Campaign, key: str) -> None:
    make_workspace()
    assert "disconnected in the meantime" in give(admin, campaign, way="known", workspace=key).text
    assert not SyncSettings.objects.exists()


def test_a_workspace_that_needs_to_be_reconnected_cannot_simply_be_used(
    admin: Client, campaign: Campaign
) -> None:
    lost = make_workspace(status=ConnectionStatus.RECONNECT_NEEDED)
    give(admin, campaign, way="known", workspace=lost.pk)
    assert not SyncSettings.objects.exists()


def test_who_waited_for_a_workspace_is_woken_once_there_is_one(
    admin: Client, campaign: Campaign, django_capture_on_commit_callbacks: Any
) -> None:
    import_document(campaign, {"leads": WHOLE["leads"] | {"qualification": {"method": "none"}}})
    make_lead(campaign)
    known = make_workspace()
    with django_capture_on_commit_callbacks(execute=True):
        give(admin, campaign, way="known", workspace=known.pk)
    known.refresh_from_db()
    assert known.dirty
    assert Delivery.objects.get().state == "waiting"


# Another workspace than before -----------------------------------------------------------------------


@pytest.fixture
def at_acme(campaign: Campaign) -> IntercomConnection:
    """The campaign's workspace, whose fields its settings name."""
    acme = make_workspace("acme1234", name="Acme")
    import_document(campaign, WHOLE)
    return acme


def other_workspace() -> IntercomConnection:
    return make_workspace("beta5678", name="Beta", fields=make_fields("email", "name"))


def make_fields(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, name.capitalize(), "string") for name in names)


def answer_move(client: Client, campaign: Campaign, to: IntercomConnection, answer: str) -> Any:
    return client.post(page(campaign, "intercom_move"), {"to": to.pk, "answer": answer})


def test_a_campaign_is_not_moved_silently(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection, answering: Sandbox
) -> None:
    answer = give_token(admin, campaign)
    new = IntercomConnection.objects.get(workspace_id=WORKSPACE)
    assert answer.url == page(campaign, "intercom_move", to=new.pk, tab="leads")
    assert workspace_of(campaign) == at_acme


def test_not_even_one_that_was_disconnected_since(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    detach(campaign, user=None)
    beta = other_workspace()
    answer = give(admin, campaign, way="known", workspace=beta.pk)
    assert answer.url == page(campaign, "intercom_move", to=beta.pk, tab="leads")
    assert workspace_of(campaign) is None


def test_the_question_names_both_those_who_wait_and_the_fields_that_lack(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    make_lead(campaign)
    text = admin.get(page(campaign, "intercom_move", to=other_workspace().pk)).text
    assert "Use Beta" in text
    assert "Keep Acme" in text
    assert "1 person who waits goes to <bdi>Beta</bdi>" in text
    assert "<bdi>lead_source</bdi>, <bdi>plan</bdi>" in text
    assert "<bdi>email</bdi>" not in text


def test_two_workspaces_of_one_name_are_told_apart(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    IntercomConnection.objects.update(name="Acme")
    twin = make_workspace("beta5678", name="Acme", region="EU")
    text = admin.get(page(campaign, "intercom_move", to=twin.pk)).text
    assert "Use Acme (Europe, beta5678)" in text
    assert f"Keep Acme (United States, {at_acme.workspace_id})" in text
    detach(campaign, user=None)
    known = admin.get(page(campaign, "intercom_connect")).text
    assert "Europe · <bdi>beta5678</bdi>" in known
    assert 'Use this workspace<span class="visually-hidden">: Acme (Europe, beta5678)</span>' in known


def test_looking_at_the_question_moves_nothing(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    admin.get(page(campaign, "intercom_move", to=other_workspace().pk))
    assert workspace_of(campaign) == at_acme


def test_the_campaign_moves_with_a_revision_and_field_problems(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    beta = other_workspace()
    answer_move(admin, campaign, beta, "use")
    assert workspace_of(campaign) == beta
    leads = SyncSettings.objects.get(campaign=campaign, audience="lead")
    assert leads.revisions.latest("number").content["workspace"] == "beta5678"
    problems = dict(leads.field_map.values_list("target", "problem"))
    assert problems["custom_attributes.lead_source"]
    assert not problems["email"]
    at_acme.refresh_from_db()
    assert at_acme.status == ConnectionStatus.CONNECTED


@pytest.mark.parametrize("answer", ["keep", "", "nonsense"])
def test_any_other_answer_keeps_the_workspace(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection, answer: str
) -> None:
    result = answer_move(admin, campaign, other_workspace(), answer)
    assert workspace_of(campaign) == at_acme
    assert "Nothing was changed" in said(result)


def test_keeping_a_workspace_that_still_works_connects_a_disconnected_campaign_to_it(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    attach(make_campaign("Other"), connection=at_acme, user=None)
    detach(campaign, user=None)
    answer_move(admin, campaign, other_workspace(), "keep")
    assert workspace_of(campaign) == at_acme


def test_keeping_a_workspace_that_is_gone_stays_disconnected(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection
) -> None:
    detach(campaign, user=None)
    beta = other_workspace()
    assert "Stay disconnected" in admin.get(page(campaign, "intercom_move", to=beta.pk)).text
    answer_move(admin, campaign, beta, "keep")
    assert workspace_of(campaign) is None


def test_the_workspace_it_had_is_taken_back_without_a_question(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    give_token(admin, campaign)
    detach(campaign, user=None)
    assert give_token(admin, campaign).url == panel(campaign)
    assert workspace_of(campaign) is not None


@pytest.mark.parametrize("key", ["", "0", "x", "99999999999999999999", "\0"])
def test_a_move_to_a_workspace_that_is_not_there_is_said(
    admin: Client, campaign: Campaign, at_acme: IntercomConnection, key: str
) -> None:
    for answer in (
        admin.get(page(campaign, "intercom_move"), {"to": key}),
        admin.post(page(campaign, "intercom_move"), {"to": key, "answer": "use"}),
    ):
        assert answer["Location"] == panel(campaign)
        assert "not connected any more" in said(answer)
    assert workspace_of(campaign) == at_acme


def test_a_campaign_that_never_had_a_workspace_is_not_moved_by_an_address(
    admin: Client, campaign: Campaign
) -> None:
    admin.get(page(campaign, "intercom_move", to=make_workspace().pk))
    assert not SyncSettings.objects.exists()


def test_a_workspace_that_we_forgot_is_still_known_by_its_id(campaign: Campaign) -> None:
    acme = make_workspace("acme1234")
    attach(campaign, connection=acme, user=None)
    detach(campaign, user=None)
    acme.delete()
    former = workspace_before(campaign)
    assert former is not None
    assert (former.workspace_id, former.connection) == ("acme1234", None)


# The card at the top of the panel --------------------------------------------------------------------


@pytest.fixture
def asking(rf: RequestFactory) -> Any:
    request: Any = rf.get("/")
    request.user = make_admin("head", rights=RIGHTS)
    request.user.has_perm("x.y")  # reads the rights, which every page reads anyway
    return request


@pytest.mark.parametrize("state", ["none", "connected", "reconnect", "detached"])
def test_the_card_costs_one_query_at_most(campaign: Campaign, asking: Any, state: str) -> None:
    if state != "none":
        status = ConnectionStatus.RECONNECT_NEEDED if state == "reconnect" else ConnectionStatus.CONNECTED
        attach(campaign, connection=make_workspace(status=status), user=None)
    if state == "detached":
        detach(campaign, user=None)
    loaded = load(asking, campaign)
    assert (loaded.connection is None) == (state in {"none", "detached"})
    with CaptureQueriesContext(database) as asked:
        header(loaded, Audience.LEAD)
    assert len(asked) <= 1


@pytest.mark.parametrize(
    ("status", "word", "button"),
    [
        (ConnectionStatus.CONNECTED, "Connected", "Renew access"),
        (ConnectionStatus.RECONNECT_NEEDED, "Reconnect needed", "Reconnect"),
    ],
)
def test_the_card_says_how_it_stands_and_offers_what_helps(
    admin: Client, campaign: Campaign, status: ConnectionStatus, word: str, button: str
) -> None:
    attach(campaign, connection=make_workspace(name="Acme & Co", status=status), user=None)
    text = admin.get(panel(campaign)).text
    assert f">{word}</span>" in text
    assert f">{button}</a>" in text
    assert "Acme &amp; Co" in text
    assert 'data-opens="disconnect-dialog"' in text


def test_the_card_of_a_campaign_without_workspace_offers_to_connect(
    admin: Client, campaign: Campaign
) -> None:
    text = admin.get(panel(campaign)).text
    assert ">Not connected</span>" in text
    assert 'data-opens="connect-dialog"' in text
    assert "disconnect-dialog" not in text


def test_who_may_only_look_sees_the_card_without_buttons(client: Client, campaign: Campaign) -> None:
    attach(campaign, connection=make_workspace(), user=None)
    client.force_login(make_admin("sue", rights=("view_campaign", "view_syncsettings")))
    text = client.get(panel(campaign)).text
    assert ">Connected</span>" in text
    for part in ("disconnect-dialog", "Renew access", 'value="pause"'):
        assert part not in text
