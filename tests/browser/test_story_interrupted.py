"""Whatever comes between somebody and their settings, nothing that they typed is lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from campaigns.models import Audience
from integrations.models import IntercomConnection
from integrations.services.roles import INTEGRATION_ADMIN
from integrations.services.settings import current
from tests.browser.story import DYNAMIC, FIXED, TARGET, Screen
from tests.browser.story_fixtures import STORY, campaign, connected, pretend, screen
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page, Route
    from pytest_django.fixtures import Settings

    from campaigns.models import Campaign
    from tests.browser.conftest import Opener

__all__ = ["campaign", "connected", "pretend", "screen"]

pytestmark = STORY

PASSWORD = "only-for-this-test"


@pytest.fixture
def working(campaign: Campaign, connected: IntercomConnection) -> Campaign:
    set_panel(campaign)
    return campaign


def end_the_session() -> None:
    """As if somebody had been away for weeks, or had signed out in another tab."""
    Session.objects.all().delete()


def sign_in(page: Page) -> None:
    user = User.objects.get(username="integration-admin")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def type_something(screen: Screen) -> None:
    screen.map("Company", to="lead_source – text")
    screen.map_fixed("half ty", to="Phone – text")


def check_it_is_there(screen: Screen) -> None:
    expect(screen.rows).to_have_count(4)
    expect(screen.row(2).control(DYNAMIC).locator("option:checked")).to_have_text("Company")
    expect(screen.row(3).control(FIXED)).to_have_value("half ty")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_session_that_ends_in_mid_edit(open_window: Opener, working: Campaign, *, scripts: bool) -> None:
    with open_window(INTEGRATION_ADMIN, scripts=scripts) as window:
        screen = Screen(window)
        screen.open(working)
        type_something(screen)
        end_the_session()
        screen.save_button.click()
        sign_in(screen.page)
        screen.sees("You were signed out while you worked here")
        check_it_is_there(screen)
        assert len(current(working, Audience.LEAD).rows) == 2
        if scripts:
            screen.check("signed-in-again")
        screen.save()
        check_it_is_there(screen)
    assert len(current(working, Audience.LEAD).rows) == 4


@pytest.mark.parametrize("button", ["+ Add More Fields", "Refresh"])
def test_a_button_pressed_after_the_session_has_ended(screen: Screen, working: Campaign, button: str) -> None:
    screen.open(working)
    type_something(screen)
    end_the_session()
    screen.press(button)
    screen.sees("You were logged out, so nothing was saved.")
    check_it_is_there(screen)
    screen.check("signed-out")
    with screen.page.expect_popup() as opened:
        screen.page.get_by_role("link", name="log in in another tab").click()
    sign_in(opened.value)
    opened.value.wait_for_url("**/admin/")
    opened.value.close()

    screen.press("+ Add More Fields")
    expect(screen.rows).to_have_count(5)
    screen.misses("You were logged out")
    screen.row(4).remove()
    screen.save()
    check_it_is_there(screen)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_saving_in_a_browser_that_has_forgotten_its_cookies(
    open_window: Opener, working: Campaign, *, scripts: bool
) -> None:
    with open_window(INTEGRATION_ADMIN, scripts=scripts) as window:
        screen = Screen(window)
        screen.open(working)
        type_something(screen)
        window.page.context.clear_cookies()
        screen.save_button.click()
        sign_in(screen.page)
        screen.sees("You were signed out while you worked here")
        check_it_is_there(screen)
        assert len(current(working, Audience.LEAD).rows) == 2


def test_a_button_in_a_browser_that_has_forgotten_its_cookies(screen: Screen, working: Campaign) -> None:
    screen.open(working)
    type_something(screen)
    screen.page.context.clear_cookies()
    screen.press("+ Add More Fields")
    screen.sees("You were logged out, so nothing was saved.")
    check_it_is_there(screen)
    with screen.page.expect_popup() as opened:
        screen.page.get_by_role("link", name="log in in another tab").click()
    sign_in(opened.value)
    opened.value.wait_for_url("**/admin/")
    opened.value.close()
    screen.save()
    check_it_is_there(screen)
    assert len(current(working, Audience.LEAD).rows) == 4


def test_the_test_lead_is_asked_for_after_the_session_has_ended(screen: Screen, working: Campaign) -> None:
    screen.open(working)
    type_something(screen)
    end_the_session()
    screen.section("Test lead").get_by_text("Send test lead", exact=True).click()
    screen.press("Yes, send test lead")
    screen.sees("You were logged out, so nothing was saved.")
    check_it_is_there(screen)


def test_two_quick_clicks_add_two_rows(screen: Screen, working: Campaign) -> None:
    screen.open(working)
    row = screen.add()
    row.fixed("half ty")
    screen.button("+ Add More Fields").dblclick()
    expect(screen.rows).to_have_count(5)
    expect(row.control(FIXED)).to_have_value("half ty")


def test_a_row_removed_just_before_saving_is_not_saved(screen: Screen, working: Campaign) -> None:
    def late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    screen.open(working)
    row = screen.map("Company", to="lead_source – text")
    screen.page.route("**/leads/", late)
    row.remove()
    screen.save_button.click()
    screen.sees("Nothing was changed, so there was nothing to save.")
    expect(screen.rows).to_have_count(2)
    assert len(current(working, Audience.LEAD).rows) == 2


def test_two_quick_clicks_on_save_are_one(screen: Screen, working: Campaign) -> None:
    screen.open(working)
    screen.map("Company", to="lead_source – text")
    before = current(working, Audience.LEAD).revision
    screen.save_button.dblclick()
    screen.sees("Saved. Leads who join from now on become leads in Intercom.")
    screen.misses("saved these settings on")
    assert current(working, Audience.LEAD).revision == before + 1


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "stays"])
def test_leaving_with_unsaved_changes_is_asked_about(
    screen: Screen, working: Campaign, *, leaves: bool
) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        if leaves:
            dialog.accept()
        else:
            dialog.dismiss()

    screen.page.on("dialog", answer)
    screen.open(working)
    type_something(screen)
    screen.page.get_by_role("link", name="Referrers").last.click(no_wait_after=True)
    if leaves:
        expect(screen.field("When referrer joins campaign")).to_be_visible()
    else:
        check_it_is_there(screen)
    assert asked == ["beforeunload"]


def test_nothing_can_be_typed_that_a_slow_answer_would_wipe(screen: Screen, working: Campaign) -> None:
    waiting: list[Route] = []
    screen.open(working)
    row = screen.map_fixed("half ty", to="lead_source – text")
    expect(screen.state).to_contain_text("Unsaved changes")
    screen.page.wait_for_load_state("networkidle")
    screen.page.route("**/leads/", lambda route: waiting.append(route))
    screen.press("Refresh")
    expect(row.control(FIXED)).to_be_disabled()
    for route in waiting:
        route.continue_()
    screen.page.unroute("**/leads/")
    expect(row.control(FIXED)).to_be_enabled()
    expect(row.control(FIXED)).to_have_value("half ty")
    expect(screen.button("Refresh")).to_be_focused()


def test_the_panel_works_while_intercom_is_down(
    screen: Screen, working: Campaign, connected: IntercomConnection, settings: Settings
) -> None:
    settings.INTERCOM_SANDBOX_URL = "http://127.0.0.1:9"
    IntercomConnection.objects.update(attributes_at="2026-01-01T00:00:00Z")
    screen.open(working)
    screen.sees("Fields last read")
    screen.sees("Press Refresh if something changed in Intercom.")
    screen.map("Company", to="lead_source – text")
    screen.press("Refresh")
    screen.sees("The list of Intercom's fields could not be read")
    screen.sees("Until then the list from before is used.")
    expect(screen.row(2).control(TARGET).locator("option:checked")).to_have_text("lead_source – text")
    screen.check("intercom-down")
    screen.section("Preview").get_by_role("button", name="Update preview").click()
    screen.save()
