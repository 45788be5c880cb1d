"""Takes test leads out of the database and stores how they go on, each time under the lease."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from integrations.logic.trial import AT_ONCE, CLEANS_UP, CREATES, Answer, Course, Failure, Heard, Step
from integrations.logic.trial_course import after
from integrations.logic.trial_findings import Outcome, from_json
from integrations.models import Trial, TrialState
from integrations.services.queue import enqueue_refresh
from integrations.services.trials import STALE_AFTER, open_trials

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.lease import Lease

AFTER_A_BUG = timedelta(minutes=1)


def course_of(trial: Trial) -> Course:
    """Where a stored test stands."""
    return Course(
        step=Step(trial.step),
        findings=tuple(from_json(stored) for stored in trial.findings),
        contact_id=trial.contact_id,
        tries=trial.tries,
        looks=trial.looks,
        failure=Failure(trial.failure),
        message=trial.message,
    )


def taken(lease: Lease, *, search_lag: timedelta) -> Trial | None:
    """The next test that is due in the workspace, for the holder of its lease alone.

    A create that left and was never answered is looked for later; what waited too long, or for a tab that
    points elsewhere by now, is not begun.
    """
    now = timezone.now()
    due = open_trials().filter(connection=lease.connection_id, due_at__lte=now)
    trial = due.select_related("settings").order_by("due_at", "pk").first()
    if trial is None:
        return None
    if trial.step in CREATES and trial.began_at is not None:
        lost = after(course_of(trial), Answer(Heard.LOST), search_lag=search_lag)
        keep(trial, lost, lease=lease, since=trial.began_at)
        return None
    if trial.state != TrialState.CLEANING and not _points_here(trial):
        give_up(trial, lease=lease, failure=Failure.MOVED, wait=AT_ONCE)
        return None
    if trial.step in CREATES and trial.made_at < now - STALE_AFTER:
        _store(trial, lease=lease, **_ended(Failure.EXPIRED))
        return None
    return trial


def _points_here(trial: Trial) -> bool:
    return trial.settings is not None and trial.settings.connection_id == trial.connection_id


def begin(trial: Trial, *, lease: Lease) -> bool:
    """For right before a create leaves. False when there is nothing to begin any more."""
    return _store(trial, lease=lease, state=TrialState.RUNNING, began_at=timezone.now())


def keep(trial: Trial, course: Course, *, lease: Lease, since: datetime | None = None) -> bool:
    """Stores how a test goes on; its wait counts from `since`, or now. False if it was over already."""
    now = timezone.now()
    ended = course.step is Step.END
    cleaned = ended and trial.step in CLEANS_UP
    judged = course.tested and trial.tested_at is None
    stored = _store(
        trial,
        lease=lease,
        state=_state(course.step),
        step=course.step.value,
        due_at=None if ended else (since or now) + course.wait,
        tries=course.tries,
        looks=course.looks,
        contact_id=course.contact_id,
        began_at=None if course.step in CREATES else trial.began_at,
        tested_at=trial.tested_at or (now if course.tested else None),
        deleted_at=now if cleaned else None,
        passed=course.passed if course.tested else None,
        failure=course.failure.value,
        message=course.message,
        findings=[finding.as_json() for finding in course.findings],
    )
    if judged and any(finding.outcome is Outcome.REFUSED for finding in course.findings):
        # Our list of the workspace's fields may be out of date.
        transaction.on_commit(partial(enqueue_refresh, lease.connection_id), robust=True)
    return stored


def give_up(
    trial: Trial, *, lease: Lease, failure: Failure = Failure.INTERNAL, wait: timedelta = AFTER_A_BUG
) -> None:
    """Ends a test that cannot go on: whatever it has made is deleted all the same."""
    now = timezone.now()
    if trial.contact_id or trial.began_at:
        step = Step.DELETE if trial.contact_id else Step.LOOK
        owed = {"state": TrialState.CLEANING, "step": step.value, "due_at": now + wait}
        changes = _ended(trial.failure or failure) | owed
    else:
        changes = _ended(failure)
    _store(trial, lease=lease, **changes)


def _ended(failure: str) -> dict[str, Any]:
    return {
        "state": TrialState.DONE,
        "step": Step.END.value,
        "due_at": None,
        "tested_at": timezone.now(),
        "passed": False,
        "failure": str(failure),
    }


def _state(step: Step) -> TrialState:
    """Nothing of a test is in Intercom while it is queued."""
    if step is Step.END:
        return TrialState.DONE
    if step in CREATES:
        return TrialState.QUEUED
    return TrialState.CLEANING if step in CLEANS_UP else TrialState.RUNNING


def _store(trial: Trial, *, lease: Lease, **changes: Any) -> bool:
    """Raises LeaseLostError, and has then stored nothing."""
    with transaction.atomic():
        lease.renew()
        stored = open_trials().filter(pk=trial.pk).update(**changes)
    for name, value in changes.items():
        setattr(trial, name, value)
    return bool(stored)
