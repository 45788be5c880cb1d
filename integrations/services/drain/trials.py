"""Carries out the test leads of a workspace, one at a time beside the leads, and deletes what they made.

The slice's thread alone touches the database; a thread of its own makes the calls. What is done is stored
after each call, so that any later drain goes on from there.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from integrations.logic.duplicates import matching
from integrations.logic.trial import CLEANS_UP, CREATES, Step, body_of
from integrations.logic.trial_course import after
from integrations.logic.types import Action, Role
from integrations.services.drain.calls import Found, Written
from integrations.services.drain.trial_answers import answer_of, trouble_of
from integrations.services.drain.trial_rows import begin, course_of, give_up, keep, taken
from integrations.services.drain.verdicts import Trouble
from integrations.services.lease import LeaseLostError

if TYPE_CHECKING:
    from datetime import timedelta

    from integrations.models import Trial
    from integrations.services.drain.access import Access
    from integrations.services.drain.calls import Caller
    from integrations.services.lease import Lease

log = logging.getLogger(__name__)

LOOK_AGAIN_AFTER = 0.5

Heard = tuple[Trouble, Exception | None]
NOTHING: Heard = (Trouble.NONE, None)


class Trials:
    """The one test lead in hand, if any. Raises LeaseLostError from every method that stores."""

    def __init__(self, lease: Lease, pool: ThreadPoolExecutor, *, search_lag: timedelta) -> None:
        self._lease = lease
        self._pool = pool
        self._lag = search_lag
        self._trial: Trial | None = None
        self._call: Future[Written | Found] | None = None
        self._looked_at = 0.0
        self._stopping = False

    @property
    def busy(self) -> bool:
        return self._trial is not None

    def stop(self) -> None:
        """No further call; `turn` hears the one that is out."""
        self._stopping = True

    def turn(self, access: Access, *, within: float) -> Heard:
        """Hears the call that is out, waiting at most so many seconds; else makes the next one.

        Returns what an answer says about the whole workspace. A bug of ours stops the test, not the leads.
        """
        try:
            return self._turn(access, within=within)
        except LeaseLostError:
            raise
        except Exception:
            log.exception("a test lead failed")
            trial, self._trial, self._call = self._trial, None, None
            if trial is not None:
                give_up(trial, lease=self._lease)
            return NOTHING

    def _turn(self, access: Access, *, within: float) -> Heard:
        if self._trial is not None and self._call is not None:
            wait([self._call], timeout=within)
            return self._heard(self._trial, self._call) if self._call.done() else NOTHING
        if self._stopping or access.caller is None or not access.open:
            self._trial = None
        else:
            self._trial = self._trial or self._next()
            if self._trial is not None:
                self._send(self._trial, caller=access.caller)
        return NOTHING

    def _next(self) -> Trial | None:
        clock = time.monotonic()
        if clock - self._looked_at < LOOK_AGAIN_AFTER:
            return None
        self._looked_at = clock
        return taken(self._lease, search_lag=self._lag)

    def _send(self, trial: Trial, *, caller: Caller) -> None:
        """A create is committed before it leaves: should its answer get lost, the contact is looked for."""
        course = course_of(trial)
        if course.step in CREATES and not begin(trial, lease=self._lease):
            self._trial = None
            return
        body = body_of(course, email=trial.email, role=_role(trial)) if course.step not in CLEANS_UP else {}
        match course.step:
            case Step.CREATE | Step.CREATE_BARE:
                self._call = self._pool.submit(caller.create, body)
            case Step.WRITE:
                self._call = self._pool.submit(caller.update, trial.contact_id, body)
            case Step.READ:
                self._call = self._pool.submit(caller.read, trial.contact_id)
            case Step.DELETE:
                self._call = self._pool.submit(caller.delete, trial.contact_id)
            case _:
                self._call = self._pool.submit(delete_all, caller, trial.email)

    def _heard(self, trial: Trial, call: Future[Written | Found]) -> Heard:
        self._call = None
        course, result = course_of(trial), call.result()
        answer = answer_of(result, course=course, email=trial.email)
        following = after(course, answer, search_lag=self._lag)
        at_it = keep(trial, following, lease=self._lease)
        if not at_it or following.wait or following.step is Step.END:
            self._trial, self._looked_at = None, 0.0
        return trouble_of(result.error, course=course), result.error


def _role(trial: Trial) -> Role:
    return Role.USER if trial.content["action"] == Action.CREATE_USER else Role.LEAD


def delete_all(caller: Caller, email: str) -> Found:
    """Deletes every contact that search shows with exactly this email, which nobody else can have."""
    found = caller.look_up([email])[email]
    for contact in matching(found.contacts, email=email):
        deleted = caller.delete(contact.id)
        if deleted.error is not None:
            return deleted
    return found
