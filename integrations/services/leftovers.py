"""What test leads have left in a workspace that nobody uses any more: deleted while there is access to it.

Asks Intercom for a few seconds at most; what could not be deleted stays owed, and is told by its email.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.intercom.hurry import HurriedSession
from integrations.logic.silence import Silence
from integrations.logic.trial import AT_ONCE, Failure, Step
from integrations.logic.trial_course import after
from integrations.models import ConnectionStatus, IntercomConnection, SecretUnreadableError, TrialState
from integrations.services.client import client_for
from integrations.services.drain.calls import Caller
from integrations.services.drain.trial_answers import answer_of
from integrations.services.drain.trial_rows import course_of, give_up, keep
from integrations.services.drain.trials import delete_all
from integrations.services.drain.workspace import pace_of
from integrations.services.lease import LeaseLostError, acquire
from integrations.services.trials import open_trials

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import Trial
    from integrations.services.lease import Lease

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds for all calls together."""

WAIT = 3.0
"""Seconds for which a drain that is at work may end its test."""

LOOK_AGAIN_AFTER = 0.2


def leftovers(connection_id: int) -> list[str]:
    """The emails of test contacts that may still be in a workspace."""
    begun = _abandoned(connection_id).exclude(contact_id="", began_at=None)
    return list(begun.order_by("pk").values_list("email", flat=True))


def delete_leftovers(connection_id: int) -> None:
    """Not for inside a transaction: it calls Intercom, under the workspace's lease."""
    lease = _lease(connection_id)
    if lease is None:
        return
    try:
        _give_up_all(connection_id, lease=lease)
        _delete_all(connection_id, lease=lease)
    except (LeaseLostError, SecretUnreadableError, ValueError) as err:
        log.warning("test contacts are left: %s", type(err).__name__, extra={"connection": connection_id})
    finally:
        lease.release()


def _abandoned(connection_id: int) -> QuerySet[Trial]:
    """Of tabs that point elsewhere by now, or are gone."""
    return open_trials().filter(connection=connection_id).exclude(settings__connection=connection_id)


def _lease(connection_id: int) -> Lease | None:
    """None where nothing is owed (any more), or a drain does not end in time."""
    ends = time.monotonic() + WAIT
    while _abandoned(connection_id).exists():
        lease = acquire(connection_id)
        if lease is not None or time.monotonic() >= ends:
            return lease
        time.sleep(LOOK_AGAIN_AFTER)
    return None


def _give_up_all(connection_id: int, *, lease: Lease) -> None:
    for trial in _abandoned(connection_id).exclude(state=TrialState.CLEANING):
        give_up(trial, lease=lease, failure=Failure.MOVED, wait=AT_ONCE)


def _delete_all(connection_id: int, *, lease: Lease) -> None:
    """Raises LeaseLostError; SecretUnreadableError or ValueError where nobody can be asked."""
    connection = IntercomConnection.objects.get(pk=connection_id)
    rests = connection.paused_until is not None and connection.paused_until > timezone.now()
    if connection.status != ConnectionStatus.CONNECTED or rests:
        return
    ends = time.monotonic() + PATIENCE
    with HurriedSession(seconds=PATIENCE) as session:
        client = client_for(connection, session=session)
        caller = Caller(client, lease=lease, pace=pace_of(connection_id), silence=Silence())
        for trial in _abandoned(connection_id).order_by("pk"):
            if time.monotonic() < ends:
                _delete(trial, caller=caller, lease=lease)


def _delete(trial: Trial, *, caller: Caller, lease: Lease) -> None:
    course = course_of(trial)
    if course.step is Step.DELETE:
        answer = answer_of(caller.delete(trial.contact_id), course=course, email=trial.email)
        keep(trial, after(course, answer, search_lag=AT_ONCE), lease=lease)
        return
    found = delete_all(caller, trial.email)
    if found.error is None and found.contacts:
        # Not found says nothing: search may show it later.
        keep(trial, replace(course, step=Step.END), lease=lease)
