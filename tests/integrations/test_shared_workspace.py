"""Who may set up a campaign alone replaces nothing that other campaigns rely on; the workspace's history says
who gave, renewed and took back access."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import Settings

from campaigns.models import Campaign
from integrations.models import Access, ConnectionStatus, IntercomConnection, SyncSettings
from integrations.sandbox.control import Sandbox
from integrations.services.campaign_connection import attach
from tests.campaigns.factories import make_campaign
from tests.integrations.connecting_fixtures import CALLBACK, RIGHTS, admin, ask, make_admin, oauth, page, said
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

__all__ = ["admin", "oauth"]

pytestmark = pytest.mark.django_db

OLD_TOKEN = "token-of-old"


@pytest.fixture
def answering(sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.INTERCOM_API_URL = sandbox.url
    return sandbox


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign("Spring")


@pytest.fixture
def shared(answering: Sandbox) -> IntercomConnection:
    """A connected workspace that another campaign uses, with a secret of its own."""
    connection = make_workspace(WORKSPACE, token=OLD_TOKEN, name="Acme")
    connection.webhook_secret = "first-secret"
    connection.save(update_fields=["sealed_webhook_secret"])
    attach(make_campaign("Autumn"), connection=connection, user=None)
    return connection


@pytest.fixture
def chief(client: Client, db: None) -> Client:
    client.force_login(make_admin("ida", rights=(*RIGHTS, "change_intercomconnection")))
    return client


def give(client: Client, campaign: Campaign, *, secret: str = "") -> Any:
    data = {"way": "token", "token": TOKEN, "region": "US", "client_secret": secret}
    return client.post(page(campaign, "intercom_connect"), data)


def history(connection: IntercomConnection) -> list[str]:
    lines = LogEntry.objects.filter(
        content_type__model="intercomconnection", object_id=connection.pk
    ).order_by("pk")
    return [f"{line.user.get_username()}: {line.change_message}" for line in lines]


def secrets_of(connection: IntercomConnection) -> tuple[str, str]:
    connection.refresh_from_db()
    return connection.token, connection.webhook_secret


def test_a_campaigns_admin_replaces_neither_token_nor_secret_that_others_use(
    admin: Client, campaign: Campaign, shared: IntercomConnection
) -> None:
    answer = give(admin, campaign, secret="eves-secret")
    assert secrets_of(shared) == (OLD_TOKEN, "first-secret")
    assert "access was left as it was" in said(answer)
    assert SyncSettings.objects.filter(campaign=campaign, connection=shared).count() == 2
    assert history(shared) == ["ada: Used for the campaign “Spring”"]


def test_the_permission_page_replaces_no_access_that_others_use(
    admin: Client, campaign: Campaign, shared: IntercomConnection, oauth: Sandbox
) -> None:
    state = ask(admin, campaign)
    admin.get(CALLBACK, {"state": state, "code": oauth.issue_code(WORKSPACE)})
    assert secrets_of(shared) == (OLD_TOKEN, "first-secret")
    assert shared.access == Access.TOKEN


def test_access_that_intercom_refuses_is_renewed_by_any_campaigns_admin_but_not_the_secret(
    admin: Client, campaign: Campaign, shared: IntercomConnection
) -> None:
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    answer = give(admin, campaign, secret="eves-secret")
    assert secrets_of(shared) == (TOKEN, "first-secret")
    assert shared.status == ConnectionStatus.CONNECTED
    assert "client secret of Pretend workspace was left as it was" in said(answer)
    assert history(shared)[0] == "ada: Access renewed, from the campaign “Spring”"


@pytest.mark.parametrize("before", ["", "first-secret"])
def test_the_secret_of_a_workspace_of_ones_own_is_left_as_well(
    admin: Client, campaign: Campaign, answering: Sandbox, before: str
) -> None:
    give(admin, campaign, secret=before)
    connection = IntercomConnection.objects.get()
    give(admin, campaign, secret="another")
    assert secrets_of(connection) == (TOKEN, before)


def test_without_a_secret_nothing_is_said_of_it(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    give(admin, campaign, secret="first-secret")
    assert "left as it was" not in said(give(admin, campaign))


def test_a_workspace_that_was_disconnected_is_connected_as_a_new_one(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    give(admin, campaign, secret="first-secret")
    admin.post(page(campaign, "intercom_disconnect"), {})
    give(admin, campaign, secret="second-secret")
    assert secrets_of(IntercomConnection.objects.get()) == (TOKEN, "second-secret")


def test_who_may_change_workspaces_replaces_both_and_it_is_recorded(
    chief: Client, campaign: Campaign, shared: IntercomConnection
) -> None:
    give(chief, campaign, secret="second-secret")
    assert secrets_of(shared) == (TOKEN, "second-secret")
    assert history(shared) == [
        "ida: Access renewed and client secret replaced, from the campaign “Spring”",
        "ida: Used for the campaign “Spring”",
    ]


def test_the_history_tells_of_a_first_connection_and_of_leaving(
    admin: Client, campaign: Campaign, answering: Sandbox
) -> None:
    give(admin, campaign)
    admin.post(page(campaign, "intercom_disconnect"), {})
    admin.post(page(campaign, "intercom_disconnect"), {})
    assert history(IntercomConnection.objects.get()) == [
        "ada: Connected, for the campaign “Spring”",
        "ada: Used for the campaign “Spring”",
        "ada: No longer used for the campaign “Spring”",
        "ada: Disconnected: no campaign used it any more",
    ]


def test_the_history_of_both_workspaces_tells_of_a_move(
    admin: Client, campaign: Campaign, shared: IntercomConnection
) -> None:
    old = make_workspace("old00001")
    attach(campaign, connection=old, user=None)
    admin.post(page(campaign, "intercom_move"), {"to": shared.pk, "answer": "use"})
    assert history(old) == ["ada: No longer used for the campaign “Spring”"]
    assert history(shared) == ["ada: Used for the campaign “Spring”"]


def test_leaving_a_workspace_that_others_use_does_not_disconnect_it(
    admin: Client, campaign: Campaign, shared: IntercomConnection
) -> None:
    attach(campaign, connection=shared, user=None)
    admin.post(page(campaign, "intercom_disconnect"), {})
    assert history(shared) == ["ada: No longer used for the campaign “Spring”"]
