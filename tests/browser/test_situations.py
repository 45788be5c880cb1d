"""Where is my lead? From an email in the search box of the log to a written answer, in twelve situations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, expect

from integrations.models import Delivery
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.sandbox.messages import Ending
from integrations.services.roles import SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere, check_page
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, set_panel, the_lag_is_over
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.sandbox.control import Sandbox
    from tests.browser.chromium import Window
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

EMAIL = "ana@example.com"
MOST_CLICKS = 3
SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
BAD = '{"type": "error.list", "errors": [{"code": "parameter_invalid", "message": "This is not allowed"}]}'


@dataclass
class Scene:
    """A campaign that works, and the pretend workspace that it uses."""

    campaign: Campaign
    sandbox: Sandbox

    def join(self) -> None:
        make_lead(self.campaign, first_name="Ana", last_name="Berg", email=EMAIL)
        work()

    def trouble(self, path: str = "*", **fault: object) -> None:
        self.sandbox.add_fault(WORKSPACE, Fault(acts=False, path=path, **fault))  # type: ignore[arg-type]


@pytest.fixture
def scene(connection: IntercomConnection, sandbox: Sandbox) -> Scene:
    assert connection.pk
    campaign = make_campaign("Spring campaign")
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, SOURCE_ROW])
    make_lead(campaign, first_name="Bo", last_name="Lind", email="bo@example.com")
    work()
    return Scene(campaign, sandbox)


# How each comes to be ---------------------------------------------------------------------------------


def created(scene: Scene) -> None:
    scene.join()


def updated(scene: Scene) -> None:
    set_panel(scene.campaign, field_map=[EMAIL_ROW, SOURCE_ROW], duplicates="update")
    scene.sandbox.add_contact(WORKSPACE, email=EMAIL, role="user")
    scene.join()


def skipped(scene: Scene) -> None:
    scene.sandbox.add_contact(WORKSPACE, email=EMAIL, role="user")
    scene.join()


def archived(scene: Scene) -> None:
    set_panel(scene.campaign, action="create_user", duplicates="update")
    known = scene.sandbox.add_contact(WORKSPACE, email=EMAIL, role="user")
    scene.sandbox.set_state(WORKSPACE, known, ContactState.ARCHIVED)
    scene.join()


def setup_required(scene: Scene) -> None:
    set_panel(scene.campaign, field_map=[NAME_ROW])
    scene.join()


def reconnect_needed(scene: Scene) -> None:
    scene.sandbox.revoke(TOKEN)
    scene.join()


def rate_limited(scene: Scene) -> None:
    reset = int((timezone.now() + timedelta(minutes=1)).timestamp())
    scene.trouble(status=429, times=None, headers={"X-RateLimit-Reset": str(reset), "Retry-After": "60"})
    scene.join()


def retrying(scene: Scene) -> None:
    scene.trouble("/contacts/search", status=503, times=None)
    scene.join()


def uncertain(scene: Scene) -> None:
    scene.trouble("/contacts", ending=Ending.DROP)
    scene.join()


def rejected(scene: Scene) -> None:
    scene.trouble("/contacts", status=422, body=BAD)
    scene.join()


def several_matches(scene: Scene) -> None:
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    scene.sandbox.add_fault(WORKSPACE, fault)
    scene.join()
    scene.sandbox.add_contact(WORKSPACE, email=EMAIL, name="Another Ana")
    the_lag_is_over()
    Delivery.objects.filter(intent_at__isnull=False).update(intent_at=timezone.now() - timedelta(seconds=30))
    work()


def nothing_to_action(scene: Scene) -> None:
    set_panel(scene.campaign, action="nothing")
    scene.join()


SITUATIONS: dict[str, tuple[Callable[[Scene], None], str, str]] = {
    "created": (created, "Created", "A new contact was created in Intercom. Nothing to do."),
    "updated": (updated, "Updated", "The contact already existed in Intercom, and was updated."),
    "skipped": (
        skipped,
        "Skipped",
        "The contact already existed in Intercom, and your setting says: do nothing.",
    ),
    "archived": (
        archived,
        "Needs attention",
        "The contact is archived in Intercom, perhaps on purpose. Restore it in Intercom",
    ),
    "setup-required": (
        setup_required,
        "Waiting",
        "The settings are not complete: Setup Required. Complete the settings",
    ),
    "reconnect-needed": (
        reconnect_needed,
        "Waiting",
        "Intercom no longer accepts our access to this workspace. Connect the workspace again",
    ),
    "rate-limited": (rate_limited, "Waiting", "Intercom asked us to slow down. Nothing to do"),
    "retrying": (
        retrying,
        "Waiting",
        "Intercom did not answer as it should. Nothing to do: it is tried again by itself.",
    ),
    "uncertain": (
        uncertain,
        "Being checked",
        "Sent, but Intercom's answer got lost: the contact may or may not exist. Nothing to do",
    ),
    "rejected": (rejected, "Needs attention", "Intercom rejected the contact. Read Intercom's message"),
    "several-matches": (
        several_matches,
        "Needs attention",
        "Several contacts in Intercom could be the one we created. Say below which one it is.",
    ),
    "nothing-to-action": (
        nothing_to_action,
        "Not sent",
        "When this person joined, the settings on their tab (Leads or Referrers) said Nothing to action.",
    ),
}
"""For each how it comes to be, the word on its badge, and the sentence that a person reads."""


# Somebody who looks -----------------------------------------------------------------------------------


@dataclass
class Finder:
    """Support at the sync log, with an email in hand; counts what is clicked."""

    window: Window
    clicks: list[str] = field(default_factory=list)

    def click(self, what: Locator) -> None:
        self.clicks.append(str(what))
        what.click()

    def find(self, email: str) -> None:
        page = self.window.page
        page.goto(reverse("admin:integrations_delivery_changelist"))
        page.get_by_role("searchbox").fill(email)
        self.click(page.get_by_role("button", name="Search", exact=True))

    def open(self, name: str) -> None:
        self.click(self.window.page.get_by_role("link", name=name, exact=True))

    @property
    def answer(self) -> Locator:
        return self.window.page.get_by_role("region", name="In Intercom")


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_email_leads_to_a_written_answer(open_window: Opener, scene: Scene, name: str) -> None:
    arrange, word, sentence = SITUATIONS[name]
    arrange(scene)
    with open_window(SUPPORT) as window:
        finder = Finder(window)
        finder.find(EMAIL)
        expect(window.page.get_by_text("bo@example.com")).to_have_count(0)
        finder.open("Ana Berg")
        expect(finder.answer.get_by_text(word, exact=True)).to_be_visible()
        expect(finder.answer).to_contain_text(sentence)
        assert len(finder.clicks) <= MOST_CLICKS
        check_page(window, f"situations/{name}")


# What may be done from there --------------------------------------------------------------------------


def test_several_contacts_are_told_apart_and_one_is_chosen(open_window: Opener, scene: Scene) -> None:
    several_matches(scene)
    with open_window(SUPPORT) as window:
        page, finder = window.page, Finder(window)
        finder.find(EMAIL)
        finder.open("Ana Berg")
        page.get_by_role("link", name="Show what tells them apart").click()
        expect(page.get_by_text("Another Ana")).to_be_visible()
        check_everywhere(window, "situations/compared")
        card = page.get_by_role("listitem").filter(has=page.get_by_text("Ana Berg", exact=True))
        card.get_by_role("button", name="This is the one").click()
        expect(page.get_by_text("1 person is on the way to Intercom.")).to_be_visible()
        work()
        page.reload()
        expect(finder.answer.get_by_text("Created", exact=True)).to_be_visible()
        check_everywhere(window, "situations/chosen")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_story_can_be_copied(open_window: Opener, scene: Scene, *, scripts: bool) -> None:
    rejected(scene)
    with open_window(SUPPORT, scripts=scripts) as window:
        page, finder = window.page, Finder(window)
        finder.find(EMAIL)
        finder.open("Ana Berg")
        text = page.get_by_role("textbox", name="For support").input_value()
        assert "Email: ana@example.com" in text
        assert "This is not allowed" in text
        if not scripts:
            expect(page.get_by_role("link", name="Copy for support")).to_be_visible()
            return
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy for support").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == text.strip()


def test_who_is_not_recorded_yet_is_told_so(open_window: Opener, scene: Scene) -> None:
    lead = make_lead(scene.campaign, first_name="Zoë", last_name="Ek")
    Delivery.objects.filter(participant=lead).delete()
    with open_window(SUPPORT) as window:
        window.page.goto(reverse("admin:integrations_person", args=[lead.pk]))
        expect(window.page.get_by_text("Nothing is recorded yet")).to_be_visible()
        check_everywhere(window, "situations/unrecorded")
