"""A backlog of a hundred thousand: whether its last lead is sent as fast as its first, in no more memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from tests.bench import child
from tests.bench.arrivals import rates_by_part
from tests.bench.figures import Figure, Target
from tests.bench.long.size import LongSize
from tests.bench.people import emails
from tests.bench.running import Measure
from tests.bench.setting import Setting, say
from tests.bench.site import Database

PARTS = 10
LONGEST = 840.0
SPEED = Target(at_least=0.9)
MEMORY = Target(at_most=1.2)


def measure(size: LongSize) -> Measure:
    return partial(_measure, size=size)


def _measure(setting: Setting, *, size: LongSize) -> Iterator[Figure]:
    """Without latency, where what a lead costs shows most. Once: it takes minutes."""
    few = [_drained(setting, size.few) for _ in range(setting.size.rounds)]
    many = _drained(setting, size.many)
    rates = rates_by_part(setting.stub.books().created_at.values(), parts=PARTS)
    name = f"backlog of {size.many:,}"
    yield Figure(f"{name}: leads/s, tenth by tenth", rates, note=" ".join(f"{rate:.0f}" for rate in rates))
    yield Figure(f"{name}: speed of the last tenth / the first", [rates[-1] / rates[0]], SPEED)
    yield Figure(f"backlog of {size.few:,}: peak memory, MB", [one["peak"] for one in few])
    yield Figure(f"{name}: peak memory, MB", [many["peak"]], note=f"{many['before']:.0f} before it began")
    times = [many["peak"] / one["peak"] for one in few]
    yield Figure(f"peak memory, {size.many:,} / {size.few:,}", times, MEMORY)


def _drained(setting: Setting, count: int) -> Mapping[str, Any]:
    """Each time in a new process, as its memory never shrinks."""
    site = setting.site(Database.POSTGRESQL)
    say(f"a backlog of {count:,}")
    child.run_inside(site, "long.filled", count, within=LONGEST)
    setting.stub.reset()
    found = child.run_inside(site, "long.drain_once", count, LONGEST, within=LONGEST + 60)
    books = setting.stub.books()
    lost = len(set(emails(count)) - set(books.creates))
    wrong = {"lost": lost, "created twice": books.doubled, "not called created": found["not_created"]}
    setting.check(f"backlog of {count:,}", found=wrong)
    return found
