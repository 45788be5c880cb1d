"""Qualification as people meet it: a rule is rehearsed, what arrived is read, a mistake is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.logic.qualification import Verdict
from integrations.models import Delivery, ReceiptState, Via
from integrations.services.qualify.story import Happened
from integrations.services.roles import INTEGRATION_ADMIN
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import set_panel
from tests.integrations.qualification import PLAN, make_qualified, make_receipt, make_watched, see

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

RULE = {
    "method": "attribute_changes",
    "attribute": PLAN,
    "initial_value": "trial",
    "qualifying_values": ["pro", "team"],
}


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    # Of a list Intercom's own spelling counts; what is tried here is a text.
    connection.attributes.filter(full_name=PLAN).update(options=[], label="Plan")
    made = make_campaign("Spring campaign")
    set_panel(made, qualification=RULE)
    return made


def panel_of(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])


def test_a_rule_is_rehearsed_and_what_is_left_to_do_is_said(open_window: Opener, campaign: Campaign) -> None:
    make_watched(campaign, first_name="Ana", last_name="Lima", value="free")
    with open_window(INTEGRATION_ADMIN) as window:
        page = window.page
        page.goto(panel_of(campaign))
        expect(page.get_by_text("Seen on your leads: free")).to_be_visible()
        page.get_by_label("Lead", exact=True).select_option(index=1)
        page.get_by_label("The attribute changes to").fill("Pro")
        page.get_by_role("button", name="Would it qualify?").click()
        expect(page.locator("#rehearse")).to_contain_text("almost “pro”")
        page.get_by_label("The attribute changes to").fill("pro")
        page.get_by_role("button", name="Would it qualify?").click()
        expect(page.locator("#rehearse")).to_contain_text("Yes: the value was “free”")
        expect(page.get_by_role("heading", name="Notifications from Intercom")).to_be_visible()
        expect(page.get_by_text("contact.lead.signed_up")).to_be_visible()
        check_everywhere(window, "qualification/panel")
        # Without a rule there is nothing to rehearse, and nothing to hear.
        page.get_by_label("Select the method you want to use to qualify").select_option("none")
        expect(page.locator("#rehearse")).to_be_hidden()
        expect(page.locator("#webhooks")).to_be_hidden()


def test_what_arrived_is_read_and_a_mistake_is_taken_back(
    open_window: Opener, campaign: Campaign, connection: IntercomConnection
) -> None:
    receipt = make_receipt(connection, state=ReceiptState.USED)
    lead = make_watched(campaign, first_name="Ana", last_name="Lima", email="ana@example.com")
    see(lead, Verdict.FIRST_LOOK, via=Via.WRITE)
    see(lead, Verdict.ALMOST, value="Pro", receipt=receipt)
    see(lead, Happened.ARCHIVED, receipt=make_receipt(connection, topic="contact.archived", repeats=1))
    done = make_qualified(campaign, receipt=make_receipt(connection, state=ReceiptState.USED))
    make_receipt(connection, topic="contact.deleted", state=ReceiptState.UNUSED)
    make_receipt(connection, state=ReceiptState.FAILED)
    logged = Delivery.objects.get(participant=lead)
    with open_window(INTEGRATION_ADMIN) as window:
        page = window.page
        page.goto(reverse("admin:integrations_webhookreceipt_changelist"))
        check_everywhere(window, "qualification/receipts")
        page.goto(reverse("admin:integrations_webhookreceipt_change", args=[receipt.pk]))
        check_everywhere(window, "qualification/receipt")
        page.goto(reverse("admin:integrations_delivery_change", args=[logged.pk]))
        check_everywhere(window, "qualification/story")
        page.goto(reverse("admin:campaigns_campaign_intercom_history", args=[campaign.pk, "leads"]))
        check_everywhere(window, "qualification/history")
        window.follow(page.get_by_role("link", name="Set them back or reject them"))
        check_everywhere(window, "qualification/way-back-all")
        page.goto(reverse("admin:campaigns_campaign_leads", args=[campaign.pk]))
        check_everywhere(window, "qualification/people")
        page.goto(reverse("admin:campaigns_campaign_intercom_way_back", args=[campaign.pk, done.pk]))
        check_everywhere(window, "qualification/way-back")
        page.get_by_role("button", name="Set back to pending").click()
        expect(page.get_by_text("The lead is pending again")).to_be_visible()
