"""Real Chromium, driven by Playwright; every page it opens must stay free of console errors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def found() -> str | None:
    """Where Chromium is on this machine, if anywhere."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Window:
    """A page, and what its console complained of (a broken Content Security Policy shows there too)."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found(), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@contextmanager
def window(chromium: Browser, *, width: int, height: int, dark: bool = False) -> Iterator[Window]:
    """A fresh profile of this size; fails the test at its end if the console has complained."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    opened = Window(context.new_page())
    opened.page.on("console", opened.listen)
    yield opened
    context.close()
    assert not opened.complaints, opened.complaints
