"""What else could send leads, beside the drain: a django-q2 task for each lead, and Intercom's own library.

Each looks for a lead and then creates it; the drain takes turns with them, so that they meet the same noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tests.bench import child
from tests.bench.arrivals import rate
from tests.bench.figures import Figure, ratios
from tests.bench.setting import Setting, in_turn, say
from tests.bench.site import Database
from tests.bench.throughput import drained
from tests.processes.installation import Installation, eventually

LATENCY = 0.15
TURNS = 15
"""With latency: leads that each worker or thread sends one after the other, at most."""

WORKERS, THREADS = 4, 32
LONGEST = 240.0


@dataclass(frozen=True, slots=True)
class Rival:
    """`rate(count, latency)` sends so many leads and gives leads a second; `at_once` leads are on their way.

    `beside`: the databases whose drains it is held against.
    """

    name: str
    at_once: int
    beside: Sequence[Database]
    rate: Callable[[int, float], float]


def measure(setting: Setting) -> Iterator[Figure]:
    for latency, called in ((0.0, "no latency"), (LATENCY, "150 ms")):
        yield from _compare(setting, latency=latency, called=called)


def _compare(setting: Setting, *, latency: float, called: str) -> Iterator[Figure]:
    drains: dict[Database, list[float]] = {database: [] for database in setting.databases}
    rivals = [*_tasks(setting, latency=latency), *_library(setting)]
    rates: list[list[float]] = [[] for _ in rivals]
    cases = [partial(_drain, setting, database, latency, into) for database, into in drains.items()]
    for rival, into in zip(rivals, rates, strict=True):
        cases.append(partial(_rival, rival, _count(setting, rival, latency=latency), latency, into))
    say(f"others, {called}: {setting.size.rounds} rounds of {len(cases)} cases")
    in_turn(cases, rounds=setting.size.rounds)
    for rival, values in zip(rivals, rates, strict=True):
        yield Figure(f"{rival.name}, {called}: leads/s", values)
        for database in rival.beside:
            name = f"{rival.name}, {called}: drain, {database.value} / it"
            yield Figure(name, ratios(drains[database], values))


def _count(setting: Setting, rival: Rival, *, latency: float) -> int:
    most = setting.size.compared
    return min(most, rival.at_once * TURNS) if latency else most


def _drain(setting: Setting, database: Database, latency: float, into: list[float]) -> None:
    leads = setting.size.backlog
    into.append(leads / float(drained(setting, database, leads=leads, latency=latency, limit=0)["seconds"]))


def _rival(rival: Rival, count: int, latency: float, into: list[float]) -> None:
    into.append(rival.rate(count, latency))


def _tasks(setting: Setting, *, latency: float) -> Iterator[Rival]:
    """With latency it is the workers that wait, and the database makes no difference."""
    for database in setting.databases[:1] if latency else setting.databases:
        for tuning in ("defaults", "tuned"):
            name = f"a task a lead, {WORKERS} workers, {tuning}, {database.value}"
            yield Rival(name, WORKERS, [database], partial(_with_tasks, setting, database, tuning))


def _with_tasks(setting: Setting, database: Database, tuning: str, count: int, latency: float) -> float:
    """All are queued before the cluster starts, and the time begins with the first contact."""
    site = setting.site(database)
    more = {"DJANGO_SETTINGS_MODULE": "tests.bench.task_each_settings", "BENCH_QUEUE": tuning}
    installation: Installation = replace(site, env=site.env | more)
    child.run_inside(installation, "task_each", count)
    setting.stub.reset(latency=latency)
    with installation.worker() as cluster:
        eventually(
            lambda: len(setting.stub.books().creates) == count or cluster.poll() is not None,
            within=LONGEST,
            what=f"{count} leads, {tuning}",
        )
        assert cluster.poll() is None, installation.log.read_text()[-2000:]
    return rate(setting.stub.books().created_at.values())


def _library(setting: Setting) -> Iterator[Rival]:
    for name, threads in (("a loop", 1), (f"{THREADS} threads", THREADS)):
        send = partial(_with_library, setting, threads)
        yield Rival(f"Intercom's library, {name}", threads, setting.databases, send)


def _with_library(setting: Setting, threads: int, count: int, latency: float) -> float:
    setting.stub.reset(latency=latency)
    found = child.run("sdk", setting.stub.url, count, threads)
    return count / float(found["seconds"])
