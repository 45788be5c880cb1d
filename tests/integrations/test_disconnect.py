"""Pausing, disconnecting and forgetting: what stops, what is kept, and what becomes of our access."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client, RequestFactory

from campaigns.models import Audience, Campaign
from integrations.intercom.session import Session
from integrations.logic.states import Reason, State
from integrations.models import (
    Access,
    ConnectionStatus,
    Delivery,
    IntercomConnection,
    SettingsRevision,
    SyncSettings,
)
from integrations.sandbox.control import Fault
from integrations.services.campaign_connection import (
    attach,
    campaigns_of,
    consequences,
    detach,
    disconnect_workspace,
)
from integrations.services.connect import connect_with_token
from integrations.services.giving_back import GivenBack
from integrations.services.settings import FRESH, current, import_document
from integrations.services.settings_saving import WorkspaceGoneError
from integrations.views.page import load
from integrations.views.panel_words import saved_words
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.connecting_fixtures import admin, make_admin, page, panel, said
from tests.integrations.flow_fixtures import Intercom, owed, set_panel
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

__all__ = ["admin"]

pytestmark = pytest.mark.django_db

NEW_TOKEN = "token-renewed"


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    """A campaign that sends to the sandbox."""
    campaign = make_campaign("Spring")
    attach(campaign, connection=intercom.connection, user=None)
    set_panel(campaign)
    return campaign


@pytest.fixture
def by_oauth(intercom: Intercom) -> Intercom:
    IntercomConnection.objects.update(access=Access.OAUTH)
    return intercom


def leave(client: Client, campaign: Campaign) -> Any:
    return client.post(page(campaign, "intercom_disconnect"), {"tab": "leads"})


def connect_again(token: str = TOKEN) -> IntercomConnection:
    with Session() as session:
        return connect_with_token(token, region="US", session=session).connection


# Disconnecting a campaign ----------------------------------------------------------------------------


def test_the_settings_are_kept_and_new_people_are_not_sent(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    before = current(campaign, Audience.LEAD)
    answer = leave(admin, campaign)
    assert answer.url == panel(campaign)
    assert "Disconnected." in said(answer)
    tabs = SyncSettings.objects.filter(campaign=campaign)
    assert [tab.connection for tab in tabs] == [None, None]
    assert all(tab.disconnected_at for tab in tabs)
    after = current(campaign, Audience.LEAD)
    assert (after.action, after.rows) == (before.action, before.rows)
    lead = make_lead(campaign)
    assert (owed(lead).state, owed(lead).reason) == (State.NOT_SENT, Reason.DISCONNECTED)


def test_a_revision_says_who_did_it(admin: Client, campaign: Campaign) -> None:
    leave(admin, campaign)
    last = SettingsRevision.objects.filter(settings__campaign=campaign, settings__audience="lead").first()
    assert last is not None
    assert last.made_by is not None
    assert (last.content["workspace"], last.made_by.username) == (None, "ada")


def test_who_waits_keeps_waiting_and_goes_once_it_is_connected_again(
    campaign: Campaign, intercom: Intercom
) -> None:
    lead = make_lead(campaign)
    detach(campaign, user=None)
    assert owed(lead).state == State.WAITING
    intercom.drain()
    assert intercom.contacts() == []
    attach(campaign, connection=connect_again(), user=None)
    intercom.drain()
    assert owed(lead).state == State.CREATED


def test_the_question_about_who_joined_meanwhile_is_asked_anew(campaign: Campaign) -> None:
    SyncSettings.objects.filter(campaign=campaign).update(asked_at="2026-01-01T00:00:00Z")
    detach(campaign, user=None)
    attach(campaign, connection=connect_again(), user=None)
    assert [tab.asked_at for tab in SyncSettings.objects.filter(campaign=campaign)] == [None, None]


def test_renewing_access_asks_nothing_anew(campaign: Campaign) -> None:
    SyncSettings.objects.filter(campaign=campaign).update(asked_at="2026-01-01T00:00:00Z")
    attach(campaign, connection=connect_again(), user=None)
    assert all(tab.asked_at for tab in SyncSettings.objects.filter(campaign=campaign))


def test_a_campaign_that_a_person_disconnected_is_not_connected_by_a_file_that_names_no_workspace(
    campaign: Campaign, intercom: Intercom
) -> None:
    attach(make_campaign("Other"), connection=intercom.connection, user=None)
    detach(campaign, user=None)
    import_document(campaign, {"leads": {"action": "create_user"}})
    assert not SyncSettings.objects.filter(campaign=campaign, connection__isnull=False).exists()
    import_document(campaign, {"workspace": WORKSPACE})
    tabs = SyncSettings.objects.filter(campaign=campaign)
    assert [(tab.connection_id, tab.disconnected_at) for tab in tabs] == [(intercom.connection.pk, None)] * 2


def test_disconnecting_twice_is_harmless(admin: Client, campaign: Campaign) -> None:
    leave(admin, campaign)
    moments = list(SyncSettings.objects.values_list("disconnected_at", flat=True))
    answer = leave(admin, campaign)
    assert "not connected" in said(answer)
    assert list(SyncSettings.objects.values_list("disconnected_at", flat=True)) == moments


def test_connecting_and_disconnecting_read_as_such_in_the_history(admin: Client, campaign: Campaign) -> None:
    leave(admin, campaign)
    text = admin.get(page(campaign, "intercom_history", "leads")).text
    newest, _, older = text.partition("Version 2")
    assert "Disconnected from Pretend workspace" in newest
    assert "Connected to Pretend workspace" in older
    assert "→ Pretend workspace" not in text
    assert "Last changed by" in admin.get(panel(campaign)).text


def test_saving_while_disconnected_does_not_promise_that_people_wait(
    admin: Client, campaign: Campaign, rf: RequestFactory
) -> None:
    detach(campaign, user=None)
    _level, words = saved_words(load(rf.get("/"), campaign), Audience.LEAD, changed=True, waited=0)
    assert "nobody who joins is sent" in words
    assert "waits" not in words


def test_the_page_without_javascript_says_what_it_means(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    make_lead(campaign)
    text = admin.get(page(campaign, "intercom_disconnect")).text
    assert "campaign only" in text
    assert "All settings are kept" in text
    assert "1 person who waits keeps waiting." in text
    assert "access token is erased here" in text
    assert "Forget these settings" in text


def test_the_page_says_that_other_campaigns_go_on(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    attach(make_campaign("Other"), connection=intercom.connection, user=None)
    assert "1 other campaign goes on" in admin.get(page(campaign, "intercom_disconnect")).text


def test_the_dialog_is_asked_for_when_it_is_opened(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    make_lead(campaign)
    closed = admin.get(panel(campaign)).text
    assert 'id="disconnect-dialog"' in closed
    assert "keeps waiting" not in closed

    opened = admin.get(page(campaign, "intercom_disconnect"), headers={"HX-Request": "true"})
    text = opened.content.decode()
    assert "1 person who waits keeps waiting." in text
    assert "<html" not in text
    assert "data-closes" in text


def test_a_dialog_opened_too_late_leads_back_to_the_panel(admin: Client, campaign: Campaign) -> None:
    detach(campaign, user=None)
    answer = admin.get(page(campaign, "intercom_disconnect"), headers={"HX-Request": "true"})
    assert panel(campaign) in answer.headers["HX-Redirect"]


def test_asking_for_the_page_disconnects_nothing(admin: Client, campaign: Campaign) -> None:
    admin.get(page(campaign, "intercom_disconnect"))
    assert SyncSettings.objects.filter(connection__isnull=False).count() == 2


def test_the_page_of_a_campaign_that_is_not_connected_leads_back(admin: Client, intercom: Intercom) -> None:
    campaign = make_campaign()
    assert admin.get(page(campaign, "intercom_disconnect"))["Location"] == panel(campaign)


@pytest.mark.parametrize("name", ["intercom_disconnect", "intercom_forget", "intercom_move"])
def test_who_may_not_change_settings_may_not_disconnect(
    client: Client, campaign: Campaign, name: str
) -> None:
    client.force_login(make_admin("sue", rights=("view_campaign", "view_syncsettings", "pause_sync")))
    assert client.get(page(campaign, name)).status_code == 403
    assert client.post(page(campaign, name), {"sure": "on"}).status_code == 403
    assert SyncSettings.objects.filter(connection__isnull=False).count() == 2


def test_numbers_are_of_this_campaign_and_this_workspace(campaign: Campaign, intercom: Intercom) -> None:
    other = make_campaign("Other")
    attach(other, connection=intercom.connection, user=None)
    attach(make_campaign("Elsewhere"), connection=make_workspace("else0001"), user=None)
    set_panel(other)
    make_lead(campaign)
    make_lead(other)
    make_referrer(campaign)
    found = consequences(campaign, connection=intercom.connection)
    assert (found.waiting, found.others) == (1, 1)


# What becomes of our access --------------------------------------------------------------------------


def test_one_of_two_campaigns_leaves_the_workspace_connected(campaign: Campaign, by_oauth: Intercom) -> None:
    other = make_campaign("Other")
    attach(other, connection=by_oauth.connection, user=None)
    assert detach(campaign, user=None).given_back is GivenBack.KEPT
    by_oauth.connection.refresh_from_db()
    assert by_oauth.connection.status == ConnectionStatus.CONNECTED
    assert by_oauth.connection.token == TOKEN
    assert campaigns_of(by_oauth.connection) == [other]
    assert "POST /auth/uninstall" not in by_oauth.new_calls()


def test_the_last_campaign_gives_the_access_back(
    admin: Client, campaign: Campaign, by_oauth: Intercom
) -> None:
    answer = leave(admin, campaign)
    assert "given back" in said(answer)
    by_oauth.connection.refresh_from_db()
    assert by_oauth.connection.status == ConnectionStatus.DISCONNECTED
    assert by_oauth.connection.sealed_token == ""
    assert by_oauth.new_calls() == ["POST /auth/uninstall"]


def test_the_token_of_a_private_app_is_forgotten_without_asking_intercom(
    campaign: Campaign, intercom: Intercom
) -> None:
    assert detach(campaign, user=None).given_back is GivenBack.FORGOTTEN
    intercom.connection.refresh_from_db()
    assert intercom.connection.sealed_token == ""
    assert intercom.new_calls() == []


@pytest.mark.parametrize("status", [500, 404, 429, 403, 302])
def test_what_intercom_says_to_it_stops_nothing_and_is_said(
    admin: Client,
    campaign: Campaign,
    by_oauth: Intercom,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    by_oauth.sandbox.add_fault(WORKSPACE, Fault(acts=False, path="/auth/uninstall", status=status))
    answer = leave(admin, campaign)
    assert "Intercom could not be told" in said(answer)
    by_oauth.connection.refresh_from_db()
    assert by_oauth.connection.status == ConnectionStatus.DISCONNECTED
    assert by_oauth.connection.sealed_token == ""
    assert TOKEN not in caplog.text


def test_access_that_intercom_has_taken_already_counts_as_given_back(
    campaign: Campaign, by_oauth: Intercom
) -> None:
    by_oauth.sandbox.revoke(TOKEN)
    assert detach(campaign, user=None).given_back is GivenBack.REVOKED


def test_a_token_that_no_key_opens_is_erased_all_the_same(campaign: Campaign, by_oauth: Intercom) -> None:
    IntercomConnection.objects.update(sealed_token="unreadable")
    assert detach(campaign, user=None).given_back is GivenBack.NOT_TOLD
    by_oauth.connection.refresh_from_db()
    assert by_oauth.connection.sealed_token == ""


def test_a_disconnected_workspace_cannot_be_attached_and_is_no_reconnect(
    campaign: Campaign, intercom: Intercom
) -> None:
    detach(campaign, user=None)
    with pytest.raises(WorkspaceGoneError):
        attach(campaign, connection=intercom.connection, user=None)
    intercom.drain()
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.DISCONNECTED


def test_connecting_again_after_the_access_was_taken_sends_what_waited(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    lead = make_lead(campaign)
    intercom.sandbox.revoke(TOKEN)
    intercom.drain()
    assert "Reconnect needed" in admin.get(panel(campaign)).text
    intercom.sandbox.add_workspace(WORKSPACE, token=NEW_TOKEN)
    data = {"way": "token", "token": NEW_TOKEN, "region": "US"}
    answer = admin.post(page(campaign, "intercom_connect"), data)
    assert answer["Location"] == panel(campaign)
    intercom.drain()
    assert owed(lead).state == State.CREATED


# The whole workspace ---------------------------------------------------------------------------------


def test_disconnecting_a_workspace_takes_out_all_of_its_campaigns(
    campaign: Campaign, by_oauth: Intercom
) -> None:
    other, stranger = make_campaign("Autumn"), make_campaign("Stranger")
    attach(other, connection=by_oauth.connection, user=None)
    elsewhere = make_workspace("else0001")
    attach(stranger, connection=elsewhere, user=None)
    done = disconnect_workspace(by_oauth.connection, user=make_admin())
    assert ([one.name for one in done.campaigns], done.given_back) == (
        ["Autumn", "Spring"],
        GivenBack.REVOKED,
    )
    assert campaigns_of(by_oauth.connection) == []
    assert campaigns_of(elsewhere) == [stranger]


def test_a_workspace_without_campaigns_is_disconnected_too(intercom: Intercom) -> None:
    assert disconnect_workspace(intercom.connection, user=None).campaigns == ()
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.DISCONNECTED


# Pausing ---------------------------------------------------------------------------------------------


def order(client: Client, campaign: Campaign, do: str) -> Any:
    return client.post(page(campaign, "intercom_pause"), {"do": do, "tab": "referrers"})


def test_a_pause_stops_both_tabs_until_it_is_resumed(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    answer = order(admin, campaign, "pause")
    assert answer.url == panel(campaign, "referrers")
    lead = make_lead(campaign)
    intercom.drain()
    assert owed(lead).state == State.WAITING
    text = admin.get(panel(campaign)).text
    assert ">Paused</span>" in text
    assert 'value="resume"' in text
    order(admin, campaign, "resume")
    intercom.drain()
    assert owed(lead).state == State.CREATED
    assert not SyncSettings.objects.filter(paused_at__isnull=False).exists()


@pytest.mark.parametrize("do", ["", "nonsense", "resume"])
def test_other_orders_pause_nothing(admin: Client, campaign: Campaign, do: str) -> None:
    answer = order(admin, campaign, do)
    assert said(answer) == ""
    assert not SyncSettings.objects.filter(paused_at__isnull=False).exists()


def test_a_visit_pauses_nothing(admin: Client, campaign: Campaign) -> None:
    answer = admin.get(page(campaign, "intercom_pause"), {"do": "pause"})
    assert answer["Location"] == panel(campaign)
    assert not SyncSettings.objects.filter(paused_at__isnull=False).exists()


def test_pausing_needs_its_own_right(client: Client, campaign: Campaign) -> None:
    client.force_login(make_admin("ed", rights=("view_campaign", "change_syncsettings")))
    assert order(client, campaign, "pause").status_code == 403
    client.force_login(make_admin("sue", rights=("view_campaign", "view_syncsettings", "pause_sync")))
    assert order(client, campaign, "pause").status_code == 302
    assert SyncSettings.objects.filter(paused_at__isnull=False).count() == 2


# Forgetting ------------------------------------------------------------------------------------------


def test_forgetting_starts_both_tabs_afresh_and_leaves_the_history(
    admin: Client, campaign: Campaign, intercom: Intercom
) -> None:
    said_before = SettingsRevision.objects.filter(settings__campaign=campaign).count()
    answer = admin.post(page(campaign, "intercom_forget"), {"sure": "on", "tab": "leads"})
    assert answer["Location"] == panel(campaign)
    after = current(campaign, Audience.LEAD)
    assert (after.action, after.rows) == (FRESH.action, FRESH.rows)
    # The tab for referrers said nothing yet, so only the other one has something to forget.
    assert SettingsRevision.objects.filter(settings__campaign=campaign).count() == said_before + 1
    assert campaigns_of(intercom.connection) == [campaign]


@pytest.mark.parametrize("data", [{}, {"sure": ""}, {"sure": "off"}])
def test_without_the_tick_nothing_is_forgotten(
    admin: Client, campaign: Campaign, data: dict[str, str]
) -> None:
    answer = admin.post(page(campaign, "intercom_forget"), data)
    assert answer.status_code == 200
    assert "Tick this first" in answer.text
    assert current(campaign, Audience.LEAD).action == "create_lead"


def test_the_page_says_what_becomes_of_who_waits(admin: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    text = admin.get(page(campaign, "intercom_forget")).text
    assert "1 person who waits stays waiting" in text
    assert "Spring" in text


def test_forgetting_loses_nobody(admin: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    admin.post(page(campaign, "intercom_forget"), {"sure": "on"})
    assert Delivery.objects.get(participant=lead).state == State.WAITING


def test_forgetting_while_disconnected_stays_disconnected(admin: Client, campaign: Campaign) -> None:
    detach(campaign, user=None)
    admin.post(page(campaign, "intercom_forget"), {"sure": "on"})
    tabs = SyncSettings.objects.filter(campaign=campaign)
    assert all(tab.disconnected_at and tab.connection is None for tab in tabs)
