"""How things stand beside each other: in line, whole, evenly apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.services import qualify_lead
from tests.browser import chromium
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

LOG = "admin:integrations_delivery_changelist"
LONG = "maximiliane-alexandra.von.hohenstein-wittgenstein@subsidiary.very-long-company-name.example.com"
CARDS = """
() => [...document.querySelectorAll("#content .card, .segments")]
  .filter((one) => one.offsetParent && !one.parentElement.closest(".card"))
  .map((one) => one.getBoundingClientRect())
  .map((box, place, all) => place && Math.round(box.top - all[place - 1].bottom))
"""


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    """Two contacts in Intercom: one with a short line, and one with all that makes lines long."""
    made = make_campaign("Spring campaign")
    set_panel(made)
    rosa = make_referrer(made, first_name="Rosa", last_name="Diaz")
    make_lead(made, email="ana@example.com", first_name="Ana", last_name="Lima", referrer=rosa)
    leo = make_lead(made, email=LONG, first_name="Maximiliane-Alexandra", last_name="von Hohenstein-W")
    work()
    qualify_lead(leo)
    return made


def page_of(campaign: Campaign, slug: str, *args: str) -> str:
    return reverse(f"admin:campaigns_campaign_{slug}", args=[campaign.pk, *args])


def edges(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box
    return box["y"], box["y"] + box["height"]


def test_a_button_stands_in_line_with_the_field_beside_it(open_window: Opener, campaign: Campaign) -> None:
    lists = {
        page_of(campaign, "leads"): "Name or email",
        reverse(LOG): "Email, name, lead ID or Intercom contact ID",
        reverse("admin:campaigns_campaign_changelist"): "Search",
    }
    with open_window() as window:
        for address, label in lists.items():
            window.page.goto(address)
            main = window.page.get_by_role("main")
            field, button = main.get_by_label(label).last, main.get_by_role("button", name="Search")
            assert edges(field) == edges(button), address


def test_a_line_of_a_list_is_one_line(open_window: Opener, campaign: Campaign) -> None:
    with open_window() as window:
        for address in (page_of(campaign, "leads"), reverse(LOG)):
            window.page.goto(address)
            row = window.page.get_by_role("row").filter(has_text="ana@example.com")
            links = row.get_by_role("link")
            assert edges(links.filter(has_text="What happened")) == edges(
                links.filter(has_text="Open the contact")
            ), address
            words = row.get_by_text("Rosa Diaz" if "leads" in address else "Spring campaign")
            top, bottom = edges(words)
            assert bottom - top < 30, address


def test_tabs_on_a_phone_stand_apart_and_fit(open_window: Opener, campaign: Campaign) -> None:
    with open_window(look=chromium.PHONE) as window:
        window.page.goto(page_of(campaign, "leads"))
        tabs = window.page.get_by_role("navigation", name="Campaign pages")
        assert tabs.locator("ul").evaluate("(one) => one.scrollWidth <= one.clientWidth")
        for tab in tabs.get_by_role("link").all():
            look = tab.evaluate("(one) => ({...getComputedStyle(one)})")
            assert (look["fontSize"], look["paddingLeft"], look["paddingRight"]) == ("15px", "8px", "8px")


def test_the_sections_of_the_panel_stand_evenly_apart(open_window: Opener, campaign: Campaign) -> None:
    with open_window() as window:
        window.page.goto(page_of(campaign, "intercom", "leads"))
        gaps = window.page.evaluate(CARDS)[1:]
        # What the tabs switch stands closer to them.
        assert sorted(set(gaps)) == [16, 32]
        assert gaps.count(16) == 1


def test_the_first_step_leads_to_a_choice_whose_heading_is_in_sight(
    open_window: Opener, connection: IntercomConnection
) -> None:
    made = make_campaign("Summer")
    set_panel(made, action="nothing")
    with open_window() as window:
        page = window.page
        page.goto(page_of(made, "intercom", "leads"))
        page.get_by_role("link", name="Choose an action").click()
        expect(page.get_by_role("heading", name="When lead joins campaign")).to_be_in_viewport(ratio=1)
