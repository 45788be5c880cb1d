"""What the story is told with: the site's own sandbox, a campaign, and a person at the panel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integrations.models import IntercomConnection, Region
from integrations.sandbox.demo import TOKEN, WORKSPACE_ID, open_sandbox
from integrations.services.campaign_connection import attach
from integrations.services.connecting import connect_token
from integrations.services.drain.workspace import pace_of
from integrations.services.roles import INTEGRATION_ADMIN
from tests.browser import chromium
from tests.browser.story import Screen
from tests.campaigns.factories import make_campaign

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from campaigns.models import Campaign
    from integrations.sandbox.control import Sandbox
    from tests.browser.conftest import Opener

__all__ = ["WORKSPACE_ID"]

STORY = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def pretend(live: LiveServer, settings: Settings, tmp_path: Path) -> Iterator[Sandbox]:
    """The sandbox that the site itself serves, as on a fresh installation."""
    settings.INTERCOM_SANDBOX_FILE = tmp_path / "pretend.sqlite3"
    settings.INTERCOM_SANDBOX_URL = f"{live.url}/sandbox"
    pace_of.cache_clear()
    yield open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    pace_of.cache_clear()


@pytest.fixture
def campaign(pretend: Sandbox) -> Campaign:
    """Nobody has set it up."""
    return make_campaign("Summer campaign")


@pytest.fixture
def connected(campaign: Campaign, pretend: Sandbox) -> IntercomConnection:
    """The campaign uses the sandbox, and says nothing yet."""
    found = connect_token(TOKEN, region=Region.SANDBOX).connection
    attach(campaign, connection=found, user=None)
    return found


@pytest.fixture
def screen(open_window: Opener, pretend: Sandbox) -> Iterator[Screen]:
    """In front of somebody who may set up integrations."""
    with open_window(INTEGRATION_ADMIN) as window:
        yield Screen(window)
