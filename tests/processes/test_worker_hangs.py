"""A cluster that hangs shows it on its own machine, however well the others do."""

from __future__ import annotations

import os
import time

import pytest
from django.utils import timezone

from integrations import processes
from integrations.models import SweepState
from integrations.processes import worker
from integrations.services.broker import OrmBroker
from integrations.services.heartbeat import SIGN_FILE
from integrations.supervisor import HANGS_AFTER, Child

pytestmark = pytest.mark.django_db


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    """A machine's worker, as its supervisor knows it, while other machines' workers beat."""
    monkeypatch.setattr(processes, "close_old_connections", lambda: None)
    monkeypatch.setattr("django_q.brokers.orm.sleep", lambda _seconds: None)
    SweepState.objects.update_or_create(pk=SweepState.ONLY, defaults={"beat_at": timezone.now()})
    one = worker()
    monkeypatch.setenv(SIGN_FILE, one.env[SIGN_FILE])
    return one


def has_looked_last(child: Child, *, seconds_ago: float) -> None:
    then = time.time() - seconds_ago
    os.utime(int(child.env[SIGN_FILE]), (then, then))


def test_a_worker_that_takes_nothing_off_the_line_is_silent_though_others_beat(child: Child) -> None:
    has_looked_last(child, seconds_ago=HANGS_AFTER + 20)

    assert child.silent_for() > HANGS_AFTER


def test_whoever_looks_for_tasks_is_not_silent_though_there_are_none(child: Child) -> None:
    has_looked_last(child, seconds_ago=HANGS_AFTER + 20)

    OrmBroker(list_key="leads").dequeue()

    assert child.silent_for() < HANGS_AFTER


def test_a_worker_without_a_supervisor_shows_nobody_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SIGN_FILE, raising=False)
    monkeypatch.setattr("django_q.brokers.orm.sleep", lambda _seconds: None)

    assert OrmBroker(list_key="leads").dequeue() is None


def test_the_file_is_open_in_the_child(child: Child) -> None:
    has_looked_last(child, seconds_ago=HANGS_AFTER + 20)
    code = f"import os; os.utime(int(os.environ['{SIGN_FILE}']))"
    child.command = [child.command[0], "-c", code]
    child.start()
    assert child.process is not None

    assert child.process.wait(30) == 0

    assert child.silent_for() < HANGS_AFTER
