"""The `sandbox` fixture: a pretend Intercom on a real loopback address, with one workspace in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from integrations.sandbox.server import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from integrations.sandbox.control import Sandbox

WORKSPACE = "work0001"
TOKEN = "token-work0001"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """`sandbox.url` answers like Intercom for TOKEN; search has no lag and the limit is Intercom's."""
    with running_sandbox(tmp_path / "sandbox.sqlite3") as running:
        running.add_workspace(WORKSPACE, name="Pretend workspace", token=TOKEN)
        yield running
