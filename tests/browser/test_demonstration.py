"""The demonstration as a newcomer meets it: join on the public page, see the contact, read the log."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import chromium
from tests.browser.chromium import Look
from tests.processes.installation import Installation, eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

PASSWORD = "only-for-this-test"
ON = pytest.mark.parametrize("look", [chromium.DESKTOP, chromium.PHONE], ids=lambda look: look.name)


@dataclass
class Demonstration:
    """What the demonstration printed."""

    text: str

    def link(self, words: str) -> str:
        match = re.search(rf"{words}:\s+(\S+)", self.text)
        assert match, self.text
        return match[1]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    folder = tmp_path_factory.mktemp("demonstration")
    site = Installation(_environment(folder), folder / "output.log")
    site.manage("migrate", "--verbosity", "0")
    site.manage("collectstatic", "--noinput", "--verbosity", "0")
    with site.worker("demo") as process:
        eventually(lambda: "Ctrl-C" in site.log.read_text() or process.poll() is not None, within=60)
        yield Demonstration(site.log.read_text())
        process.terminate()
        process.wait(timeout=30)
        assert process.returncode == 0


def _environment(folder: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "only-for-tests-" + "z" * 40,
        "FIELD_ENCRYPTION_KEYS": os.environ["FIELD_ENCRYPTION_KEYS"],
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "INTERCOM_SANDBOX": "on",
        "INTERCOM_SANDBOX_FILE": str(folder / "sandbox.sqlite3"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DEMO_PASSWORD": PASSWORD,
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def reload_until(line: Locator, text: str) -> None:
    """What a worker does meanwhile shows when the page is loaded again."""
    for _ in range(100):
        if line.count() and text in line.inner_text():
            break
        line.page.wait_for_timeout(250)
        line.page.reload()
    expect(line).to_contain_text(text)


@ON
def test_a_person_joins_and_the_contact_and_the_log_line_are_there(
    demonstration: Demonstration, look: Look
) -> None:
    email = f"ada-{look.name}@example.com"
    with chromium.browser() as browser, chromium.window(browser, look=look) as window:
        page = window.page
        page.goto(demonstration.link("Join as a lead"))
        page.get_by_label("First name").fill("Ada")
        page.get_by_label("Last name").fill("<script>alert(1)</script>")
        page.get_by_label("Email").fill(email)
        page.get_by_role("button", name="Join").click()
        page.wait_for_url("**/thanks")

        page.goto(demonstration.link("Read the log"))
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        window.follow(page.get_by_role("button", name="Log in"))
        line = page.get_by_role("row").filter(has_text=email)
        reload_until(line, "Created")

        page.goto(demonstration.link("See the contact arrive"))
        page.get_by_role("link", name=email).click()
        expect(page.locator("body")).to_contain_text("Ada <script>alert(1)</script>")


def test_a_known_customer_is_skipped_and_the_log_says_why(demonstration: Demonstration) -> None:
    with chromium.browser() as browser, chromium.window(browser) as window:
        page = window.page
        page.goto(demonstration.link("Join as a lead"))
        page.get_by_label("First name").fill("Grace")
        page.get_by_label("Email").fill("Grace@Example.com")
        page.get_by_role("button", name="Join").click()
        page.wait_for_url("**/thanks")

        page.goto(demonstration.link("Read the log"))
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        window.follow(page.get_by_role("button", name="Log in"))
        line = page.get_by_role("row").filter(has_text="Grace@Example.com")
        reload_until(line, "Skipped")
        expect(line).to_contain_text("your setting says: do nothing.")


def test_a_lead_qualifies_by_what_is_changed_in_the_sandbox(demonstration: Demonstration) -> None:
    with chromium.browser() as browser, chromium.window(browser) as window:
        page = window.page
        page.goto(demonstration.link("See the contact arrive"))
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        window.follow(page.get_by_role("button", name="Log in"))
        page.get_by_role("link", name="leo-").click()
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("plan").select_option("Pro")
        window.follow(page.get_by_role("button", name="Save"))

        page.goto(demonstration.link("seconds it is Qualified"))
        line = page.get_by_role("row").filter(has_text="leo-")
        reload_until(line, "Qualified")
