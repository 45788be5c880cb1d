"""The Health page, as somebody looks at it: wide and narrow, light and dark, with and without trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.models import Participant
from integrations.logic.states import Reason, State
from integrations.models import SnapshotState, SweepState, SyncSettings
from integrations.services.health import source
from integrations.services.health.snapshot import take
from integrations.services.roles import SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import work
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import EVERYWHERE, stand
from tests.integrations.flow_fixtures import set_panel

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


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    """At work, with a few leads of the last days."""
    made = make_campaign("Spring campaign")
    set_panel(made)
    for days in range(9):
        for _ in range(1 + days % 3):
            lead = make_lead(made)
            joined = timezone.now() - timedelta(days=days, hours=2 * days)
            Participant.objects.filter(pk=lead.pk).update(joined_at=joined)
    make_referrer(made)
    work()
    now = timezone.now()
    SweepState.objects.update_or_create(pk=SweepState.ONLY, defaults={"beat_at": now, "swept_at": now})
    return made


def trouble(campaign: Campaign) -> None:
    """One of everything that can go wrong."""
    now = timezone.now()
    for place, (state, reason) in enumerate(EVERYWHERE):
        stand(make_lead(campaign), state, reason, owed_since=now - timedelta(hours=place))
    paused = make_campaign("Autumn, with a name that is longer than anybody would wish for on a phone")
    set_panel(paused)
    make_lead(paused)
    SyncSettings.objects.filter(campaign=paused).update(paused_at=now)
    slipped = [Participant(campaign=campaign, audience="lead") for _ in range(2)]
    for place, person in enumerate(slipped):
        person.set_email(f"sql{place}@example.com")
    Participant.objects.bulk_create(slipped)
    SweepState.objects.update(beat_at=now - timedelta(hours=3), swept_at=now - timedelta(hours=3))


def test_all_is_well_in_one_look(open_window: Opener, campaign: Campaign) -> None:
    with open_window(SUPPORT) as window:
        window.page.goto(reverse("admin:index"))
        window.page.get_by_role("link", name="Health", exact=True).first.click()
        expect(window.page.get_by_role("heading", name="All is well")).to_be_visible()
        check_everywhere(window, "health/well")


def test_trouble_is_listed_and_leads_to_where_it_is_seen(open_window: Opener, campaign: Campaign) -> None:
    trouble(campaign)
    with open_window(SUPPORT) as window:
        page = window.page
        page.goto(reverse("admin:integrations_health"))
        expect(page.get_by_role("heading", name="things need you")).to_be_visible()
        check_everywhere(window, "health/trouble")
        for summary in page.get_by_text("The same as a table").all():
            summary.click()
        check_everywhere(window, "health/tables")
        skipped = page.locator("#campaigns").get_by_role("link", name="1 Skipped")
        skipped.click()
        page.wait_for_url("**outcome=skipped**")


def test_a_campaign_is_looked_for_without_a_script(open_window: Opener, campaign: Campaign) -> None:
    for number in range(30):
        make_campaign(f"Calm {number}")
    stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED)
    with open_window(SUPPORT, scripts=False) as window:
        page = window.page
        page.goto(reverse("admin:integrations_health"))
        page.get_by_role("link", name="Less trouble").click()
        expect(page.get_by_text("Page 2 of 2")).to_be_visible()
        page.get_by_label("Name of the campaign").fill("spring")
        page.get_by_label("Name of the campaign").press("Enter")
        lines = page.locator("#campaigns .matters__one")
        expect(lines).to_have_count(1)
        expect(lines.get_by_role("link", name="Spring campaign")).to_be_visible()
        expect(lines.get_by_role("link", name="1 needs attention, the first just now")).to_be_visible()


def test_old_numbers_say_so(open_window: Opener, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LIVE_BELOW", 2)
    with open_window(SUPPORT) as window:
        window.page.goto(reverse("admin:integrations_health"))
        check_everywhere(window, "health/uncounted")
        take()
        SnapshotState.objects.update(taken_at=timezone.now() - timedelta(hours=2))
        window.page.reload()
        expect(window.page.get_by_text("These numbers are old")).to_be_visible()
        check_everywhere(window, "health/old")
