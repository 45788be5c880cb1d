"""What an installation runs, and how it is told that a worker lives."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations import processes
from integrations.models import SweepState
from integrations.processes import own_port, web, worker
from integrations.supervisor import HANGS_AFTER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keep_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    # The test's transaction lives on it.
    monkeypatch.setattr(processes, "close_old_connections", lambda: None)


def test_a_worker_that_has_just_beaten_is_not_silent() -> None:
    SweepState.objects.update(beat_at=timezone.now())
    assert worker().silent_for() < 60


def test_a_worker_is_silent_since_its_last_beat() -> None:
    SweepState.objects.update(beat_at=timezone.now() - timedelta(seconds=500))
    assert 499 < worker().silent_for() < 560


@pytest.mark.parametrize("there", [False, True])
def test_a_worker_that_never_beat_hangs_once_it_is_old_enough(*, there: bool) -> None:
    if not there:
        SweepState.objects.all().delete()
    assert worker().silent_for() == HANGS_AFTER


def test_the_children_run_with_this_python() -> None:
    assert worker().command[0] == web(host="127.0.0.1", port=8000).command[0] == sys.executable


@pytest.mark.parametrize(
    ("address", "port"),
    [("http://127.0.0.1:8010", 8010), ("http://leads.example", 80), ("https://leads.example/x", 443)],
)
def test_the_port_is_that_of_the_public_address(settings: Settings, address: str, port: int) -> None:
    settings.PUBLIC_URL = address
    assert own_port() == port
