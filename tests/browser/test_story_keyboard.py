"""The story by keyboard alone: everything can be reached, shows that it was, and hides behind nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.story import ACTION, DYNAMIC, FIXED, SAVED, TARGET, Screen
from tests.browser.story_fixtures import STORY, campaign, pretend, screen

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Route

    from campaigns.models import Campaign

__all__ = ["campaign", "pretend", "screen"]

pytestmark = STORY

REACHED = "(one) => one === document.activeElement"
# What has the focus has a ring around it, and nothing lies on top of it.
SHOWN = """
() => {
  const one = document.activeElement;
  if (one === document.body) return "";
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const name = one.outerHTML.slice(0, 120);
  if (style.outlineStyle === "none" && style.boxShadow === "none") return `no ring around ${name}`;
  if (!box.width || !top || one.contains(top) || top.contains(one)) return "";
  return `${name} is behind ${top.outerHTML.slice(0, 120)}`;
}
"""


# Scrolled so that what has the focus just shows above the bar: an answer that is longer pushes it down.
AT_THE_EDGE = """
() => {
  const bar = document.querySelector(".savebar").getBoundingClientRect();
  scrollBy(0, document.activeElement.getBoundingClientRect().bottom - bar.top + 2);
}
"""


def is_part(route: Route) -> bool:
    return "hx-request" in route.request.headers


def go_to(screen: Screen, place: Locator, *, steps: int = 60) -> None:
    """Presses Tab until that is where the focus is."""
    keys = screen.page.keyboard
    for _ in range(steps):
        if place.evaluate(REACHED):
            return
        keys.press("Tab")
        assert not (trouble := screen.page.evaluate(SHOWN)), trouble
    raise AssertionError(f"Tab never comes to {place}")


def pick(screen: Screen, control: Locator, option: str) -> None:
    """Types the beginning of an option, as one does in a dropdown."""
    go_to(screen, control)
    screen.page.keyboard.type(option)
    expect(control.locator("option:checked")).to_have_text(option)


def test_what_has_the_focus_stays_in_sight_when_an_answer_comes_late(
    screen: Screen, campaign: Campaign
) -> None:
    page, keys = screen.page, screen.page.keyboard
    page.goto(reverse("admin:campaigns_campaign_crm", args=[campaign.pk]))
    go_to(screen, page.get_by_role("link", name="Connect Intercom"))
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Connect Your Intercom")
    go_to(screen, dialog.get_by_role("button", name="Connect the sandbox"), steps=10)
    keys.press("Enter")
    expect(screen.field(ACTION)).to_be_visible()
    held: list[Route] = []
    page.route("**/leads/**", lambda route: held.append(route) if is_part(route) else route.continue_())
    pick(screen, screen.field(ACTION), "Create New Lead In Intercom")
    go_to(screen, screen.button("+ Add More Fields"))
    page.evaluate(AT_THE_EDGE)
    height = page.evaluate("document.body.scrollHeight")
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    page.wait_for_function("(height) => document.body.scrollHeight > height", arg=height)

    assert not (trouble := page.evaluate(SHOWN)), trouble


def test_the_panel_is_set_up_by_keyboard(screen: Screen, campaign: Campaign) -> None:
    page, keys = screen.page, screen.page.keyboard
    page.goto(reverse("admin:campaigns_campaign_crm", args=[campaign.pk]))
    go_to(screen, page.get_by_role("link", name="Connect Intercom"))
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Connect Your Intercom")
    expect(dialog).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Connect Intercom")).to_be_focused()
    keys.press("Enter")
    go_to(screen, dialog.get_by_role("button", name="Connect the sandbox"), steps=10)
    keys.press("Enter")

    expect(screen.field(ACTION)).to_be_visible()
    pick(screen, screen.field(ACTION), "Create New Lead In Intercom")
    pick(screen, screen.row(0).control(DYNAMIC), "Email")
    go_to(screen, screen.button("+ Add More Fields"))
    keys.press("Enter")
    row = screen.row(1)
    expect(row.control("Data Type")).to_be_focused()
    pick(screen, row.control(DYNAMIC), "First Name")
    pick(screen, row.control(TARGET), "Name – text")

    go_to(screen, row.place.get_by_role("button", name="Remove"))
    keys.press("Enter")
    expect(screen.button("Undo: bring First Name → Name back")).to_be_focused()
    keys.press("Enter")
    expect(screen.row(1).control("Data Type")).to_be_focused()

    go_to(screen, screen.button("+ Add More Fields"))
    keys.press("Space")
    row = screen.row(2)
    pick(screen, row.control("Data Type"), "Fixed Value")
    go_to(screen, row.control(FIXED))
    keys.type("Referred Lead")
    pick(screen, row.control(TARGET), "lead_source – text")

    go_to(screen, screen.section("Test lead").get_by_text("Send test lead", exact=True))
    keys.press("Enter")
    go_to(screen, screen.button("Yes, send test lead"), steps=3)
    go_to(screen, screen.save_button)
    keys.press("Enter")
    screen.sees(SAVED)
    assert list(campaign.sync_settings.get(audience="lead").field_map.values_list("target", flat=True)) == [
        *("email", "name", "custom_attributes.lead_source")
    ]
