"""A site that a browser can open, people logged in to it, and a worker that works when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from campaigns import ratelimit
from integrations.intercom.session import Session
from integrations.models import IntercomConnection
from integrations.services.connect import connect_with_token
from integrations.services.drain import drain
from tests.browser import chromium
from tests.browser.chromium import Window
from tests.campaigns.conftest import shared_database
from tests.integrations.sandbox_fixtures import TOKEN

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam
    from playwright.sync_api import Browser
    from pytest_django.fixtures import Settings

    from integrations.sandbox.control import Sandbox

__all__ = ["shared_database"]

BOSS = "superuser"

Opener = Callable[..., AbstractContextManager[Window]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        # Playwright drives Chromium from an event loop of its own in this thread; Django sees only the loop.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with chromium.browser() as started:
            yield started


@pytest.fixture
def live(shared_database: None, settings: Settings) -> Iterator[LiveServer]:
    """The product on a loopback address, with a database that its threads share with the test."""
    server = LiveServer("127.0.0.1")
    settings.PUBLIC_URL = server.url
    settings.CSRF_TRUSTED_ORIGINS = [server.url]
    ratelimit._gate.cache_clear()
    yield server
    server.stop()


@pytest.fixture
def connection(live: LiveServer, sandbox: Sandbox, settings: Settings) -> IntercomConnection:
    """A connected workspace of the sandbox, in the database that the site uses; `intercom` builds on it."""
    settings.INTERCOM_API_URL = sandbox.url
    with Session() as session:
        return connect_with_token(TOKEN, region="US", session=session).connection


@pytest.fixture
def open_window(browser: Browser, live: LiveServer) -> Opener:
    """`with open_window("Support", look=PHONE) as window`: logged in as a superuser, or in a group.

    "" is not logged in. `window.page.goto("/admin/")` goes to the live site.
    """

    def opened(role: str = BOSS, **options: Any) -> AbstractContextManager[Window]:
        cookies = [login(role, site=live.url)] if role else []
        return chromium.window(browser, site=live.url, cookies=cookies, **options)

    return opened


def login(role: str, *, site: str) -> SetCookieParam:
    """The session of somebody of this role, made without the login page."""
    user, fresh = User.objects.get_or_create(
        username=role.lower().replace(" ", "-"),
        defaults={"is_staff": True, "is_superuser": role == BOSS, "first_name": "Sam", "last_name": "Ruiz"},
    )
    if fresh and role != BOSS:
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}


def work() -> None:
    """What the workers would do by now: sends whatever is due, in every workspace."""
    for pk in IntercomConnection.objects.values_list("pk", flat=True):
        drain(pk)
