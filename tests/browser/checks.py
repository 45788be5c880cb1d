"""What everybody should find on a page, however they look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium
from tests.browser.axe import ALL_RULES, OF_COLOURS, check_axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.chromium import Window

everywhere = pytest.mark.parametrize("look", chromium.LOOKS, ids=lambda look: look.name)
"""A test marked so runs with each `look`: wide and narrow, light and dark."""

TOO_WIDE = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > width + 1)
    .slice(0, 5)
    .map((one) => one.outerHTML.slice(0, 160));
}
"""

# Colours may be on their way from light to dark.
AT_REST = """
() => document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish())
"""


def check_width(page: Page) -> None:
    """Fails where a page must be moved sideways to be read, naming what is too wide."""
    found = page.evaluate(TOO_WIDE)
    assert not found, f"{page.url} is too wide:\n" + "\n".join(found)


def check_page(window: Window, name: str, *, rules: str = ALL_RULES) -> None:
    """A page as it should be: nobody is kept out, and nothing stands beyond its edge."""
    window.page.wait_for_load_state()
    window.picture(name)
    check_width(window.page)
    check_axe(window.page, rules=rules)


def check_everywhere(window: Window, name: str) -> None:
    """The same in each look, without loading the page again: whatever is open or typed stays so."""
    page = window.page
    page.wait_for_load_state()
    before = page.viewport_size
    for look in chromium.LOOKS:
        page.set_viewport_size({"width": look.width, "height": look.height})
        page.emulate_media(color_scheme="dark" if look.dark else "light", reduced_motion="reduce")
        page.evaluate(AT_REST)
        # In the dark the very same page has other colours, and nothing else.
        check_page(window, f"{name}-{look.name}", rules=OF_COLOURS if look.dark else ALL_RULES)
    page.emulate_media(color_scheme="light")
    if before:
        page.set_viewport_size(before)
