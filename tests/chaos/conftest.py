"""What the chaos tests may ask for besides the common fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from integrations.intercom.session import Session
from integrations.services.drain import verdicts, workspace
from tests.chaos.alone import DEADLINE, SEARCH_LAG

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """The drain gives up on a call after DEADLINE, tries again soon, and doubts for SEARCH_LAG only."""
    settings.INTERCOM_SEARCH_LAG = SEARCH_LAG
    monkeypatch.setattr(verdicts, "retry_after", lambda _attempts: timedelta(seconds=0.1))
    with Session(deadline=DEADLINE) as session:
        monkeypatch.setattr(workspace, "session", lambda: session)
        yield
