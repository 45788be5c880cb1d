"""What every test may ask for. The sandbox stands in for Intercom, over real loopback HTTP."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.browser import chromium
from tests.integrations.flow_fixtures import connection, intercom
from tests.integrations.sandbox_fixtures import sandbox

__all__ = ["connection", "intercom", "sandbox"]

# The suite says the same of the same code each time. RANDOM=1 makes up other examples in each run.
settings.register_profile("suite", derandomize="RANDOM" not in os.environ, database=None)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What bursts wait for is nothing that each test should wait for, nor what another test has left."""
    monkeypatch.setattr("integrations.services.receipts.PAUSE", 0.0)
    monkeypatch.setattr("integrations.services.receipts._woken_at", float("-inf"))
    monkeypatch.setattr("integrations.services.receipts._noted_at", {})
    monkeypatch.setattr("integrations.services.refused.EVERY", 0.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for real processes and browsers begins first, beside what computes, not last and alone."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A suite without its browser tests must not look like a whole one."""
    if chromium.found() is None:
        terminalreporter.section("BROWSER TESTS WERE LEFT OUT", red=True, bold=True)
        terminalreporter.line("No Chromium was found. On Debian: apt-get install chromium-headless-shell")
