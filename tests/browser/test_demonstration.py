"""The demonstration as a newcomer meets it: join on the public page, see the contact, read the log."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.processes.installation import Installation, eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

PASSWORD = "only-for-this-test"
SIZES = pytest.mark.parametrize(
    ("width", "height", "dark"), [(1280, 900, False), (390, 844, True)], ids=["desktop", "phone, dark"]
)


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


@SIZES
def test_a_person_joins_and_the_contact_and_the_log_line_are_there(
    demonstration: Demonstration, width: int, height: int, *, dark: bool
) -> None:
    email = f"ada{width}@example.com"
    with (
        chromium.browser() as browser,
        chromium.window(browser, width=width, height=height, dark=dark) as window,
    ):
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
        page.get_by_role("button", name="Log in").click()
        line = page.get_by_role("row").filter(has_text=email)
        for _ in range(20):
            if "A new contact was created in Intercom." in line.inner_text():
                break
            page.wait_for_timeout(250)
            page.reload()
        assert "A new contact was created in Intercom." in line.inner_text()

        page.goto(demonstration.link("See the contact arrive"))
        page.get_by_role("link", name=email).click()
        assert "Ada <script>alert(1)</script>" in page.inner_text("body")


def test_a_known_customer_is_skipped_and_the_log_says_why(demonstration: Demonstration) -> None:
    with (
        chromium.browser() as browser,
        chromium.window(browser, width=1280, height=900) as window,
    ):
        page = window.page
        page.goto(demonstration.link("Join as a lead"))
        page.get_by_label("First name").fill("Grace")
        page.get_by_label("Email").fill("Grace@Example.com")
        page.get_by_role("button", name="Join").click()
        page.wait_for_url("**/thanks")

        page.goto(demonstration.link("Read the log"))
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        line = page.get_by_role("row").filter(has_text="Grace@Example.com")
        for _ in range(20):
            if "Skipped" in line.inner_text():
                break
            page.wait_for_timeout(250)
            page.reload()

        assert "your setting says: do nothing." in line.inner_text()
