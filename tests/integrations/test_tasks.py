"""What django-q2 keeps of a task that failed: the kind of the failure, and nothing that an error quotes."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError
from django_q.models import Schedule

from integrations import tasks
from integrations.services import queue

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

QUOTED = "Key (email)=(ana@example.com) already exists."
TASKS: dict[str, tuple[Callable[..., str], str, tuple[int, ...]]] = {
    queue.DRAIN: (tasks.drain, "integrations.services.drain.drain", (1,)),
    queue.SWEEP: (tasks.sweep, "integrations.services.sweep.sweep", ()),
    queue.REFRESH: (tasks.refresh_attributes, "integrations.tasks.refresh_by_task", (1,)),
    queue.RECEIPTS: (tasks.use_receipts, "integrations.services.qualify.use_receipts", ()),
    queue.LOOK: (tasks.look, "integrations.tasks.look_round", (1,)),
    queue.ALERTS: (tasks.send_alerts, "integrations.services.alerts.send_due", ()),
    queue.PRUNE: (tasks.prune, "integrations.services.keeping.retention.prune", ()),
    queue.SNAPSHOT: (tasks.take_snapshot, "integrations.services.health.snapshot.take", ()),
    queue.ACCESS: (tasks.check_access, "integrations.tasks.access_check", (1,)),
}


@pytest.mark.parametrize("name", TASKS)
def test_a_failure_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    task, work, ids = TASKS[name]

    def fails(*_: Any) -> str:
        raise IntegrityError(QUOTED)

    monkeypatch.setattr(work, fails)
    with pytest.raises(tasks.TaskFailedError) as failed:
        task(*ids)
    kept = "".join(traceback.format_exception(failed.value))
    assert "TaskFailedError: IntegrityError" in kept
    assert "ana@" not in kept


@pytest.mark.parametrize("name", TASKS)
def test_each_is_found_by_its_path(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert (module, getattr(tasks, function)) == (tasks.__name__, TASKS[name][0])


def test_all_tasks_are_here() -> None:
    names = {value for value in vars(queue).values() if str(value).startswith("integrations.tasks.")}
    assert names == TASKS.keys()
    assert set(Schedule.objects.values_list("func", flat=True)) <= names


def test_the_log_tells_the_rest(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_connection: int) -> str:
        raise IntegrityError(QUOTED)

    monkeypatch.setattr("integrations.services.drain.drain", fails)
    with pytest.raises(tasks.TaskFailedError):
        tasks.drain(1)
    (record,) = caplog.records
    assert record.getMessage() == "task drain failed"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], IntegrityError)


def test_what_stops_a_process_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(_connection: int) -> str:
        raise SystemExit(1)

    monkeypatch.setattr("integrations.services.drain.drain", stops)
    with pytest.raises(SystemExit):
        tasks.drain(1)
