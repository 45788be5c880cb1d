"""What the panel says beside its form: the list of first steps, the preview, who was let go. It follows what
is typed, and nothing of it complains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from integrations.logic.states import State
from integrations.models import Delivery, SyncSettings, Trial, TrialState
from integrations.services.campaign_connection import attach
from integrations.services.roles import INTEGRATION_ADMIN
from tests.browser import chromium
from tests.browser.checks import check_everywhere, check_width
from tests.browser.conftest import BOSS, work
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from tests.browser.chromium import Window
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

NEXT = "[aria-current=step]"


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    """Connected, and nothing chosen yet."""
    made = make_campaign("Spring campaign")
    attach(made, connection=connection, user=None)
    return made


@pytest.fixture
def window(campaign: Campaign, open_window: Opener) -> Iterator[Window]:
    with open_window(INTEGRATION_ADMIN) as opened:
        opened.page.goto(address(campaign))
        yield opened


def address(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])


def finish(campaign: Campaign) -> None:
    """As after a good start: all is saved, a test has passed, and a lead is in Intercom."""
    set_panel(campaign)
    row = SyncSettings.objects.get(campaign=campaign, audience="lead")
    assert row.connection
    Trial.objects.create(
        settings=row,
        connection=row.connection,
        state=TrialState.DONE,
        passed=True,
        email="t@example.com",
        content={},
        deleted_at=timezone.now(),
    )
    make_lead(campaign, first_name="Leo", email="leo@example.com")
    work()
    assert Delivery.objects.get().state == State.CREATED


def test_the_list_of_first_steps_follows_what_is_typed_up_to_saving(window: Window) -> None:
    page = window.page
    step = page.locator(f"#first-steps {NEXT}")
    expect(step).to_contain_text("Choose what happens when a lead joins")
    page.select_option("#id_action", "create_lead")
    expect(step).to_contain_text("Map Email")
    page.select_option("#id_rows-0-source", "lead.email")
    expect(step).to_contain_text("Send a test lead")
    check_everywhere(window, "steps-typed")
    page.get_by_text("Send test lead", exact=True).click()
    page.get_by_role("button", name="Yes, send test lead").click()
    expect(page.locator("#trial")).to_contain_text("Testing")
    work()
    expect(page.locator("#trial")).to_contain_text("Everything works")
    expect(page.locator("#trial-ready")).to_contain_text("not saved yet")
    expect(page.locator("#trial")).not_to_contain_text("Not ready to be tested")
    page.dispatch_event("#panel-form", "input")
    expect(step).to_contain_text("Save")
    check_everywhere(window, "steps-save")
    step.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("become leads in Intercom")
    expect(step).to_contain_text("The first real lead")


def test_on_a_campaign_that_works_the_first_setting_is_seen_at_once(
    campaign: Campaign, open_window: Opener
) -> None:
    finish(campaign)
    with open_window(BOSS) as window:
        page = window.page
        page.goto(address(campaign))
        expect(page.locator("#first-steps summary")).to_contain_text("leads reach Intercom")
        expect(page.locator("#first-steps ol")).to_be_hidden()
        place = page.locator("#id_action").bounding_box()
        assert place
        assert place["y"] < 700
        check_everywhere(window, "finished")
        page.click("#first-steps summary")
        page.check("#id_policy_1")
        expect(page.locator("#save-state")).to_contain_text("Unsaved changes")
        expect(page.locator("#first-steps ol")).to_be_visible()


def test_what_cannot_have_an_effect_is_not_shown(campaign: Campaign, window: Window) -> None:
    page = window.page
    page.select_option("#id_action", "create_lead")
    page.click("#add-row")
    page.select_option("#id_rows-1-target", "name")
    expect(page.locator("#id_rows-1-if_present")).to_be_hidden()
    expect(page.get_by_text("If you tick this, these are created")).to_be_visible()
    page.check("#id_policy_1")
    expect(page.locator("#id_rows-1-if_present")).to_be_visible()
    page.check("#id_marks")
    expect(page.get_by_text("When you save, these are created")).to_be_visible()
    expect(page.get_by_text("If you tick this, these are created")).to_be_hidden()


def test_somebody_else_is_previewed_by_the_button_and_by_enter_and_nothing_complains(
    campaign: Campaign, window: Window
) -> None:
    make_lead(campaign, first_name="Leo", email="leo@example.com")
    page, result = window.page, window.page.locator("#preview-result")
    page.select_option("#id_action", "create_lead")
    page.select_option("#id_rows-0-source", "lead.email")
    page.select_option("#preview-for", "email")
    expect(result).to_contain_text("Type the email of somebody who joined")
    page.fill("#preview-email", "leo@example.com")
    page.click("#preview-update")
    expect(result).to_contain_text("leo@example.com")
    expect(result).to_contain_text("Will be sent")
    page.fill("#preview-email", "nobody@example.com")
    page.press("#preview-email", "Enter")
    expect(result).to_contain_text("Nobody with the email nobody@example.com")
    expect(page.locator("#preview-email")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_action")).to_have_value("create_lead")
    page.click("#add-row")
    page.fill("#preview-email", "leo@example.com")
    page.click("#preview-update")
    page.click("#preview-update")
    expect(result).to_contain_text("leo@example.com")
    check_everywhere(window, "preview-by-email")


def test_a_new_attribute_is_announced_beside_its_row(window: Window) -> None:
    page = window.page
    page.select_option("#id_action", "create_lead")
    page.get_by_text("Create a new attribute in Intercom").click()
    page.fill("#id_new_name", "shoe_size")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#id_rows-1-data_type")).to_be_focused()
    expect(page.locator("#created")).to_be_in_viewport()
    check_everywhere(window, "created")


def test_the_tabs_of_a_campaign_take_one_row_on_a_phone(campaign: Campaign, open_window: Opener) -> None:
    with open_window(BOSS, look=next(look for look in chromium.LOOKS if look.width < 400)) as window:
        page = window.page
        page.goto(address(campaign))
        check_width(page)
        tabs = page.locator(".tabs").first.locator("li")
        tops = tabs.evaluate_all("all => all.map((one) => Math.round(one.getBoundingClientRect().top))")
        assert len(set(tops)) == 1
        expect(page.get_by_role("link", name="Campaign Settings")).to_be_in_viewport(ratio=1)
        expect(page.locator("#panel-tabs")).to_contain_text("Settings for")
