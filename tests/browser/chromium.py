"""Real Chromium, driven by Playwright; every page it opens must stay free of console errors."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, expect, sync_playwright

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam

# The first is the same Chromium without a window of its own, which costs a third of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000
"""Milliseconds after which something is not there."""
PICTURES = "SCREENSHOTS"
"""The environment variable that names a folder for pictures of what the tests look at; else none are kept."""


def found() -> str | None:
    """Where Chromium is on this machine, if anywhere."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass(frozen=True, slots=True)
class Look:
    """A way to look at a page."""

    name: str
    width: int = 1280
    height: int = 900
    dark: bool = False


DESKTOP = Look("desktop")
PHONE = Look("phone", width=390, height=844)
LOOKS = (
    DESKTOP,
    replace(DESKTOP, name="desktop-dark", dark=True),
    PHONE,
    replace(PHONE, name="phone-dark", dark=True),
)


@dataclass
class Window:
    """A page, and what its console complained of (a broken Content Security Policy shows there too)."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def hear(self, error: Error) -> None:
        self.complaints.append(f"{self.page.url}: {error}")

    def follow(self, link: Locator) -> None:
        """Clicks what leads to another page, and waits until that has come."""
        with self.page.expect_navigation():
            link.click()

    def picture(self, name: str) -> None:
        """Keeps a picture of the whole page, where a folder is named for it."""
        if folder := os.environ.get(PICTURES):
            path = Path(folder) / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=path, full_page=True, caret="initial")


@contextmanager
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found(), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@contextmanager
def window(
    chromium: Browser,
    *,
    look: Look = DESKTOP,
    site: str | None = None,
    cookies: list[SetCookieParam] | None = None,
    scripts: bool = True,
) -> Iterator[Window]:
    """A fresh profile with this look; fails the test at its end if the console has complained.

    Addresses may leave out the `site`. `cookies` may log it in; without `scripts` the page is as for somebody
    whose JavaScript does not run.
    """
    context = chromium.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.dark else "light",
        java_script_enabled=scripts,
        base_url=site,
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies(cookies or [])
    opened = Window(context.new_page())
    opened.page.on("console", opened.listen)
    opened.page.on("pageerror", opened.hear)
    yield opened
    context.close()
    assert not opened.complaints, opened.complaints
