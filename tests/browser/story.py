"""The panel in the hands of somebody who goes by what is written on it, and by nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.checks import check_everywhere

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from campaigns.models import Campaign
    from tests.browser.chromium import Window

DYNAMIC = "From Referral Factory (Dynamic)"
FIXED = "From Referral Factory"
TARGET = "To (Intercom)"
ACTION = "When lead joins campaign"
DO_NOTHING = "If the contact already exists in Intercom, do nothing, do not update the contact in Intercom"
UPDATE = (
    "If the contact already exists in Intercom, then update the contact that already exists in Intercom to "
    "mark them as referred"
)
SAVED = "Saved. Leads who join from now on become leads in Intercom."


def panel_of(campaign: Campaign, tab: str = "leads") -> str:
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, tab])


@dataclass
class Screen:
    """What somebody sees of the panel, and what they do there."""

    window: Window

    @property
    def page(self) -> Page:
        return self.window.page

    def open(self, campaign: Campaign, tab: str = "leads") -> None:
        self.page.goto(panel_of(campaign, tab))

    def check(self, name: str) -> None:
        """This state of the page can be read by everybody: light and dark, wide and narrow."""
        check_everywhere(self.window, f"story/{name}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def save_button(self) -> Locator:
        """The one at the end; the first steps may offer it as well."""
        return self.button("Save").last

    def press(self, name: str) -> None:
        self.button(name).click()

    def choose(self, label: str, option: str) -> None:
        self.field(label).select_option(label=option)

    def field(self, label: str) -> Locator:
        """The control that a label stands for; some of them name a section as well."""
        return self.page.get_by_label(label, exact=True).and_(self.page.locator("input, select, textarea"))

    @property
    def rows(self) -> Locator:
        """The rows of `Map your fields` that are not removed."""
        return self.page.get_by_role("group", name=re.compile("^Field: "))

    def row(self, number: int) -> Row:
        """Counted from 0, which is the email's."""
        return Row(self.rows.nth(number))

    def add(self) -> Row:
        self.page.wait_for_load_state()
        number = self.rows.count()
        self.press("+ Add More Fields")
        expect(self.rows).to_have_count(number + 1)
        return self.row(number)

    def map_email(self) -> None:
        self.row(0).dynamic("Email")

    def map(self, source: str, *, to: str) -> Row:
        row = self.add()
        row.dynamic(source)
        row.to(to)
        return row

    def map_fixed(self, value: str, *, to: str) -> Row:
        row = self.add()
        row.fixed(value)
        row.to(to)
        return row

    @property
    def state(self) -> Locator:
        """The words in the bar that saves."""
        return self.page.get_by_role("status").filter(has_text="saved changes")

    def save(self, *, says: str = SAVED) -> None:
        self.save_button.click()
        self.sees(says)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def misses(self, text: str) -> None:
        expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0)

    def section(self, heading: str) -> Locator:
        return self.page.get_by_role("region", name=heading, exact=True)


@dataclass
class Row:
    """One row of `Map your fields`."""

    place: Locator

    def control(self, label: str) -> Locator:
        return self.place.get_by_label(label, exact=True)

    def dynamic(self, source: str) -> None:
        self.control(DYNAMIC).select_option(label=source)

    def fixed(self, value: str) -> None:
        self.control("Data Type").select_option(label="Fixed Value")
        self.control(FIXED).fill(value)

    def to(self, target: str) -> None:
        self.control(TARGET).select_option(label=target)

    def remove(self) -> None:
        self.place.get_by_role("button", name=re.compile("^Remove")).click()
