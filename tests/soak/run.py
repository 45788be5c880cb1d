"""One run: everything plays for so long, is sampled meanwhile, and comes to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.setting import say
from tests.soak import ending, proc
from tests.soak.samples import Books, Sample, quantile
from tests.soak.stage import Stage, end_joining, joining, stage

SAMPLE_EVERY = 30.0
FEWEST_SAMPLES = 40
LOOK_EVERY = 10.0
FAULT_EVERY = 20.0
CHANGE_EVERY = 5.0
CLEAR_EVERY = 60.0
QUIET_WITHIN = 300.0
WORK = 300_000
"""Additions in the yardstick: some milliseconds."""


@dataclass(slots=True)
class Clock:
    """Something to do every so many seconds."""

    every: float
    what: Callable[[], None]
    next_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """`earlier` are the rows that there were before, by table. `wrong` says whom the end finds lost, doubled
    or unexplained, `said` what the product's log holds."""

    samples: Sequence[Sample]
    earlier: Mapping[str, int]
    joined: int
    faults: int
    qualified: int
    wrong: Sequence[str]
    said: Mapping[str, int]


class Soak:
    """One run on one stage."""

    def __init__(self, playing: Stage, books: Books) -> None:
        self._stage, self._books = playing, books
        self._yardstick: list[float] = []
        self._began = time.monotonic()

    def play(self, *, seconds: float, rate: float) -> int:
        """Returns how many have joined."""
        every = min(SAMPLE_EVERY, seconds / FEWEST_SAMPLES)
        clocks = [
            Clock(LOOK_EVERY, self._look),
            Clock(FAULT_EVERY, self._stage.vendor.go_wrong),
            Clock(CHANGE_EVERY, self._stage.vendor.change_plans),
            Clock(CLEAR_EVERY, self._stage.database.clear_away, next_at=CLEAR_EVERY),
            Clock(every, self._sample, next_at=every),
        ]
        with joining(self._stage.site, rate=rate) as process:
            while (now := time.monotonic() - self._began) < seconds:
                for clock in clocks:
                    if clock.next_at <= now:
                        clock.next_at += clock.every
                        clock.what()
                time.sleep(0.2)
                assert process.poll() is None, f"nobody joins any more: see {self._stage.log}"
            return end_joining(process)

    def come_to_rest(self) -> None:
        """Until nothing is owed, or long enough: who is owed something then is found by `ending`."""
        self._stage.vendor.come_right()
        until = time.monotonic() + QUIET_WITHIN
        while time.monotonic() < until:
            database = self._stage.database
            if not database.open() and self._stage.vendor.changed <= database.qualified():
                return
            time.sleep(1)

    def _look(self) -> None:
        began = time.perf_counter()
        sum(range(WORK))
        self._yardstick.append(time.perf_counter() - began)
        self._stage.visitor.look()

    def _sample(self) -> None:
        database = self._stage.database
        created, faulted = database.created(), self._stage.vendor.faulted()
        met = {one.email: faulted.met(one.email, joined_at=one.joined_at) for one in created}
        sample = Sample(
            at=time.monotonic() - self._began,
            joined=database.joined(),
            open=database.open(),
            queued=database.queued(),
            connections=database.connections(),
            processes=proc.below(self._stage.root),
            tables=database.tables(),
            latencies=[one.seconds for one in created if not met[one.email]],
            faulted=[one.seconds for one in created if met[one.email]],
            pages=self._stage.visitor.take_times(),
            yardstick=self._yardstick,
        )
        self._yardstick = []
        self._books.add(sample)
        _tell(sample)


def run(folder: Path, *, minutes: float, rate: float, earlier: int) -> Done:
    """Everything that is measured goes into the folder as it comes."""
    books = Books(folder)
    with stage(folder, earlier=earlier) as playing:
        changed = len(playing.vendor.changed)
        soak = Soak(playing, books)
        joined = soak.play(seconds=minutes * 60, rate=rate)
        soak.come_to_rest()
        wrong = ending.wrong(playing, joined=joined, earlier=earlier)
        qualified, faults = len(playing.vendor.changed) - changed, playing.vendor.faults
        log, rows = playing.log, playing.database.earlier
    return Done(books.samples, rows, joined, faults, qualified, wrong, ending.said(log))


def _tell(sample: Sample) -> None:
    memory = ", ".join(f"{group} {sample.total(group, 'pss') / 1024:.0f} MB" for group in sample.groups())
    p50, p95 = (quantile(sample.latencies, share) for share in (0.5, 0.95))
    say(
        f"{sample.at:6.0f} s: {sample.joined} joined, {sample.open} open, {sample.queued} queued;"
        f" {p50:.2f}/{p95:.2f} s; {memory}; {sample.connections} connections"
    )
