"""One slice of a drain: claims, asks, decides, sends and records, until its time is up or nothing is due.

The main thread alone touches the database; a pool of threads alone talks to Intercom.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from integrations.intercom.errors import RateLimitedError
from integrations.models import SecretUnreadableError
from integrations.services.drain import steps
from integrations.services.drain.calls import Caller, Found, Written
from integrations.services.drain.jobs import claim, next_due
from integrations.services.drain.record import Result, commit_intents, record
from integrations.services.drain.verdicts import Trouble
from integrations.services.drain.workspace import THREADS, load, need_reconnect, pace_of, rest

if TYPE_CHECKING:
    from integrations.services.lease import Lease

log = logging.getLogger(__name__)

SECONDS = 10.0
MOST_IN_HAND = 200
CLAIM_BELOW = 100
EMAILS_A_SEARCH = 15
FLUSH_AT = 32
FLUSH_AFTER = 0.05
LOOK_AGAIN_AFTER = 0.2
WORTH_WAITING = 3.0


class Slice:
    """Runs under a held lease; `run` returns how many tries it recorded."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._ends = time.monotonic() + SECONDS
        self._lag = timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
        self._workspace = load(lease.connection_id, now=timezone.now())
        self._caller = self._new_caller()
        self._hands: dict[int, steps.InHand] = {}
        self._searches: deque[steps.Search] = deque()
        self._reads: deque[steps.Read] = deque()
        self._writes: deque[steps.Write] = deque()
        self._calls: dict[Future[Any], list[steps.Search] | steps.Read | steps.Write] = {}
        self._results: list[Result] = []
        self._oldest_result = 0.0
        self._last_claim = 0.0
        self._rate_limit_hits = 0
        self._recorded = 0

    def run(self) -> int:
        """Raises LeaseLostError; whatever was on its way is then for the next holder to find out."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="intercom") as pool:
            try:
                while self._goes_on():
                    self._lease.renew_if_old()
                    self._claim_more()
                    self._ask(pool)
                    self._send(pool)
                    self._collect()
                    self._flush_if_due()
                self._finish()
            finally:
                if self._caller:
                    self._caller.stop()
        return self._recorded

    @property
    def may_go_on(self) -> bool:
        """Whether a next slice could send anything: nobody has paused the workspace, and Intercom has not."""
        return self._workspace.usable and not self._workspace.paused_for(timezone.now())

    # the loop ------------------------------------------------------------------------------------------

    def _goes_on(self) -> bool:
        if self._caller is None or time.monotonic() >= self._ends:
            return False
        return bool(self._hands) or self._last_claim == 0.0 or self._something_soon()

    def _something_soon(self) -> bool:
        """Whether waiting here for the next retry, or the end of a rate limit, beats starting anew."""
        if not self._workspace.usable:
            return False
        now = timezone.now()
        paused = self._workspace.paused_for(now)
        if paused:
            # Held by the limit alone, its tabs would say so; waiting out a window is what a slice is for.
            return time.monotonic() + paused < self._ends and self._doze(paused)
        due_at = next_due(self._lease.connection_id, tabs=self._workspace.tabs)
        if due_at is None:
            return False
        soon = (due_at - now).total_seconds()
        return soon <= WORTH_WAITING and self._doze(soon)

    def _doze(self, seconds: float) -> bool:
        time.sleep(min(max(seconds, 0.01), LOOK_AGAIN_AFTER))
        return True

    def _claim_more(self) -> None:
        """Takes more into hand when it runs low. Dirty is cleared first, so that no join falls between."""
        now_clock = time.monotonic()
        if len(self._hands) >= CLAIM_BELOW or now_clock - self._last_claim < self._claim_pause():
            return
        self._last_claim = now_clock
        self._flush()
        self._lease.clear_dirty()
        self._reload()
        now = timezone.now()
        if not self._workspace.usable or self._workspace.paused_for(now):
            return
        jobs = claim(
            self._lease.connection_id,
            tabs=self._workspace.tabs,
            attributes=self._workspace.attributes,
            limit=MOST_IN_HAND - len(self._hands),
            busy=[hand.job for hand in self._hands.values()],
            now=now,
        )
        for job in jobs:
            self._next(steps.first_step(job, now=now, search_lag=self._lag))

    def _claim_pause(self) -> float:
        """With nothing in hand there is nothing to wait for; else the database is not asked in a frenzy."""
        return LOOK_AGAIN_AFTER if self._hands else 0.0

    def _ask(self, pool: ThreadPoolExecutor) -> None:
        if self._caller is None:
            return
        while self._reads:
            read = self._reads.popleft()
            self._calls[pool.submit(self._caller.read, read.contact_id)] = read
        while self._searches:
            batch = [self._searches.popleft() for _ in range(min(len(self._searches), EMAILS_A_SEARCH))]
            emails = [search.hand.job.email for search in batch]
            self._calls[pool.submit(self._caller.look_up, emails)] = batch

    def _send(self, pool: ThreadPoolExecutor) -> None:
        """Commits the intent of the next few, then lets them go."""
        if self._caller is None or not self._writes or len(self._calls) >= THREADS:
            return
        few = [self._writes.popleft() for _ in range(min(len(self._writes), THREADS))]
        jobs = {write.hand.job.delivery_id: (write.hand.job, write.intent) for write in few}
        ready = commit_intents(jobs, lease=self._lease)
        for write in few:
            if write.hand.job.delivery_id not in ready:
                self._hands.pop(write.hand.job.delivery_id, None)
            elif write.contact_id:
                call = pool.submit(self._caller.update, write.contact_id, write.body)
                self._calls[call] = write
            else:
                self._calls[pool.submit(self._caller.create, write.body)] = write

    def _collect(self) -> None:
        if not self._calls:
            return
        done, _ = wait(self._calls, timeout=LOOK_AGAIN_AFTER, return_when=FIRST_COMPLETED)
        for call in done:
            self._answered(self._calls.pop(call), call)

    def _answered(self, what: list[steps.Search] | steps.Read | steps.Write, call: Future[Any]) -> None:
        now, lag = timezone.now(), self._lag
        error = call.exception()
        if error is not None:
            # A bug of ours, not Intercom's: nobody is lost for it, and it is tried again.
            log.error("a call failed unexpectedly", exc_info=error)
        crash = error if isinstance(error, Exception) else None
        match what:
            case steps.Write():
                written = Written(error=crash) if error else call.result()
                self._next(steps.after_writing(what, written, now=now, search_lag=lag))
            case steps.Read():
                found = Found(error=crash) if error else call.result()
                self._next(steps.after_reading(what.hand, found, now=now, search_lag=lag))
            case _:
                answers = {} if error else call.result()
                for search in what:
                    found = answers.get(search.hand.job.email, Found(error=crash))
                    self._next(steps.after_searching(search.hand, found, now=now, search_lag=lag))

    def _next(self, step: steps.Next) -> None:
        """Puts a step where it is carried out."""
        match step:
            case steps.Failed():
                self._workspace_in_trouble(step)
                self._keep(step.result)
            case Result():
                self._keep(step)
            case steps.Search():
                self._searches.append(self._in_hand(step))
            case steps.Read():
                self._reads.append(self._in_hand(step))
            case steps.Write():
                self._writes.append(self._in_hand(step))

    def _in_hand(self, step: Any) -> Any:
        self._hands[step.hand.job.delivery_id] = step.hand
        return step

    # results -------------------------------------------------------------------------------------------

    def _keep(self, result: Result) -> None:
        if not self._results:
            self._oldest_result = time.monotonic()
        self._results.append(result)

    def _flush_if_due(self) -> None:
        old = time.monotonic() - self._oldest_result >= FLUSH_AFTER
        if self._results and (old or len(self._results) >= FLUSH_AT or not self._calls):
            self._flush()

    def _flush(self) -> None:
        record(self._results, lease=self._lease)
        for result in self._results:
            self._hands.pop(result.job.delivery_id, None)
            self._recorded += result.tried
        self._results.clear()

    # trouble and the end ---------------------------------------------------------------------------------

    def _workspace_in_trouble(self, failed: steps.Failed) -> None:
        error, trouble = failed.result.error, failed.verdict.trouble
        if trouble is Trouble.RECONNECT:
            need_reconnect(self._lease.connection_id, detail=getattr(error, "code", ""))
            self._reload()
            self._hold_back()
        elif trouble is Trouble.RATE_LIMIT:
            self._rate_limit_hits += 1
            retry_at = error.retry_at if isinstance(error, RateLimitedError) else None
            rest(self._lease.connection_id, retry_at=retry_at, hits=self._rate_limit_hits)
            self._reload()
            self._hold_back()
            self._caller = self._new_caller()

    def _reload(self) -> None:
        self._workspace = load(self._lease.connection_id, now=timezone.now(), before=self._workspace)

    def _hold_back(self) -> None:
        """What has not left stays; in the outbox it is still what it was."""
        if self._caller:
            self._caller.stop()
        self._caller = None
        for waiting in (self._searches, self._reads, self._writes):
            for step in _drained(waiting):
                self._hands.pop(step.hand.job.delivery_id, None)

    def _new_caller(self) -> Caller | None:
        if not self._workspace.usable:
            return None
        try:
            client = self._workspace.client()
        except SecretUnreadableError:
            need_reconnect(self._lease.connection_id, detail="token unreadable")
            return None
        return Caller(client, lease=self._lease, pace=pace_of(self._lease.connection_id))

    def _finish(self) -> None:
        """Waits for what has left, and drops what has not."""
        self._hold_back()
        while self._calls:
            self._lease.renew_if_old()
            self._collect()
            self._flush_if_due()
            self._hold_back()
        if self._results:
            self._flush()


def _drained(waiting: deque[Any]) -> Iterable[Any]:
    while waiting:
        yield waiting.popleft()
