"""Connecting by Intercom's own permission page: the way there, the way back, and every way to fail."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Campaign
from integrations.models import Access, ConnectionStatus, IntercomConnection, SyncSettings
from integrations.sandbox.control import Fault, Sandbox
from integrations.views.oauth import code_in
from tests.campaigns.factories import make_campaign
from tests.integrations.connecting_fixtures import (
    CALLBACK,
    CLIENT_SECRET,
    admin,
    ask,
    make_admin,
    oauth,
    page,
    panel,
    said,
)
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import WORKSPACE

__all__ = ["admin", "oauth"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign("Spring")


def come_back(client: Client, *, state: str, code: str) -> Any:
    return client.get(f"{CALLBACK}?code={quote(code, safe='+=')}&state={quote(state)}")


def nothing_was_stored() -> bool:
    return not IntercomConnection.objects.exists() and not SyncSettings.objects.exists()


# The way there ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "host"),
    [("US", "app.intercom.com"), ("EU", "app.eu.intercom.com"), ("AU", "app.au.intercom.com")],
)
def test_the_button_leads_to_the_permission_page_of_the_region(
    admin: Client, oauth: Sandbox, campaign: Campaign, region: str, host: str
) -> None:
    answer = admin.post(page(campaign, "intercom_oauth"), {"region": region})
    url = urlsplit(answer.context["page"])
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("https", host, "/oauth")
    assert query["client_id"] == ["app-id"]
    assert query["redirect_uri"] == [f"https://leads.example{CALLBACK}"]
    assert CLIENT_SECRET not in answer.text


def test_the_page_goes_on_by_itself_without_being_a_redirect_of_a_form(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    answer = admin.post(page(campaign, "intercom_oauth"), {"region": "US"})
    assert answer.status_code == 200
    assert (
        '<meta http-equiv="refresh" content="0;url=https://app.intercom.com/oauth?client_id=' in answer.text
    )
    assert "Authorize access" in answer.text


def test_a_stand_in_takes_the_place_of_intercoms_page(
    admin: Client, oauth: Sandbox, campaign: Campaign, settings: Settings
) -> None:
    settings.INTERCOM_APP_URL = "http://127.0.0.1:8000/sandbox"
    answer = admin.post(page(campaign, "intercom_oauth"), {"region": "EU"})
    assert answer.context["page"].startswith("http://127.0.0.1:8000/sandbox/oauth?")


def test_looking_at_the_address_starts_nothing(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    assert admin.get(page(campaign, "intercom_oauth")).status_code == 302
    assert "intercom_oauth" not in admin.session


@pytest.mark.parametrize("region", ["", "SANDBOX", "MARS"])
def test_a_region_without_a_permission_page_is_asked_for_again(
    admin: Client, oauth: Sandbox, campaign: Campaign, region: str
) -> None:
    answer = admin.post(page(campaign, "intercom_oauth"), {"region": region})
    assert answer.status_code == 200
    assert "Choose where your Intercom workspace is hosted." in answer.text


def test_without_an_app_of_our_own_there_is_no_such_button(admin: Client, campaign: Campaign) -> None:
    answer = admin.post(page(campaign, "intercom_oauth"), {"region": "US"})
    assert "not set up here" in answer.text
    assert page(campaign, "intercom_oauth") not in answer.text


def test_an_address_that_cannot_be_used_is_said(
    admin: Client, oauth: Sandbox, campaign: Campaign, settings: Settings
) -> None:
    settings.INTERCOM_APP_URL = "http://intercom.example"
    answer = admin.post(page(campaign, "intercom_oauth"), {"region": "US"})
    assert "INTERCOM_APP_URL" in answer.text


def test_who_may_only_look_cannot_start(client: Client, oauth: Sandbox, campaign: Campaign) -> None:
    client.force_login(make_admin("eve", rights=("view_campaign", "view_syncsettings")))
    assert client.post(page(campaign, "intercom_oauth"), {"region": "US"}).status_code == 403


# The way back ----------------------------------------------------------------------------------------


def test_the_campaign_is_connected_and_its_admin_back_on_the_panel(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    state = ask(admin, campaign, tab="referrers")
    answer = come_back(admin, state=state, code=oauth.issue_code(WORKSPACE))
    connection = IntercomConnection.objects.get()
    assert (connection.access, connection.status) == (Access.OAUTH, ConnectionStatus.CONNECTED)
    assert answer.url == panel(campaign, "referrers")
    assert said(answer) == "Connected to Pretend workspace."
    tabs = SyncSettings.objects.filter(campaign=campaign, connection=connection)
    assert {tab.audience: tab.revision for tab in tabs} == {"lead": 1, "referrer": 1}


def test_a_code_may_hold_a_plus_and_ends_in_an_equals_sign(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    code = oauth.issue_code(WORKSPACE)
    assert "+" in code
    assert code.endswith("=")
    admin.get(f"{CALLBACK}?state={ask(admin, campaign)}&code={code}")
    assert IntercomConnection.objects.exists()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("code=abc%2Bd%3D%3D&state=x", "abc+d=="),
        ("code=abc+d==&state=x", "abc+d=="),
        ("state=x&code=a=b=", "a=b="),
        ("code=a%26state%3Db", "a&state=b"),
        ("code=&state=x", ""),
        ("code", ""),
        ("", ""),
        ("xcode=1", ""),
        ("code=a%00b", ""),
        ("code=%E2%82%AC", ""),
        ("code=" + "a" * 1001, ""),
    ],
)
def test_the_code_is_read_as_it_was_written(query: str, code: str) -> None:
    assert code_in(query) == code


def test_the_region_that_the_workspace_names_wins(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    oauth.add_workspace("euro0001", name="Europa", region="Europe")
    come_back(admin, state=ask(admin, campaign, region="US"), code=oauth.issue_code("euro0001"))
    assert IntercomConnection.objects.get().region == "EU"


def test_renewed_access_keeps_settings_and_says_how_it_came(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    old = make_workspace(WORKSPACE, status=ConnectionStatus.RECONNECT_NEEDED)
    SyncSettings.objects.create(campaign=campaign, audience="lead", connection=old, action="create_user")
    answer = come_back(admin, state=ask(admin, campaign), code=oauth.issue_code(WORKSPACE))
    old.refresh_from_db()
    assert (old.status, old.access) == (ConnectionStatus.CONNECTED, Access.OAUTH)
    assert SyncSettings.objects.get(campaign=campaign, audience="lead").action == "create_user"
    assert answer.url == panel(campaign)


def test_several_tabs_may_be_on_their_way_at_once(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    other = make_campaign("Autumn")
    first, second = ask(admin, campaign), ask(admin, other)
    come_back(admin, state=first, code=oauth.issue_code(WORKSPACE))
    come_back(admin, state=second, code=oauth.issue_code(WORKSPACE))
    used = SyncSettings.objects.filter(connection__workspace_id=WORKSPACE)
    assert set(used.values_list("campaign", flat=True)) == {campaign.pk, other.pk}


def test_only_a_few_attempts_are_remembered(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    states = [ask(admin, campaign) for _ in range(7)]
    assert list(admin.session["intercom_oauth"]) == states[-5:]


# Every way to fail -----------------------------------------------------------------------------------


def test_a_person_who_declines_is_back_where_they_were(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    answer = admin.get(CALLBACK, {"error": "access_denied", "state": ask(admin, campaign)})
    assert answer["Location"] == panel(campaign)
    assert "access was not given" in said(answer)
    assert nothing_was_stored()


@pytest.mark.parametrize("query", [{}, {"code": ""}, {"error": "server_error", "code": "abc"}])
def test_an_answer_without_a_code_connects_nothing(
    admin: Client, oauth: Sandbox, campaign: Campaign, query: dict[str, str]
) -> None:
    answer = admin.get(CALLBACK, {**query, "state": ask(admin, campaign)})
    assert answer["Location"] == panel(campaign)
    assert "without giving access" in said(answer)
    assert nothing_was_stored()


def test_what_intercom_calls_the_error_is_not_repeated(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    words = {"error": "<b>x</b>", "error_description": "call 555-1234"}
    answer = admin.get(CALLBACK, {**words, "state": ask(admin, campaign)})
    assert "555" not in said(answer)
    assert "<b>" not in said(answer)


def test_a_state_is_good_once(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    state = ask(admin, campaign)
    admin.get(CALLBACK, {"error": "access_denied", "state": state})
    answer = come_back(admin, state=state, code=oauth.issue_code(WORKSPACE))
    assert "belongs to no request of yours" in said(answer)
    assert answer.url == panel(campaign)
    assert nothing_was_stored()


def test_a_state_is_good_for_a_quarter_of_an_hour(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    state, code = ask(admin, campaign), oauth.issue_code(WORKSPACE)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = come_back(admin, state=state, code=code)
    assert "over 15 minutes old" in said(answer)
    assert nothing_was_stored()


@pytest.mark.parametrize(
    "state", ["", "x", "1", "1.x", "99999.x", "-1.x", "1" * 40, "\0", "٣.x", "1.x\ud800"]
)
def test_a_made_up_state_connects_nothing(
    admin: Client, oauth: Sandbox, campaign: Campaign, state: str
) -> None:
    query = {"code": oauth.issue_code(WORKSPACE), "state": state.encode("utf-8", "replace").decode()}
    answer = admin.get(CALLBACK, query)
    assert answer.status_code == 302
    assert "Nothing was connected" in said(answer)
    assert nothing_was_stored()


def test_the_state_of_another_session_connects_nothing(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    elsewhere = Client()
    elsewhere.force_login(make_admin("bob"))
    answer = come_back(elsewhere, state=ask(admin, campaign), code=oauth.issue_code(WORKSPACE))
    assert "belongs to no request of yours" in said(answer)
    assert nothing_was_stored()


def test_the_state_of_somebody_else_in_the_same_session_connects_nothing(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    state = ask(admin, campaign)
    session = admin.session
    session["intercom_oauth"][state]["user"] += 1
    session.save()
    answer = come_back(admin, state=state, code=oauth.issue_code(WORKSPACE))
    assert "belongs to no request of yours" in said(answer)
    assert nothing_was_stored()


def test_who_signed_out_meanwhile_is_asked_to_sign_in_and_try_again(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    state, code = ask(admin, campaign), oauth.issue_code(WORKSPACE)
    admin.logout()
    answer = come_back(admin, state=state, code=code)
    assert "Sign in, and connect again" in said(answer)
    assert code not in answer.url
    assert nothing_was_stored()


def test_who_is_no_staff_connects_nothing(client: Client, oauth: Sandbox, campaign: Campaign) -> None:
    client.force_login(User.objects.create_user("nobody"))
    come_back(client, state=f"{campaign.pk}.x", code=oauth.issue_code(WORKSPACE))
    assert nothing_was_stored()


def test_who_lost_the_right_meanwhile_connects_nothing(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    state = ask(admin, campaign)
    right = Permission.objects.get(codename="change_syncsettings")
    User.objects.get(username="ada").user_permissions.remove(right)
    answer = come_back(admin, state=state, code=oauth.issue_code(WORKSPACE))
    assert "you may not connect this campaign" in said(answer)
    assert nothing_was_stored()


def test_a_campaign_that_was_deleted_meanwhile_is_said(
    admin: Client, oauth: Sandbox, campaign: Campaign
) -> None:
    state = ask(admin, campaign)
    campaign.delete()
    answer = come_back(admin, state=state, code=oauth.issue_code(WORKSPACE))
    assert "it is gone" in said(answer)
    assert nothing_was_stored()


def test_a_code_that_intercom_refuses_is_said(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    answer = come_back(admin, state=ask(admin, campaign), code="made-up=")
    assert answer.url == panel(campaign)
    assert "did not accept the permission" in said(answer)
    assert nothing_was_stored()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(acts=False, path="/me", status=500, body="<html>oops</html>"), "trouble of its own"),
        (Fault(acts=False, path="/me", status=200, body="<html>oops</html>"), "cannot read"),
        (Fault(acts=False, path="/me", status=200, body='{"type": "admin", "app": null}'), "no workspace"),
        (Fault(acts=False, path="/me", status=429), "slow down"),
        (Fault(acts=False, path="/me", status=403), "permissions that are named"),
        (Fault(acts=False, path="/me", status=401), "did not accept the permission"),
        (Fault(acts=False, path="/data_attributes", status=404), "cannot read"),
        (Fault(acts=True, path="/auth/eagle/token", status=200, body='{"token": 5}'), "cannot read"),
        (Fault(acts=False, path="/auth/eagle/token", status=503), "trouble of its own"),
    ],
)
def test_whatever_intercom_answers_ends_in_a_plain_sentence(
    admin: Client, oauth: Sandbox, campaign: Campaign, fault: Fault, words: str
) -> None:
    oauth.add_fault(WORKSPACE, fault)
    answer = come_back(admin, state=ask(admin, campaign), code=oauth.issue_code(WORKSPACE))
    assert answer.url == panel(campaign)
    assert words in said(answer)
    assert nothing_was_stored()


def test_an_unreachable_intercom_ends_in_a_plain_sentence(
    admin: Client, oauth: Sandbox, campaign: Campaign, settings: Settings
) -> None:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"
    answer = come_back(admin, state=ask(admin, campaign), code="abc=")
    assert "cannot be reached" in said(answer)


def test_a_second_try_after_a_failure_works(admin: Client, oauth: Sandbox, campaign: Campaign) -> None:
    come_back(admin, state=ask(admin, campaign), code="made-up=")
    come_back(admin, state=ask(admin, campaign), code=oauth.issue_code(WORKSPACE))
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


@pytest.mark.parametrize("method", ["head", "post"])
def test_nothing_but_a_visit_uses_the_state_up(
    admin: Client, oauth: Sandbox, campaign: Campaign, method: str
) -> None:
    state = ask(admin, campaign)
    query = {"state": state, "code": oauth.issue_code(WORKSPACE)}
    assert getattr(admin, method)(CALLBACK, query_params=query).status_code == 405
    assert state in admin.session["intercom_oauth"]


def test_neither_code_nor_token_nor_secret_is_in_log_page_or_message(
    admin: Client, oauth: Sandbox, campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = oauth.issue_code(WORKSPACE)
    answers = [
        come_back(admin, state=ask(admin, campaign), code="refused-code="),
        come_back(admin, state=ask(admin, campaign), code=code),
    ]
    token = IntercomConnection.objects.get().token
    shown = "".join(f"{said(answer)}{answer.url}{answer.text}" for answer in answers)
    pages = "".join(admin.get(url).text for url in (panel(campaign), page(campaign, "crm")))
    # The log of the test client's own requests, and of the server that plays Intercom, is none of ours.
    logged = "".join(record.getMessage() for record in caplog.records)
    for secret in (token, code, "refused-code=", CLIENT_SECRET):
        assert secret not in shown + pages
        assert secret not in logged
