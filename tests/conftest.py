"""What every test may ask for. The sandbox stands in for Intercom, over real loopback HTTP."""

from __future__ import annotations

import pytest

from tests.browser import chromium
from tests.integrations.flow_fixtures import connection, intercom
from tests.integrations.sandbox_fixtures import sandbox

__all__ = ["connection", "intercom", "sandbox"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A suite without its browser tests must not look like a whole one."""
    if chromium.found() is None:
        terminalreporter.section("BROWSER TESTS WERE LEFT OUT", red=True, bold=True)
        terminalreporter.line("No Chromium was found. On Debian: apt-get install chromium")
