"""One slice of a drain: claims, asks, decides, sends and records, until its time is up or nothing is due.

The main thread alone touches the database; a pool of threads alone talks to Intercom.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from integrations.services.drain import deciding, failing
from integrations.services.drain.access import Access
from integrations.services.drain.appetite import LOOK_AGAIN_AFTER, Appetite
from integrations.services.drain.due import next_due
from integrations.services.drain.erasures import Erasures
from integrations.services.drain.intents import commit_intents, hold_overdue
from integrations.services.drain.jobs import claim
from integrations.services.drain.record import record
from integrations.services.drain.results import Result
from integrations.services.drain.stages import Failed, Moment, Next, Read, Search, Write
from integrations.services.drain.trials import Trials
from integrations.services.drain.work import Step, Work
from integrations.services.drain.workspace import THREADS, pace_of

if TYPE_CHECKING:
    from integrations.services.lease import Lease

log = logging.getLogger(__name__)

SECONDS = 10.0
FLUSH_AT = 128
FLUSH_AFTER = 0.2
MOST_OUT = 5 * THREADS
REFILL_BELOW = 3 * THREADS
"""Calls that have left or are next to leave: no thread should wait for the next intents to be stored."""
GATHER = 0.01
"""Seconds in which answers are waited for to be heard together, while no thread waits for the next call."""
WORTH_WAITING = 3.0
LONGEST_PAUSE = 12.0


class Slice:
    """Runs once, under a held lease; `run` returns how many tries it recorded."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._ends = time.monotonic() + SECONDS
        self._lag = timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
        self._access = Access(lease)
        self._results: list[Result] = []
        self._oldest_result = 0.0
        self._appetite = Appetite(allowance=pace_of(lease.connection_id).allowance)
        self._ready: set[int] | None = None
        self._recorded = 0

    def run(self) -> int:
        """Raises LeaseLostError; whatever was on its way is then for the next holder to find out."""
        with (
            ThreadPoolExecutor(THREADS, thread_name_prefix="intercom") as pool,
            ThreadPoolExecutor(1, thread_name_prefix="trial") as aside,
        ):
            self._work = Work(pool)
            self._trials = Trials(self._lease, aside, search_lag=self._lag)
            self._erasures = Erasures(self._lease, aside)
            try:
                while self._goes_on():
                    self._lease.renew_if_old()
                    # Before what takes a while: till that is done the threads have work.
                    self._send()
                    self._store()
                    self._claim_more()
                    self._ask()
                    self._test()
                    self._hear()
                self._finish()
            finally:
                self._access.close()
        return self._recorded

    def may_go_on(self) -> bool:
        """Whether a next slice could send anything: nobody has paused the workspace, nor has Intercom for
        longer than a slice may wait. As it is now: who has just ended a pause did not wake anybody."""
        self._access.reload()
        return self._access.workspace.usable and self._access.paused_for < LONGEST_PAUSE

    @property
    def _busy_aside(self) -> bool:
        return self._trials.busy or self._erasures.busy

    # when to go on ---------------------------------------------------------------------------------------

    def _goes_on(self) -> bool:
        if self._access.caller is None:
            return False
        if time.monotonic() >= self._ends:
            return False
        in_hand = len(self._work) > 0 or self._busy_aside
        return in_hand or not self._appetite.has_looked or self._something_soon()

    def _something_soon(self) -> bool:
        """Whether waiting here for the next retry, or the end of a rate limit, beats starting anew."""
        now, workspace = timezone.now(), self._access.workspace
        if not workspace.usable:
            return False
        if self._access.paused_for:
            return self._waits_out_a_pause()
        due_at = next_due(self._lease.connection_id, tabs=workspace.tabs)
        soon = (due_at - now).total_seconds() if due_at else None
        return soon is not None and soon <= WORTH_WAITING and _doze(soon)

    def _waits_out_a_pause(self) -> bool:
        """A window of Intercom's limit is ten seconds long: whoever let go now would come back late."""
        return self._access.paused_for < LONGEST_PAUSE and _doze(self._access.paused_for)

    # the turn of the loop --------------------------------------------------------------------------------

    def _claim_more(self) -> None:
        """Takes more into hand when it runs low."""
        room = self._appetite.room(len(self._work), clock=time.monotonic())
        if not room:
            return
        self._flush()
        self._access.reload()
        workspace = self._access.workspace
        if not self._access.open:
            return
        self._hold_overdue(workspace.ready)
        jobs = claim(
            self._lease.connection_id,
            tabs=workspace.tabs,
            attributes=workspace.attributes,
            limit=room,
            busy=self._work.jobs,
            now=timezone.now(),
        )
        self._appetite.took(len(jobs), room=room)
        at = self._moment()
        for job in jobs:
            self._next(deciding.first_step(job, at=at))

    def _hold_overdue(self, ready: Sequence[int]) -> None:
        """Before the first claim, and again when a person has ended what held a tab back meanwhile."""
        if self._ready is None or not self._ready.issuperset(ready):
            hold_overdue(ready, lease=self._lease)
        self._ready = {*ready}

    def _ask(self) -> None:
        """Asks what is to be asked, if anything may leave."""
        caller = self._access.caller
        if caller is None or not self._access.open:
            self._put_back()
            return
        self._work.ask(caller)

    def _send(self) -> None:
        """Asks; commits the intent of the next few writes, then lets them go."""
        self._ask()
        caller = self._access.caller
        if caller is None or not self._access.open:
            return
        out = self._work.calls_out
        few = self._work.next_writes(MOST_OUT - out) if out <= REFILL_BELOW else []
        if not few:
            return
        ready = commit_intents(few, lease=self._lease)
        for write in few:
            if write.hand.job.delivery_id in ready:
                self._work.send(write, caller=caller)
            else:
                self._work.done_with(write.hand.job.delivery_id)

    def _test(self) -> None:
        """A test lead and a deletion go on beside the others, one call at a time."""
        within = 0.0 if self._work.calls_out else LOOK_AGAIN_AFTER
        for aside in (self._trials, self._erasures):
            trouble, error = aside.turn(self._access, within=within)
            if self._access.hear(trouble, error):
                self._put_back()

    def _hear(self) -> None:
        gather = GATHER if self._work.calls_out > REFILL_BELOW else 0.0
        for step, call in self._work.answered(within=LOOK_AGAIN_AFTER, gather=gather):
            self._answered(step, call)
        if self._access.rest_if_silent():
            self._put_back()

    def _store(self) -> None:
        """Stores results: many together, but none that is old or that nothing more is on its way for."""
        old = time.monotonic() - self._oldest_result >= FLUSH_AFTER
        if self._results and (old or len(self._results) >= FLUSH_AT or not self._work.calls_out):
            self._flush()

    def _answered(self, step: Step, call: Future[Any]) -> None:
        at = self._moment()
        try:
            after = _after(step, call.result(), at=at)
        except Exception as err:
            log.exception("delivery %d: a step failed", step.hand.job.delivery_id)
            after = failing.crashed(step, err, at=at)
        self._next(after)

    def _put_back(self) -> None:
        for write in self._work.put_back():
            self._keep(failing.never_left(write, at=self._moment()))

    def _moment(self) -> Moment:
        return Moment(timezone.now(), self._lag)

    def _next(self, step: Next) -> None:
        match step:
            case Failed():
                if self._access.hear(step.trouble, step.result.error):
                    self._put_back()
                self._keep(step.result)
            case Result():
                self._keep(step)
            case _:
                self._work.add(step)

    # results ---------------------------------------------------------------------------------------------

    def _keep(self, result: Result) -> None:
        if not self._results:
            self._oldest_result = time.monotonic()
        self._results.append(result)

    def _flush(self) -> None:
        self._recorded += record(self._results, lease=self._lease)
        for result in self._results:
            self._work.done_with(result.job.delivery_id)
        self._results.clear()

    def _finish(self) -> None:
        """Waits for what has left, and lets go of what has not."""
        self._access.close()
        self._trials.stop()
        self._erasures.stop()
        self._put_back()
        while self._work.calls_out or self._busy_aside:
            self._lease.renew_if_old()
            self._test()
            self._hear()
            self._put_back()
            self._store()
        self._flush()


def _doze(seconds: float) -> bool:
    time.sleep(min(max(seconds, 0.01), LOOK_AGAIN_AFTER))
    return True


def _after(step: Step, answer: Any, *, at: Moment) -> Next:
    match step:
        case Write():
            return deciding.after_writing(step, answer, at=at)
        case Read():
            return deciding.after_reading(step.hand, answer, at=at)
        case Search():
            return deciding.after_searching(step.hand, answer[step.hand.job.email], at=at)
