"""Connecting through Intercom's permission page; the sandbox stands in for Intercom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.models import Access, IntercomConnection
from tests.browser.story import ACTION
from tests.browser.story_fixtures import STORY, WORKSPACE_ID, campaign, pretend, screen

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from campaigns.models import Campaign
    from integrations.sandbox.control import Sandbox
    from tests.browser.story import Screen

__all__ = ["campaign", "pretend", "screen"]

pytestmark = STORY


@pytest.fixture(autouse=True)
def app(pretend: Sandbox, settings: Settings) -> None:
    """An installation with an app of its own; the sandbox has Intercom's pages and its API."""
    settings.INTERCOM_CLIENT_ID, settings.INTERCOM_CLIENT_SECRET = "app-id", "client-secret"
    settings.INTERCOM_APP_URL = settings.INTERCOM_API_URL = settings.INTERCOM_SANDBOX_URL


def ask(screen: Screen, campaign: Campaign) -> None:
    screen.page.goto(reverse("admin:campaigns_campaign_crm", args=[campaign.pk]))
    screen.page.get_by_role("link", name="Connect Intercom").click()
    dialog = screen.page.get_by_role("dialog", name="Connect Your Intercom")
    dialog.get_by_role("button", name="Connect Intercom", exact=True).first.click()
    expect(screen.page.get_by_role("heading", name="Authorize access")).to_be_visible()


def test_access_is_given(screen: Screen, campaign: Campaign) -> None:
    ask(screen, campaign)
    screen.check("permission-page")
    screen.page.get_by_role("link", name="Authorize access to Sandbox workspace").click()
    screen.sees("Connected to Sandbox workspace.")
    screen.choose(ACTION, "Create New Lead In Intercom")
    screen.sees("Setup Required")
    connection = IntercomConnection.objects.get()
    assert (connection.workspace_id, connection.access) == (WORKSPACE_ID, Access.OAUTH)


def test_access_is_refused(screen: Screen, campaign: Campaign) -> None:
    ask(screen, campaign)
    screen.page.get_by_role("link", name="Cancel").click()
    screen.sees("Nothing was connected: access was not given in Intercom. Connect again when you are ready.")
    screen.sees("Not connected")
    screen.check("permission-refused")
    assert not IntercomConnection.objects.exists()
