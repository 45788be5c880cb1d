"""A workspace's buttons, as somebody presses them whose JavaScript does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.logic.states import State
from integrations.services.roles import INTEGRATION_ADMIN
from tests.browser import chromium
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import owed, set_panel

if TYPE_CHECKING:
    from integrations.models import IntercomConnection
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]


def test_a_pause_holds_a_lead_until_it_is_resumed(
    open_window: Opener, connection: IntercomConnection
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    with open_window(INTEGRATION_ADMIN, scripts=False) as window:
        page = window.page
        page.goto(reverse("admin:integrations_intercomconnection_change", args=[connection.pk]))
        page.get_by_role("button", name="Pause sending").click()
        expect(page.get_by_text("Nothing is sent to this workspace")).to_be_visible()
        lead = make_lead(campaign)
        work()
        assert owed(lead).state == State.WAITING
        page.get_by_role("button", name="Resume sending").click()
        expect(page.get_by_text("Connected", exact=True)).to_be_visible()
        work()
        assert owed(lead).state == State.CREATED


def test_disconnecting_names_the_campaigns_and_can_be_left(
    open_window: Opener, connection: IntercomConnection
) -> None:
    set_panel(make_campaign("Spring campaign"))
    with open_window(INTEGRATION_ADMIN, scripts=False) as window:
        page = window.page
        page.goto(reverse("admin:integrations_intercomconnection_change", args=[connection.pk]))
        page.get_by_role("link", name="Disconnect this workspace").click()
        expect(page.get_by_text("Spring campaign")).to_be_visible()
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("link", name="Disconnect this workspace").click()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_text("The settings of its campaigns are kept.")).to_be_visible()
        expect(page.get_by_text("No campaign uses this workspace.")).to_be_visible()
