"""One drain of a backlog, timed, in an installation's own process."""

from __future__ import annotations

import time

from django.conf import settings

from tests.bench import backlog
from tests.bench.child import tell
from tests.bench.people import WARM_UP, emails
from tests.bench.remote import Stub

LONGEST = 300.0


def main(count: int, latency: float, limit: int) -> None:  # keyword arguments do not travel to a child
    """Tells wall and CPU seconds, calls, and what went wrong."""
    stub = Stub(settings.INTERCOM_API_URL)
    _prepare(count, stub=stub)
    stub.reset(latency=latency, limit=limit)
    wall, cpu = time.perf_counter(), time.process_time()
    backlog.drain_all(within=LONGEST)
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    books = stub.books()
    tell(
        {
            "seconds": seconds,
            "cpu": cpu,
            "calls": books.total,
            "lost": len(set(emails(count)) - set(books.creates)),
            "doubled": books.doubled,
            "not_created": backlog.not_created(count),
        }
    )


def _prepare(count: int, *, stub: Stub) -> None:
    """A process that has drained before, and so many leads who are due."""
    stub.reset()
    backlog.clear()
    backlog.fill(WARM_UP)
    backlog.drain_all(within=LONGEST)
    backlog.clear()
    backlog.fill(count)
