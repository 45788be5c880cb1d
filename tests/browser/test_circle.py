"""The circle as a person walks it: connect, join, change the contact as a teammate, see who qualifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.sandbox import demo
from integrations.services import qualify, receipts
from tests.browser import chromium
from tests.browser.checks import check_page, everywhere
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_referrer
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from campaigns.models import Campaign
    from integrations.sandbox.control import Sandbox
    from tests.browser.chromium import Look
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

RULE = {
    "method": "attribute_changes",
    "attribute": "custom_attributes.plan",
    "initial_value": "Free",
    "qualifying_values": ["Pro", "Enterprise"],
}
EMAIL = "ada@example.com"


@pytest.fixture
def own(
    live: LiveServer, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The sandbox that the site itself serves."""
    monkeypatch.setattr(receipts, "enqueue_receipts", lambda: None)
    settings.INTERCOM_SANDBOX_FILE = tmp_path / "own.sqlite3"
    settings.INTERCOM_SANDBOX_URL = f"{live.url}/sandbox"
    sandbox = demo.open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    yield sandbox
    demo._sandbox_at.cache_clear()
    sandbox.close()


@pytest.fixture
def campaign(own: Sandbox) -> Campaign:
    return make_campaign("Spring campaign")


def hear(own: Sandbox) -> None:
    """What the workers would have done by now about what the sandbox told."""
    own.wait_for_webhooks()
    qualify.use_receipts()


@pytest.mark.parametrize("scripts", [True, False], ids=["JavaScript", "none"])
def test_a_lead_joins_and_qualifies_by_what_a_teammate_changes(
    open_window: Opener, campaign: Campaign, own: Sandbox, *, scripts: bool
) -> None:
    leads = reverse("admin:campaigns_campaign_leads", args=[campaign.pk])
    with open_window(scripts=scripts) as window:
        page = window.page
        page.goto(reverse("admin:campaigns_campaign_intercom_connect", args=[campaign.pk]))
        window.follow(page.get_by_role("button", name="Connect the sandbox"))
        set_panel(campaign, qualification=RULE)

        page.goto(make_referrer(campaign).referral_link)
        page.get_by_label("First name").fill("Ada")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_role("button", name="Join").click()
        page.wait_for_url("**/thanks")
        work()
        page.goto(leads)
        expect(page.get_by_role("row").filter(has_text=EMAIL)).to_have_count(1)
        expect(page.get_by_text("Qualified", exact=True).filter(visible=True)).to_have_count(0)

        page.goto(reverse("sandbox:contacts"))
        page.get_by_role("link", name=EMAIL).click()
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("plan").select_option("Pro")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
        hear(own)
        page.get_by_role("link", name="Refresh").click()
        line = page.get_by_role("row").filter(has_text="contact.lead.updated")
        expect(line).to_contain_text("Received")

        page.goto(leads)
        expect(page.get_by_role("row").filter(has_text=EMAIL)).to_contain_text("Qualified")
        window.picture("circle/qualified")


@everywhere
def test_the_sandbox_can_be_read_by_everybody(open_window: Opener, own: Sandbox, look: Look) -> None:
    own.add_contact(demo.WORKSPACE_ID, email="uwe@example.com", role="user")
    own.hold_webhooks(demo.WORKSPACE_ID)
    own.subscribe("http://127.0.0.1:9/", "secret")
    ana = own.add_contact(demo.WORKSPACE_ID, email="ana@example.com", custom_attributes={"plan": "Free"})
    own.change_contact(demo.WORKSPACE_ID, ana, custom_attributes={"newsletter": True})
    with open_window(look=look) as window:
        page = window.page
        page.goto(reverse("sandbox:contacts"))
        check_page(window, f"{look.name}/sandbox-contacts")
        page.goto(reverse("sandbox:contact", args=[demo.WORKSPACE_ID, ana]))
        check_page(window, f"{look.name}/sandbox-contact")
        window.follow(page.get_by_role("link", name="Edit"))
        check_page(window, f"{look.name}/sandbox-edit")
        page.get_by_label("Email").fill("no email")
        window.follow(page.get_by_role("button", name="Save"))
        check_page(window, f"{look.name}/sandbox-edit-refused")
