"""What a slice has in hand: steps that wait for their call, and the calls that are out. Decides nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from time import sleep
from typing import TYPE_CHECKING, Any

from integrations.logic.states import Order
from integrations.services.drain.stages import Read, Search, Write

if TYPE_CHECKING:
    from integrations.services.drain.calls import Caller
    from integrations.services.drain.jobs import Job

EMAILS_A_SEARCH = 15

Step = Search | Read | Write


class Work:
    """One entry for each delivery in hand. For the main thread alone; the pool only runs the calls."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._jobs: dict[int, Job] = {}
        self._searches: deque[Search] = deque()
        self._reads: deque[Read] = deque()
        self._writes: deque[Write] = deque()
        self._out: dict[Future[Any], Sequence[Step]] = {}
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._committed: set[int] = set()

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def jobs(self) -> Collection[Job]:
        return self._jobs.values()

    @property
    def calls_out(self) -> int:
        return len(self._out)

    def add(self, step: Step) -> None:
        self._jobs[step.hand.job.delivery_id] = step.hand.job
        match step:
            case Search():
                self._searches.append(step)
            case Read():
                self._reads.append(step)
            case Write():
                self._writes.append(step)

    def done_with(self, delivery_id: int) -> None:
        self._jobs.pop(delivery_id, None)
        self._committed.discard(delivery_id)

    def ask(self, caller: Caller) -> None:
        """Sends every read, and the searches fifteen at a time."""
        while self._reads:
            read = self._reads.popleft()
            call = caller.restore if read.hand.job.order is Order.RESTORE else caller.read
            self._call([read], call, read.contact_id)
        while self._searches:
            batch = list(_up_to(EMAILS_A_SEARCH, self._searches))
            emails = [search.hand.job.email for search in batch]
            self._call(batch, caller.look_up, emails)

    def next_writes(self, number: int) -> list[Write]:
        return list(_up_to(number, self._writes))

    def send(self, write: Write, *, caller: Caller) -> None:
        """For a write whose intent is committed."""
        self._committed.add(write.hand.job.delivery_id)
        if write.contact_id:
            self._call([write], caller.update, write.contact_id, write.body)
        else:
            self._call([write], caller.create, write.body)

    def _call(self, steps: Sequence[Step], method: Callable[..., Any], *arguments: Any) -> None:
        call = self._pool.submit(method, *arguments)
        self._out[call] = steps
        # Rather than waiting for all that are out: that would ask each of them at each turn.
        call.add_done_callback(self._ended.put)

    def answered(self, *, within: float, gather: float = 0.0) -> Iterator[tuple[Step, Future[Any]]]:
        """The steps whose calls have ended, waiting at most `within` seconds for the first, and then
        `gather` seconds for more to be heard together."""
        if not self._out:
            return
        try:
            ended = [self._ended.get(timeout=within)]
        except Empty:
            return
        sleep(gather)
        ended += [self._ended.get() for _ in range(self._ended.qsize())]
        for call in ended:
            for step in self._out.pop(call):
                yield step, call

    def put_back(self) -> list[Write]:
        """Lets go of what no call is out for; in the outbox it is still what it was.

        Returns those that are not: committed as `sending` for a write that ended without a trace, and then
        to be written otherwise.
        """
        committed = []
        for steps in (self._searches, self._reads, self._writes):
            for step in _up_to(len(steps), steps):
                delivery_id = step.hand.job.delivery_id
                if delivery_id in self._committed:
                    committed.append(step)
                self.done_with(delivery_id)
        return committed


def _up_to(number: int, steps: deque[Any]) -> Iterator[Any]:
    for _ in range(min(number, len(steps))):
        yield steps.popleft()
