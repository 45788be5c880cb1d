"""An update is taken back in a browser: from the entry, over the page that asks, to what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from integrations.models import ConnectionStatus, Delivery, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.services.roles import SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, set_panel
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

ROWS = [
    EMAIL_ROW,
    NAME_ROW | {"if_present": "overwrite"},
    {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"},
    {"data_type": "fixed", "value": "2027-01-31", "to": "custom_attributes.trial_ends"},
]


def test_an_update_is_taken_back_after_a_look_at_what_that_does(
    open_window: Opener, connection: IntercomConnection, sandbox: Sandbox
) -> None:
    campaign = make_campaign("Spring campaign")
    set_panel(campaign, field_map=ROWS, duplicates="update")
    known = sandbox.add_contact(
        WORKSPACE,
        email="ana@example.com",
        name="Anita",
        custom_attributes={"lead_source": "Trade fair " * 12},
    )
    lead = make_lead(campaign, first_name="Ana", last_name="Berg", email="ana@example.com")
    work()
    sandbox.change_contact(WORKSPACE, known, name="Ana Maria Berg")
    entry = reverse("admin:integrations_delivery_change", args=[Delivery.objects.get(participant=lead).pk])
    with open_window(SUPPORT) as window:
        page = window.page
        page.goto(entry)
        check_everywhere(window, "undo/entry")
        page.get_by_role("link", name="Undo the update").click()
        expect(page.get_by_text("Stays: changed since")).to_be_visible()
        check_everywhere(window, "undo/asks")
        sandbox.add_fault(WORKSPACE, Fault(acts=False, method="GET", status=503))
        page.reload()
        expect(page.get_by_text("So we cannot show what is there now.")).to_be_visible()
        check_everywhere(window, "undo/asks-blind")
        sandbox.revoke(TOKEN)
        page.reload()
        expect(page.get_by_text("Connect it again, then try once more.")).to_be_visible()
        check_everywhere(window, "undo/asks-refused")
        sandbox.restore(TOKEN)
        IntercomConnection.objects.update(status=ConnectionStatus.CONNECTED)
        page.reload()
        page.get_by_role("button", name="Put 2 fields back").click()
        expect(page.get_by_text("1 update is being taken back")).to_be_visible()
        check_everywhere(window, "undo/waits")
        work()
        page.reload()
        expect(page.get_by_text("Updated, taken back").first).to_be_visible()
        check_everywhere(window, "undo/done")
        page.goto(f"{entry.removesuffix('change/')}undo/")
        expect(page.get_by_text("There is nothing to undo")).to_be_visible()
        check_everywhere(window, "undo/nothing")
    contact = sandbox.contacts(WORKSPACE)[0]
    assert (contact["name"], contact["custom_attributes"]["trial_ends"]) == ("Ana Maria Berg", None)
