"""Odd texts in every place where somebody can type: shown as they are, kept as they are, sent as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import Audience
from integrations.services.settings import current
from tests.browser.conftest import work
from tests.browser.story import ACTION, FIXED, TARGET, Screen
from tests.browser.story_fixtures import STORY, WORKSPACE_ID, campaign, connected, pretend, screen
from tests.campaigns.factories import make_referrer

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.sandbox.control import Sandbox

__all__ = ["campaign", "connected", "pretend", "screen"]

pytestmark = STORY

ODD = {
    "script": "<script>alert(1)</script>",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "right-to-left": "שלום עולם (מבצע)",
}
LONG = "x" * 10_000
REFUSED = {
    ODD["script"]: "letters, digits, hyphens and underscores only. Try “script_alert_1_script”.",
    ODD["emoji"]: "letters, digits, hyphens and underscores only.",
    ODD["right-to-left"]: "letters, digits, hyphens and underscores only. Try “שלום_עולם_מבצע”.",
    LONG: "This name is too long: Intercom takes at most 190 characters.",
    "": "Give the new attribute a name.",
}
METHOD = "Select the method you want to use to qualify"
VALUES = "What will this data attribute change to when the user qualifies?"


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_an_odd_text_goes_all_the_way(
    screen: Screen, campaign: Campaign, connected: IntercomConnection, pretend: Sandbox, text: str
) -> None:
    page = screen.page
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    page.get_by_role("textbox", name=re.compile("^Name")).fill(text)
    page.get_by_role("button", name="Save", exact=True).click()

    screen.open(campaign)
    expect(page.locator("bdi").get_by_text(text, exact=True).first).to_be_visible()
    screen.choose(ACTION, "Create New Lead In Intercom")
    screen.map_email()
    screen.map("Full Name", to="Name – text")
    screen.map_fixed(text, to="lead_source – text")
    screen.field("Mark as referred").check()
    screen.choose(METHOD, "Data attribute would change")
    screen.choose("Select the data attribute that will change", "plan – list")
    screen.field(VALUES).fill(f"Pro\n{text}")
    screen.sees("is none of the values that Intercom lists")
    preview = screen.section("Preview")
    expect(preview.get_by_role("row").filter(has_text=f"lead_source – text {text}")).to_be_visible()
    screen.check(f"odd-{text[1:4]}")
    screen.save()
    expect(screen.row(2).control(FIXED)).to_have_value(text)
    expect(screen.field(VALUES)).to_have_value(f"Pro\n{text}")
    saved = current(campaign, Audience.LEAD)
    assert (saved.rows[2].value, saved.qualifying_values) == (text, ("Pro", text))

    referrer = make_referrer(campaign, first_name=text)
    page.goto(reverse("campaigns:join", args=[referrer.referral_code]))
    page.get_by_label("First name").fill(text)
    page.get_by_label("Last name").fill("Lovelace")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_role("button", name="Join").click()
    screen.sees("Thank you, you are in")
    work()
    (contact,) = pretend.contacts(WORKSPACE_ID)
    assert contact["name"] == f"{text} Lovelace"
    sent = contact["custom_attributes"]
    assert (sent["lead_source"], sent["referral_campaign"], sent["referrer_name"]) == (
        *(text, text),
        f"{text} Diaz",
    )


def test_ten_thousand_characters(
    screen: Screen, campaign: Campaign, connected: IntercomConnection, pretend: Sandbox
) -> None:
    screen.open(campaign)
    screen.choose(ACTION, "Create New Lead In Intercom")
    screen.map_email()
    screen.map_fixed(LONG, to="lead_source – text")
    screen.choose(METHOD, "Data attribute would change")
    screen.choose("Select the data attribute that will change", "plan – list")
    screen.field(VALUES).fill(LONG)
    screen.sees("is none of the values that Intercom lists")
    screen.check("long")
    screen.save()
    expect(screen.row(1).control(FIXED)).to_have_value(LONG)
    screen.row(1).control(FIXED).fill(LONG + "x")
    screen.save_button.click()
    screen.sees("This is too long: at most 10000 characters.")
    screen.check("too-long")


def test_an_attribute_of_an_odd_name_is_refused_in_words(
    screen: Screen, campaign: Campaign, connected: IntercomConnection
) -> None:
    screen.open(campaign)
    screen.choose(ACTION, "Create New Lead In Intercom")
    screen.page.get_by_text("Create a new attribute in Intercom").click()
    for name, said in REFUSED.items():
        # The field itself would cut a long one.
        screen.field("Name").evaluate("(one, text) => { one.value = text }", name)
        screen.press("Create")
        expect(screen.field("Name")).to_have_accessible_description(re.compile(f"{re.escape(said)}$"))
        expect(screen.field("Name")).to_have_value(name)
    screen.check("attribute-refused")


def test_an_attribute_is_created_and_chosen(
    screen: Screen, campaign: Campaign, connected: IntercomConnection, pretend: Sandbox
) -> None:
    screen.open(campaign)
    screen.choose(ACTION, "Create New Lead In Intercom")
    row = screen.add()
    row.fixed("שלום")
    screen.page.get_by_text("Create a new attribute in Intercom").click()
    screen.field("Name").fill("שלום_עולם")
    screen.press("Create")
    screen.sees("is in Intercom now, and chosen in the last row.")
    expect(row.control(TARGET).locator("option:checked")).to_have_text("שלום_עולם – text")
    expect(row.control(FIXED)).to_have_value("שלום")
    screen.check("attribute-created")
