"""Somebody is erased by an admin, on a phone and in the dark too, and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import Participant
from integrations.logic.states import Reason, State
from integrations.models import Hitch
from integrations.sandbox.control import Fault
from integrations.services.roles import INTEGRATION_ADMIN
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import stand
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from tests.browser.conftest import Opener
    from tests.integrations.flow_fixtures import Intercom

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

EMAIL = "somebody.with.a.long.name.who.asked@subdomain.example.org"


@pytest.fixture
def lead(intercom: Intercom) -> Participant:
    """In two campaigns; sent."""
    campaign = make_campaign("Spring campaign")
    set_panel(campaign)
    lead = make_lead(campaign, email=EMAIL, referrer=make_referrer(campaign))
    other = make_campaign("Autumn campaign")
    make_lead(other, email="brought@example.org", referrer=make_referrer(other, email=EMAIL))
    work()
    return lead


def test_a_person_is_erased_from_their_page_to_the_proof(
    open_window: Opener, intercom: Intercom, lead: Participant
) -> None:
    with open_window(INTEGRATION_ADMIN) as window:
        page = window.page
        page.goto(reverse("admin:campaigns_participant_change", args=[lead.pk]))
        page.get_by_role("link", name="Erase this person").click()
        expect(page.get_by_role("heading", name="What we hold of")).to_be_visible()
        page.get_by_label("Delete the contact in Pretend workspace too").check()
        page.get_by_label("Type the email once more").fill("somebody@example.org")
        page.get_by_role("button", name="Erase this person").click()
        expect(page.get_by_text("This is not the email above.")).to_be_visible()
        check_everywhere(window, "erasing/refused")
        page.get_by_label("Type the email once more").fill(EMAIL)
        page.get_by_role("button", name="Erase this person").click()
        expect(page.get_by_text("Erased here. The contact in Intercom is being deleted.")).to_be_visible()
        check_everywhere(window, "erasing/deleting")
        work()
        page.reload()
        expect(page.get_by_text("Deleted", exact=True)).to_be_visible()
    assert EMAIL not in intercom.emails()
    assert not Participant.objects.filter(email_normalized=EMAIL).exists()


def test_without_javascript_what_is_in_the_way_is_told_and_ended_by_hand(
    open_window: Opener, intercom: Intercom, lead: Participant
) -> None:
    fault = Fault(acts=False, method="DELETE", status=403, times=50)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    with open_window(INTEGRATION_ADMIN, scripts=False, look=chromium.PHONE) as window:
        page = window.page
        page.goto(reverse("admin:integrations_erase"))
        page.get_by_label("Email").fill(EMAIL)
        window.follow(page.get_by_role("button", name="Show what we hold"))
        page.get_by_label("Delete the contact in Pretend workspace too").check()
        page.get_by_label("Type the email once more").fill(EMAIL)
        window.follow(page.get_by_role("button", name="Erase this person"))
        work()
        page.reload()
        expect(page.get_by_text(str(Hitch.FORBIDDEN.label))).to_be_visible()
        page.get_by_role("button", name="I have deleted it in Intercom myself").click()
        expect(page.get_by_text("Noted: 1 contact deleted by hand.")).to_be_visible()


def test_the_pages_when_there_is_nobody_and_when_somebody_waits(
    open_window: Opener, intercom: Intercom, lead: Participant
) -> None:
    stand(lead, State.UNCERTAIN, Reason.UNCERTAIN)
    with open_window(INTEGRATION_ADMIN) as window:
        page = window.page
        page.goto(reverse("admin:integrations_erasures"))
        check_everywhere(window, "erasing/nobody-yet")
        page.goto(reverse("admin:integrations_erase"))
        page.get_by_label("Email").fill("nobody@example.org")
        window.follow(page.get_by_role("button", name="Show what we hold"))
        check_everywhere(window, "erasing/nothing-held")
        page.get_by_label("Email").fill(EMAIL)
        window.follow(page.get_by_role("button", name="Show what we hold"))
        page.get_by_label("Type the email once more").fill(EMAIL)
        window.follow(page.get_by_role("button", name="Erase this person"))
        check_everywhere(window, "erasing/waiting")
