"""The drain of a backlog against the bare loop that makes the same calls: speed, CPU, calls for each lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.bench import child
from tests.bench.figures import Figure, Target, ratios
from tests.bench.people import EMAILS_A_SEARCH
from tests.bench.setting import Setting, in_turn, say
from tests.bench.site import Database

CPU = Target(at_most=2.0)
CALLS = Target(at_most=1.14)


@dataclass(frozen=True, slots=True)
class Run:
    """One backlog sent: wall and CPU seconds of the sending process, and the calls it took."""

    seconds: float
    cpu: float
    calls: int

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Run:
        return cls(found["seconds"], found["cpu"], found["calls"])


def ceiling(setting: Setting) -> Iterator[Figure]:
    """With no latency: what the drain itself costs."""
    yield from _compare(setting, latency=0.0, called="no latency", target=Target(at_least=0.65))


def latency(setting: Setting) -> Iterator[Figure]:
    """With the latency of a network: what waiting hides."""
    yield from _compare(setting, latency=0.15, called="150 ms", target=Target(at_least=0.95))


def _compare(setting: Setting, *, latency: float, called: str, target: Target) -> Iterator[Figure]:
    bare: list[Run] = []
    drained: dict[Database, list[Run]] = {database: [] for database in setting.databases}
    cases = [partial(_bare, setting, latency=latency, into=bare)]
    for database, runs in drained.items():
        setting.site(database)
        cases.append(partial(_drain, setting, database, latency=latency, into=runs))
    say(f"{called}: {setting.size.backlog} leads, {setting.size.rounds} rounds of {len(cases)} cases")
    in_turn(cases, rounds=setting.size.rounds)
    leads = setting.size.backlog
    yield Figure(f"bare loop, {called}: leads/s", [leads / run.seconds for run in bare])
    yield Figure(f"bare loop, {called}: CPU ms a call", [1000 * run.cpu / run.calls for run in bare])
    for database, runs in drained.items():
        name = f"drain, {called}, {database.value}"
        yield Figure(f"{name}: leads/s", [leads / run.seconds for run in runs])
        speeds = ratios([run.seconds for run in bare], [run.seconds for run in runs])
        yield Figure(f"{name}: speed / bare loop's", speeds, target)
        costs = ratios([run.cpu / run.calls for run in runs], [run.cpu / run.calls for run in bare])
        yield Figure(f"{name}: CPU a call / bare loop's", costs, CPU)
        yield Figure(f"{name}: calls a lead", [run.calls / leads for run in runs], CALLS)


def _bare(setting: Setting, *, latency: float, into: list[Run]) -> None:
    leads = setting.size.backlog
    setting.stub.reset(latency=latency)
    run = Run.of(child.run("bare", setting.stub.url, leads))
    expected = leads + -(-leads // EMAILS_A_SEARCH)
    setting.check("bare loop", found={"too few or too many calls for its": abs(run.calls - expected)})
    into.append(run)


def _drain(setting: Setting, database: Database, *, latency: float, into: list[Run]) -> None:
    found = drained(setting, database, leads=setting.size.backlog, latency=latency, limit=0)
    into.append(Run.of(found))


def drained(
    setting: Setting, database: Database, *, leads: int, latency: float, limit: int
) -> Mapping[str, Any]:
    """Has a backlog drained in a process of its own, and checks that each lead was created once.

    `latency` in seconds, `limit` in calls in ten seconds (0: none).
    """
    found = child.run_inside(setting.site(database), "drained", leads, latency, limit)
    case = f"drain, {database.value}, latency {latency:g} s, limit {limit}"
    outcome = {"lost": "lost", "doubled": "created twice", "not_created": "not called created"}
    setting.check(case, found={words: found[key] for key, words in outcome.items()})
    return found
