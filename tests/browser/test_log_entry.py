"""The page of one entry of the sync log in a browser: read by everybody, and its buttons pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.models import Delivery, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.services.roles import SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, set_panel
from tests.integrations.sandbox_fixtures import WORKSPACE

if TYPE_CHECKING:
    from campaigns.models import Participant
    from integrations.sandbox.control import Sandbox
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}


def address(person: Participant) -> str:
    return reverse("admin:integrations_delivery_change", args=[Delivery.objects.get(participant=person).pk])


def test_a_skipped_person_is_updated_after_all(
    open_window: Opener, connection: IntercomConnection, sandbox: Sandbox
) -> None:
    campaign = make_campaign("Spring campaign")
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, SOURCE_ROW])
    sandbox.add_contact(WORKSPACE, email="ana@example.com", role="user")
    lead = make_lead(campaign, first_name="Ana", last_name="Berg", email="ana@example.com")
    work()
    with open_window(SUPPORT) as window:
        window.page.goto(address(lead))
        check_everywhere(window, "log-entry/skipped")
        window.page.get_by_role("button", name="Update the existing contact after all").click()
        expect(window.page.get_by_text("1 person is on the way to Intercom.")).to_be_visible()
        work()
        window.page.reload()
        expect(window.page.get_by_role("columnheader", name="Before")).to_be_visible()
        check_everywhere(window, "log-entry/updated")
        window.page.get_by_text("Technical details").click()
        check_everywhere(window, "log-entry/technical")


def test_who_cannot_be_sent_is_told_so_and_who_waits_can_be_stopped(
    open_window: Opener, connection: IntercomConnection, sandbox: Sandbox
) -> None:
    campaign = make_campaign("Spring campaign")
    off = make_lead(campaign, first_name="Bo", last_name="Lind")
    set_panel(campaign)
    sandbox.add_fault(WORKSPACE, Fault(acts=False, path="/contacts/search", status=503, times=None))
    waits = make_lead(campaign, first_name="Zoë", last_name="Ek")
    work()
    with open_window(SUPPORT) as window:
        window.page.goto(address(waits))
        check_everywhere(window, "log-entry/waiting")
        window.page.get_by_role("button", name="Don't send").click()
        expect(window.page.get_by_text("1 person is not sent.")).to_be_visible()
        check_everywhere(window, "log-entry/not-sent")
        set_panel(campaign, action="nothing")
        window.page.goto(address(off))
        answer = window.page.get_by_role("region", name="In Intercom")
        expect(answer.get_by_text("It cannot be sent now")).to_be_visible()
        check_everywhere(window, "log-entry/cannot-be-sent")
