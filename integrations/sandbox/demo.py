"""The one workspace that a fresh installation can connect to without an Intercom account."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from integrations.sandbox.control import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE_ID: Final = "sandbox01"
WORKSPACE_NAME: Final = "Sandbox workspace"
TOKEN: Final = "sandbox-token"  # noqa: S105 (no secret: it opens nothing but the pretend workspace)


def ensure_demo_workspace(path: str | Path) -> str:
    """Makes sure that the file at `path` holds the demonstration workspace; returns its access token."""
    _sandbox_at(str(path))
    return TOKEN


def open_sandbox(path: str | Path) -> Sandbox:
    """The sandbox kept at `path`, opened once for each process, with the demonstration workspace in it."""
    return _sandbox_at(str(path))


@lru_cache(maxsize=8)
def _sandbox_at(path: str) -> Sandbox:
    sandbox = Sandbox(path)
    sandbox.add_workspace(WORKSPACE_ID, name=WORKSPACE_NAME, token=TOKEN)
    # What an earlier process has left unsent.
    sandbox.courier.wake()
    return sandbox
