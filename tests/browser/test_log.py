"""The sync log in a browser: from an email to its answer, by keyboard and on a phone, and people chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.logic.states import Reason, State
from integrations.models import IntercomConnection
from integrations.services.roles import SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.crowds import stand
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

LOG = "admin:integrations_delivery_changelist"


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    """Somebody of every kind that support is asked about."""
    made = make_campaign("Spring campaign")
    set_panel(made)
    make_lead(made, first_name="Ana", last_name="Berg", email="ana@example.com")
    work()
    for name, state, reason in (
        ("Bo", State.SKIPPED, Reason.POLICY),
        ("Chen", State.NEEDS_ATTENTION, Reason.REJECTED),
        ("Dora", State.NEEDS_ATTENTION, Reason.ARCHIVED),
        ("Emil", State.WAITING, Reason.RETRY),
        ("Fatima", State.NOT_SENT, Reason.CANCELLED),
    ):
        stand(make_lead(made, first_name=name, last_name="Lind-Alexandersson"), state, reason, attempts=2)
    stand(make_lead(made, first_name="Goran"), State.CREATED, Reason.NEW, incomplete=True)
    return made


def test_from_an_email_to_its_answer_by_keyboard(open_window: Opener, campaign: Campaign) -> None:
    with open_window(SUPPORT) as window:
        page = window.page
        page.goto(reverse(LOG))
        check_everywhere(window, "log/all")
        page.get_by_label("Email, name, lead ID or Intercom contact ID").focus()
        page.keyboard.type("ana@example.com")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 person, newest first.")).to_be_visible()
        page.get_by_role("link", name="What happened to Ana Berg").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ana Berg")).to_be_visible()


def test_a_phone_shows_what_is_filtered_and_takes_it_away(open_window: Opener, campaign: Campaign) -> None:
    with open_window(SUPPORT, look=chromium.PHONE) as window:
        page = window.page
        page.goto(reverse(LOG))
        page.get_by_text("More filters").click()
        page.get_by_label("Reason").select_option("rejected")
        page.get_by_label("Campaign").select_option(label="Spring campaign")
        page.get_by_role("button", name="Show these").click()
        expect(page.get_by_text("More filters: 2 are on")).to_be_visible()
        check_everywhere(window, "log/filtered")
        page.get_by_role("link", name="Intercom rejected the contact.").click()
        expect(page.get_by_text("More filters: 1 is on")).to_be_visible()
        page.get_by_text("More filters").click()
        check_everywhere(window, "log/filters")


def test_people_are_chosen_for_an_order(open_window: Opener, campaign: Campaign) -> None:
    with open_window(SUPPORT) as window:
        page = window.page
        page.goto(reverse(LOG, query={"outcome": "needs_attention"}))
        button = page.get_by_role("button", name="For those chosen")
        expect(button).to_be_disabled()
        page.get_by_role("checkbox", name="Choose Chen Lind-Alexandersson").check()
        expect(page.get_by_role("button", name="For the 1 chosen")).to_be_enabled()
        everybody = page.get_by_role("checkbox", name="Choose everybody on this page")
        everybody.check()
        check_everywhere(window, "log/chosen")
        page.get_by_role("button", name="For the 2 chosen").click()
        expect(page).to_have_url(re.compile(r"/orders/new/$"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("2")


def test_nobody_and_a_wrong_day_are_said(open_window: Opener, campaign: Campaign) -> None:
    with open_window(SUPPORT) as window:
        page = window.page
        page.goto(reverse(LOG, query={"q": "nobody@example.com"}))
        expect(page.get_by_text("Nobody with this email has joined any campaign.")).to_be_visible()
        check_everywhere(window, "log/nobody")
        page.goto(reverse(LOG, query={"from": "31.3.2026"}))
        expect(page.get_by_text("This is not a day.")).to_be_visible()
        check_everywhere(window, "log/wrong-day")
