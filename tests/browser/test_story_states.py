"""Each state of the panel on the way can be read by everybody: wide and narrow, light and dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from integrations.services.settings import import_document
from tests.browser.conftest import BOSS, work
from tests.browser.story import ACTION, DO_NOTHING, DYNAMIC, FIXED, TARGET, UPDATE, Screen
from tests.browser.story_fixtures import STORY, campaign, connected, pretend, screen
from tests.campaigns.factories import make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, set_panel

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.sandbox.control import Sandbox
    from tests.browser.conftest import Opener

__all__ = ["campaign", "connected", "pretend", "screen"]

pytestmark = STORY


def test_the_way_to_a_working_panel(screen: Screen, campaign: Campaign, pretend: Sandbox) -> None:
    page = screen.page
    page.goto(reverse("admin:campaigns_campaign_crm", args=[campaign.pk]))
    page.get_by_role("link", name="Connect Intercom").click()
    screen.check("dialog")
    screen.press("Connect the sandbox")
    expect(screen.field(ACTION)).to_be_visible()
    screen.check("connected")

    screen.choose(ACTION, "Create New Lead In Intercom")
    screen.add()
    expect(screen.rows.get_by_text("Setup Required")).to_have_count(3)
    screen.check("row-added")
    screen.map_email()
    screen.row(1).dynamic("First Name")
    screen.row(1).remove()
    screen.sees("First Name → nothing yet removed.")
    screen.map("Date Joined", to="trial_ends – date")
    screen.map_fixed("Referred Lead", to="lead_source – text")
    expect(screen.section("Preview").get_by_role("row").filter(has_text="Referred Lead")).to_be_visible()
    screen.check("row-removed-and-preview")

    test = screen.section("Test lead")
    test.get_by_text("Send test lead", exact=True).click()
    screen.press("Yes, send test lead")
    expect(test.get_by_text("Testing")).to_be_visible()
    screen.check("test-lead-going")
    work()
    expect(test.get_by_text("The test contact was deleted")).to_be_visible()
    screen.check("test-lead-result")

    screen.save()
    screen.check("saved")
    page.get_by_role("link", name="Disconnect").click()
    dialog = page.get_by_role("dialog", name="Disconnect this campaign?")
    expect(dialog.get_by_role("button", name="Disconnect")).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    screen.check("disconnect-dialog")


def test_what_is_wrong(screen: Screen, campaign: Campaign, connected: IntercomConnection) -> None:
    set_panel(campaign)
    screen.open(campaign)
    screen.map_fixed("many", to="company_size – whole number")
    screen.page.get_by_label(UPDATE).check()
    screen.field("Mark as referred").check()
    screen.choose("Select the method you want to use to qualify", "Data attribute would change")
    screen.sees("Nobody qualifies yet")
    screen.choose("Select the data attribute that will change", "plan – list")
    initial = "What should this data attribute be when the contact is created?"
    screen.field(initial).fill("Pro")
    screen.field("What will this data attribute change to when the user qualifies?").fill("Pro\npro")
    screen.save_button.click()
    screen.sees("Nothing was saved yet: 2 things must be put right first")
    screen.check("errors")

    screen.field(initial).fill("Free")
    screen.row(2).control(FIXED).fill("12")
    expect(screen.page.get_by_text("Cannot be saved").filter(visible=True)).to_have_count(0)
    screen.save()


def test_a_field_that_is_gone_from_intercom(
    screen: Screen, campaign: Campaign, connected: IntercomConnection, pretend: Sandbox
) -> None:
    source = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
    set_panel(campaign, field_map=[EMAIL_ROW, source])
    pretend.archive_attribute(connected.workspace_id, "lead_source")
    make_lead(campaign)
    work()
    screen.open(campaign)
    screen.sees("Field problem")
    screen.press("Refresh")
    chosen = screen.row(1).control(TARGET).locator("option:checked")
    expect(chosen).to_have_text("lead_source (no longer in Intercom)")
    screen.sees("1 person went without a field that Intercom did not take")
    screen.check("field-problem")


def test_two_admins_at_once(
    open_window: Opener, screen: Screen, campaign: Campaign, connected: IntercomConnection
) -> None:
    set_panel(campaign)
    screen.open(campaign)
    screen.map("Company", to="lead_source – text")
    with open_window(BOSS) as other_window:
        other = Screen(other_window)
        other.open(campaign)
        other.map("Phone", to="Phone – text")
        other.save()

    screen.save_button.click()
    screen.sees("superuser saved these settings on")
    screen.sees("Field added: Phone → Phone")
    screen.check("conflict")
    expect(screen.row(2).control(DYNAMIC).locator("option:checked")).to_have_text("Company")
    screen.press("Save mine instead")
    screen.sees("become leads in Intercom")
    expect(screen.rows).to_have_count(3)
    expect(screen.row(2).control(TARGET).locator("option:checked")).to_have_text("lead_source – text")


def test_those_who_joined_before(screen: Screen, campaign: Campaign, connected: IntercomConnection) -> None:
    for _ in range(128):
        make_lead(campaign)
    screen.open(campaign)
    screen.misses("joined before")
    screen.choose(ACTION, "Create New Lead In Intercom")
    screen.map_email()
    screen.save()
    screen.sees("128 people joined before. Send them too?")
    screen.check("joined-before")
    screen.press("Send them")
    screen.sees("0 of 128 are on their way to Intercom.")
    screen.check("joined-before-going")
    screen.press("Stop")
    screen.sees("Nobody else was sent.")
    screen.check("joined-before-stopped")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_support_sees_everything_and_changes_nothing(
    open_window: Opener, campaign: Campaign, connected: IntercomConnection, *, scripts: bool
) -> None:
    import_document(
        campaign,
        {
            "leads": {
                "action": "create_lead",
                "field_map": [EMAIL_ROW],
                "qualification": {
                    "method": "attribute_changes",
                    "attribute": "custom_attributes.plan",
                    "qualifying_values": ["Pro"],
                },
            }
        },
    )
    with open_window(SUPPORT, scripts=scripts) as window:
        screen = Screen(window)
        screen.open(campaign)
        screen.sees("You can look but not change these settings")
        for label in (ACTION, DO_NOTHING, UPDATE, "Select the data attribute that will change"):
            expect(screen.field(label)).to_be_visible()
            expect(screen.field(label)).to_be_disabled()
        expect(screen.row(0).control(DYNAMIC)).to_be_disabled()
        expect(screen.button("+ Add More Fields")).to_be_disabled()
        expect(screen.section("Preview").get_by_role("table")).to_be_visible()
        for name in ("Save", "Update preview"):
            if screen.button(name).count():
                expect(screen.button(name)).to_be_enabled()
        expect(screen.button("Save")).to_have_count(0)
        expect(screen.page.get_by_role("link", name=re.compile("^(Connect|Disconnect)$"))).to_have_count(0)
        if scripts:
            screen.check("support")


def test_not_connected_any_more(screen: Screen, campaign: Campaign, connected: IntercomConnection) -> None:
    set_panel(campaign)
    screen.open(campaign)
    screen.press("Pause")
    screen.sees("Paused")
    screen.check("paused")
    screen.press("Resume")
    expect(screen.button("Pause")).to_be_visible()
    screen.page.get_by_role("link", name="Disconnect").click()
    screen.page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    screen.sees("Not connected")
    screen.check("disconnected")


def test_the_referrers_tab(open_window: Opener, campaign: Campaign, connected: IntercomConnection) -> None:
    with open_window(INTEGRATION_ADMIN) as window:
        screen = Screen(window)
        screen.open(campaign, "referrers")
        screen.choose("When referrer joins campaign", "Create New User In Intercom")
        screen.map_email()
        screen.misses("Setup Required")
        screen.check("referrers")
        screen.save(says="Saved. Referrers who join from now on become users in Intercom.")
