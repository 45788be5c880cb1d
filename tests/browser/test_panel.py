"""The panel's form under a person's hands: quick clicks, half-typed rows, leaving without saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import Audience
from integrations.services.roles import SUPPORT
from integrations.services.settings import current
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import BOSS
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import EMAIL_ROW, set_panel
from tests.integrations.sandbox_fixtures import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Dialog, Page

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.sandbox.control import Sandbox
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

THRICE = "() => { for (let n = 0; n < 3; n++) document.querySelector('#add-row').click(); }"

FAILS = """() => {
  const elt = document.querySelector("#disconnect-dialog");
  elt.dispatchEvent(new CustomEvent("htmx:sendError", { bubbles: true, detail: { elt } }));
}"""
"""As if the network were gone; a call that truly fails would be told to the console."""


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    """Connected, with an email that is not mapped yet."""
    made = make_campaign("Spring campaign")
    set_panel(made, field_map=[{**EMAIL_ROW, "from": ""}])
    return made


@pytest.fixture
def page(campaign: Campaign, open_window: Opener) -> Iterator[Page]:
    """The Leads tab, in front of somebody who may change it."""
    with open_window(BOSS) as window:
        window.page.goto(address(campaign))
        yield window.page


def address(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])


def test_quick_clicks_add_as_many_rows_and_lose_nothing_typed(page: Page) -> None:
    page.click("#add-row")
    page.select_option("#id_rows-1-data_type", "fixed")
    page.fill("#id_rows-1-value", "half ty")
    page.evaluate(THRICE)
    expect(page.locator(".maprow")).to_have_count(5)
    expect(page.locator("#id_rows-TOTAL_FORMS")).to_have_value("5")
    expect(page.locator("#id_rows-1-value")).to_have_value("half ty")
    expect(page.locator("#id_rows-4-data_type")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("A field was added.")


def test_setup_required_goes_the_moment_email_is_mapped(page: Page) -> None:
    expect(page.locator("#panel-tabs")).to_contain_text("Setup Required")
    page.select_option("#id_rows-0-source", "lead.email")
    expect(page.locator("#panel-tabs")).not_to_contain_text("Setup Required")
    expect(page.locator("#row-0-status")).to_be_empty()
    expect(page.locator("#save-state")).to_contain_text("Unsaved changes")


def test_a_field_that_is_taken_cannot_be_chosen_again(page: Page) -> None:
    page.click("#add-row")
    page.click("#add-row")
    expect(page.locator(".maprow")).to_have_count(3)
    page.select_option("#id_rows-1-target", "name")
    expect(page.locator("#id_rows-2-target option[value=name]")).to_be_disabled()
    page.select_option("#id_rows-1-target", "phone")
    expect(page.locator("#id_rows-2-target option[value=name]")).to_be_enabled()


def test_a_removed_row_comes_back_as_it_was(page: Page) -> None:
    page.click("#add-row")
    page.select_option("#id_rows-1-source", "lead.first_name")
    page.click("[value=remove-1]")
    expect(page.locator("#undo-1")).to_be_focused()
    page.click("#undo-1")
    expect(page.locator("#id_rows-1-source")).to_have_value("lead.first_name")


def test_only_the_chosen_kind_of_value_is_seen(page: Page) -> None:
    page.click("#add-row")
    expect(page.locator("#id_rows-1-source")).to_be_visible()
    expect(page.locator("#id_rows-1-value")).to_be_hidden()
    page.select_option("#id_rows-1-data_type", "fixed")
    expect(page.locator("#id_rows-1-source")).to_be_hidden()
    expect(page.locator("#id_rows-1-value")).to_be_visible()


def test_with_nothing_to_action_the_rest_is_hidden(page: Page) -> None:
    page.select_option("#id_action", "nothing")
    expect(page.locator("#fields")).to_be_hidden()
    expect(page.locator("#rule-title")).to_be_hidden()
    expect(page.get_by_text("No contact will be created in Intercom")).to_be_visible()


def test_refreshing_keeps_what_is_typed_and_the_place(page: Page) -> None:
    page.click("#add-row")
    page.select_option("#id_rows-1-source", "lead.company")
    page.click("#refresh")
    expect(page.locator("#announcer")).to_contain_text("was read just now")
    expect(page.locator("#id_rows-1-source")).to_have_value("lead.company")
    expect(page.locator("#refresh")).to_be_focused()


def test_leaving_with_unsaved_changes_is_asked_about(page: Page) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.select_option("#id_action", "create_user")
    page.get_by_role("link", name="Home").first.click()
    page.wait_for_url("**/admin/")
    assert asked == ["beforeunload"]


def test_saving_and_discarding_ask_nothing(page: Page, campaign: Campaign) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.type))
    page.select_option("#id_action", "create_user")
    page.get_by_role("link", name="Discard").click()
    expect(page.locator("#id_action")).to_have_value("create_lead")
    page.select_option("#id_rows-0-source", "lead.email")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("become leads in Intercom")
    assert current(campaign, Audience.LEAD).rows[0].source == "lead.email"


def test_enter_in_a_new_attributes_name_creates_it(page: Page) -> None:
    page.get_by_text("Create a new attribute in Intercom").click()
    page.fill("#id_new_name", "two words")
    page.press("#id_new_name", "Enter")
    expect(page.locator("#new-name-error")).to_contain_text("Try “two_words”")
    page.click("#refresh")
    expect(page.locator("#announcer")).to_contain_text("was read just now")
    expect(page.locator("#id_new_name")).to_be_visible()
    page.fill("#id_new_name", "two_words")
    page.press("#id_new_name", "Enter")
    expect(page.locator("#created")).to_contain_text("two_words is in Intercom now")
    expect(page.locator("#id_rows-1-target")).to_have_value("custom_attributes.two_words")


def test_a_refused_access_brings_the_way_to_reconnect(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("link", name="Renew access").wait_for()
    sandbox.revoke(TOKEN)
    page.click("#refresh")
    header = page.locator("#connection")
    expect(header.get_by_text("Reconnect needed")).to_be_visible()
    expect(header).to_be_focused()
    expect(header).to_be_in_viewport()
    header.get_by_role("link", name="Reconnect").click()
    expect(page.locator("#connect-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Disconnect").click()
    expect(page.locator("#disconnect-dialog")).to_contain_text("All settings are kept")


def test_a_dialog_whose_words_do_not_come_says_so_and_asks_again(page: Page) -> None:
    address = "**/disconnect/**"
    page.route(address, lambda route: route.fulfill(status=200, body="", headers={"HX-Reswap": "none"}))
    page.get_by_role("link", name="Disconnect").click()
    dialog = page.locator("#disconnect-dialog")
    expect(dialog).to_contain_text("One moment…")
    page.evaluate(FAILS)
    expect(dialog.get_by_role("alert")).to_contain_text("check your connection and try again")
    expect(dialog.get_by_text("One moment…")).to_be_hidden()
    page.unroute(address)
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("button", name="Disconnect")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)


def test_a_dialog_says_that_the_session_has_ended(page: Page) -> None:
    Session.objects.all().delete()
    page.get_by_role("link", name="Disconnect").click()
    dialog = page.locator("#disconnect-dialog")
    expect(dialog.get_by_role("link", name="log in in another tab")).to_be_visible()
    expect(dialog.get_by_text("One moment…")).to_be_hidden()


def test_everything_works_without_scripts(campaign: Campaign, open_window: Opener) -> None:
    with open_window(BOSS, scripts=False) as window:
        page = window.page
        page.goto(address(campaign))
        page.select_option("#id_rows-0-source", "lead.email")
        page.click("#add-row")
        page.select_option("#id_rows-1-source", "lead.full_name")
        page.select_option("#id_rows-1-target", "name")
        page.click("#add-row")
        page.click("[value=remove-2]")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".messages")).to_contain_text("become leads in Intercom")
    assert [row.target for row in current(campaign, Audience.LEAD).rows] == ["email", "name"]


def test_a_tab_with_something_wrong_is_readable_everywhere(campaign: Campaign, open_window: Opener) -> None:
    with open_window(BOSS) as window:
        page = window.page
        page.goto(address(campaign))
        page.click("#add-row")
        page.select_option("#id_rows-1-data_type", "fixed")
        page.check("#id_policy_1")
        page.select_option("#id_method", "attribute_changes")
        page.get_by_text("Create a new attribute in Intercom").click()
        page.get_by_role("button", name="Create", exact=True).click()
        expect(page.locator("#new-name-error")).to_be_visible()
        page.click("[value=remove-1]")
        expect(page.locator("#undo-1")).to_be_visible()
        check_everywhere(window, "panel-at-work")


def test_support_sees_it_all_and_can_change_nothing(campaign: Campaign, open_window: Opener) -> None:
    with open_window(SUPPORT) as window:
        window.page.goto(address(campaign))
        expect(window.page.locator("#id_action")).to_be_disabled()
        expect(window.page.get_by_text("You can look but not change these settings")).to_be_visible()
        check_everywhere(window, "panel-support")
