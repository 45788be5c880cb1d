"""The whole story, told by what people read: from no workspace at all to the first contact in it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import Audience
from integrations.services.roles import INTEGRATION_ADMIN
from integrations.services.settings import current
from tests.browser import chromium
from tests.browser.conftest import work
from tests.browser.story import ACTION, Screen, panel_of
from tests.browser.story_fixtures import STORY, WORKSPACE_ID, campaign, pretend
from tests.campaigns.factories import make_referrer

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from campaigns.models import Campaign
    from integrations.sandbox.control import Sandbox
    from tests.browser.chromium import Look
    from tests.browser.conftest import Opener

__all__ = ["campaign", "pretend"]

pytestmark = STORY

SIZES = pytest.mark.parametrize("look", [chromium.DESKTOP, chromium.PHONE], ids=lambda look: look.name)


def join(screen: Screen, campaign: Campaign, *, email: str) -> None:
    """What a lead does who got a referrer's link."""
    page = screen.page
    referrer = make_referrer(campaign)
    page.goto(reverse("campaigns:join", args=[referrer.referral_code]))
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Lovelace")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Join").click()
    screen.sees("Thank you, you are in")


@SIZES
def test_from_nothing_to_the_first_contact(
    open_window: Opener, pretend: Sandbox, campaign: Campaign, look: Look
) -> None:
    with open_window(INTEGRATION_ADMIN, look=look) as window:
        screen, page = Screen(window), window.page
        page.goto(reverse("admin:campaigns_campaign_overview", args=[campaign.pk]))
        page.get_by_role("link", name="Campaign Settings").click()
        page.get_by_role("link", name="Integrations and API").click()
        page.get_by_role("link", name="Connect Intercom").click()
        expect(page.get_by_role("dialog", name="Connect Your Intercom")).to_be_visible()
        screen.press("Connect the sandbox")
        screen.sees("Connected")

        screen.choose(ACTION, "Create New Lead In Intercom")
        screen.sees("Setup Required")
        screen.map_email()
        screen.misses("Setup Required")
        screen.map("First Name", to="Name – text")
        screen.map_fixed("Referred Lead", to="lead_source – text")
        expect(screen.section("Preview").get_by_role("row").filter(has_text="Referred Lead")).to_be_visible()
        send_test_lead(screen)
        assert pretend.contacts(WORKSPACE_ID) == []

        screen.save()
        join(screen, campaign, email="ada@example.com")
        work()
        screen.open(campaign)
        page.get_by_role("link", name="See its contacts").click()
        page.get_by_role("link", name="ada@example.com").click()
        screen.sees("Referred Lead")
    (contact,) = pretend.contacts(WORKSPACE_ID)
    assert (contact["email"], contact["name"], contact["role"]) == ("ada@example.com", "Ada", "lead")
    assert contact["custom_attributes"]["lead_source"] == "Referred Lead"


def send_test_lead(screen: Screen) -> None:
    """All three fields are found to work, and the contact is gone again."""
    test = screen.section("Test lead")
    test.get_by_text("Send test lead", exact=True).click()
    screen.press("Yes, send test lead")
    expect(test.get_by_text("Testing")).to_be_visible()
    work()
    works = screen.page.get_by_text("Works", exact=True)
    expect(test.get_by_role("row").filter(has=works)).to_have_count(3)
    expect(test.get_by_text("The test contact was deleted")).to_be_visible()


def test_without_scripts(open_window: Opener, pretend: Sandbox, campaign: Campaign) -> None:
    with open_window(INTEGRATION_ADMIN, scripts=False) as window:
        screen, page = Screen(window), window.page
        page.goto(reverse("admin:campaigns_campaign_crm", args=[campaign.pk]))
        page.get_by_role("link", name="Connect Intercom").click()
        expect(page.get_by_role("heading", name="Connect Your Intercom")).to_be_visible()
        screen.press("Connect the sandbox")

        screen.choose(ACTION, "Create New Lead In Intercom")
        screen.map_email()
        screen.map("First Name", to="Name – text")
        screen.map("Company", to="company_size – whole number")
        screen.row(2).remove()
        screen.sees("Company → company_size removed.")
        screen.map_fixed("Referred Lead", to="lead_source – text")
        screen.press("Update preview")
        expect(screen.section("Preview").get_by_role("row").filter(has_text="Referred Lead")).to_be_visible()

        screen.section("Test lead").get_by_text("Send test lead", exact=True).click()
        window.follow(screen.button("Yes, send test lead"))
        work()
        screen.press("Look again")
        screen.sees("The test contact was deleted")

        screen.save()
        assert [row.target for row in current(campaign, Audience.LEAD).rows] == [
            *("email", "name", "custom_attributes.lead_source")
        ]


def test_what_is_chosen_before_the_scripts_have_come_is_noticed(
    open_window: Opener, campaign: Campaign
) -> None:
    def late(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    with open_window(INTEGRATION_ADMIN) as window:
        screen = Screen(window)
        window.page.route("**/panel.js", late)
        window.page.goto(panel_of(campaign), wait_until="commit")
        screen.choose(ACTION, "Create New Lead In Intercom")
        expect(screen.state).to_have_text(re.compile("^Unsaved changes"))
        screen.sees("Setup Required")
