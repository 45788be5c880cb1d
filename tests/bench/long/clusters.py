"""Two clusters beside each other against one: whether a second machine is worth its money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.bench import child
from tests.bench.arrivals import rate
from tests.bench.figures import Figure, Target, ratios
from tests.bench.long.size import LongSize
from tests.bench.people import SPRING, WARM_UP, emails
from tests.bench.running import Measure
from tests.bench.setting import Setting, in_turn, say
from tests.bench.site import Database
from tests.processes.installation import PANEL, Installation, eventually

LATENCY = 0.15
MORE = ("bench-2", "bench-3", "bench-4")
"""Campaigns beside the first one, each with a workspace of its own, whose token has the same name."""

SLUGS = [SPRING, *MORE]
GAIN = Target(at_least=1.8)
OTHERS = 4
"""Processes of a cluster besides its workers: the command, the sentinel, the pusher and the monitor."""

PROCESSES = Path("/proc")


def measure(size: LongSize) -> Measure:
    return partial(_measure, size=size)


def _measure(setting: Setting, *, size: LongSize) -> Iterator[Figure]:
    """One worker each sends to one workspace at a time: then it is the clusters that count, not the cores.

    With two each, as they come, the machine's cores may be what is too few: told, and not judged.
    """
    site = setting.site(Database.POSTGRESQL)
    for name in MORE:
        _connect(site, name)
    for workers, target in ((1, GAIN), (2, None)):
        called = f"{len(SLUGS)} workspaces, 150 ms, workers a cluster: {workers}"
        say(f"{called}: {setting.size.rounds} rounds of 1 and 2 clusters")
        rates: dict[int, list[float]] = {1: [], 2: []}
        cases = [partial(_case, setting, workers, number, size.each, into) for number, into in rates.items()]
        in_turn(cases, rounds=setting.size.rounds)
        yield Figure(f"{called}: leads/s, 1 cluster", rates[1])
        yield Figure(f"{called}: leads/s, 2 clusters", rates[2])
        yield Figure(f"{called}: 2 clusters / 1", ratios(rates[2], rates[1]), target)


def _connect(site: Installation, name: str) -> None:
    site.manage("connect_intercom", text=name)
    site.manage("create_campaign", name, "--name", name)
    site.manage("settings_import", name, "-", text=json.dumps({"workspace": name, **PANEL}))


def _case(setting: Setting, workers: int, clusters: int, each: int, into: list[float]) -> None:
    """The time goes from the first contact to the last."""
    site = setting.site(Database.POSTGRESQL)
    one = replace(site, env=site.env | {"WORKERS": str(workers)})
    with ExitStack() as stack:
        for _ in range(clusters):
            process = stack.enter_context(one.worker())
            eventually(partial(_whole, process.pid, workers), within=60, what="a whole cluster")
        child.run_inside(one, "long.crowded", SLUGS, WARM_UP)
        setting.stub.reset(latency=LATENCY)
        found = child.run_inside(one, "long.crowded", SLUGS, each)
    books = setting.stub.books()
    lost = len(set(emails(each * len(SLUGS))) - set(books.creates))
    wrong = {"lost": lost, "created twice": books.doubled, "not called created": found["not_created"]}
    setting.check(f"{clusters} clusters of {workers}", found=wrong)
    into.append(rate(books.created_at.values()))


def _whole(group: int, workers: int) -> bool:
    """Whether so many workers, and what a cluster needs besides, run in this process group. Linux only."""
    return sum(_group_of(path) == group for path in PROCESSES.glob("[0-9]*")) >= workers + OTHERS


def _group_of(process: Path) -> int | None:
    try:
        told = (process / "stat").read_text()
    except OSError:
        return None
    # After the name, which is in brackets and may hold anything: state, parent, group.
    return int(told.rpartition(")")[2].split()[2])
