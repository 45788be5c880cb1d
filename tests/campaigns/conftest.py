"""Fixtures for the tests of campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns import ratelimit
from campaigns.models import Participant

if TYPE_CHECKING:
    from pathlib import Path

    from django.dispatch import Signal
    from django.test import Client


@pytest.fixture(autouse=True)
def _fresh_rate_limit() -> Iterator[None]:
    """Every test starts with nobody counted."""
    ratelimit._gate.cache_clear()
    yield
    ratelimit._gate.cache_clear()


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """A client logged in as a superuser."""
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that threads can share: SQLite in memory cannot wait for a lock, a file can."""
    if connection.vendor != "sqlite":
        yield
        return
    file = tmp_path / "shared.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    in_memory, name = connection.connection, connection.settings_dict["NAME"]
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = in_memory, name


@contextmanager
def heard(signal: Signal) -> Iterator[list[Participant]]:
    """Collects the participants that a signal is sent for."""
    seen: list[Participant] = []

    def receiver(sender: object, *, participant: Participant, **_: Any) -> None:
        assert sender is Participant
        seen.append(participant)

    signal.connect(receiver)
    try:
        yield seen
    finally:
        signal.disconnect(receiver)


@contextmanager
def alone(signal: Signal) -> Iterator[None]:
    """Takes every other app's receivers off, so that only campaigns' own statements are counted."""
    receivers, signal.receivers = signal.receivers, []
    signal.sender_receivers_cache.clear()
    try:
        yield
    finally:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()
