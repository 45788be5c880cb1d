"""Somebody who may connect campaigns, and short words for what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign

if TYPE_CHECKING:
    from pytest_django import Settings

    from integrations.sandbox.control import Sandbox

RIGHTS = (
    "view_campaign",
    "view_syncsettings",
    "change_syncsettings",
    "pause_sync",
    "view_intercomconnection",
)
CLIENT_SECRET = "client-secret-MARKED"
CALLBACK = "/intercom/oauth/callback/"


def make_admin(name: str = "ada", *, rights: tuple[str, ...] = RIGHTS) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "pw", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    """A browser in which an integration admin is signed in."""
    client.force_login(make_admin())
    return client


@pytest.fixture
def oauth(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """An installation with an app of its own, and the sandbox in place of Intercom."""
    settings.INTERCOM_CLIENT_ID, settings.INTERCOM_CLIENT_SECRET = "app-id", CLIENT_SECRET
    settings.INTERCOM_API_URL, settings.INTERCOM_APP_URL = sandbox.url, ""
    settings.PUBLIC_URL = "https://leads.example"
    return sandbox


def page(campaign: Campaign, name: str, *more: Any, **query: Any) -> str:
    """The address of a page of the campaign."""
    return reverse(f"admin:campaigns_campaign_{name}", args=[campaign.pk, *more], query=query or None)


def panel(campaign: Campaign, tab: str = "leads") -> str:
    return page(campaign, "intercom", tab)


def said(answer: Any) -> str:
    """The messages that were left for the next page."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def ask(client: Client, campaign: Campaign, *, region: str = "US", tab: str = "leads") -> str:
    """Presses Connect Intercom; returns the state that Intercom has to bring back."""
    answer = client.post(page(campaign, "intercom_oauth"), {"region": region, "tab": tab})
    (state,) = parse_qs(urlsplit(str(answer.context["page"])).query)["state"]
    return state
