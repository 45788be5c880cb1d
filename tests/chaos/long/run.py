"""One long run: a seed, a scene, a storm, the oracle. Keeps the evidence of what must not be."""

from __future__ import annotations

import random
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.books import Books
from tests.chaos.driver import OrderError
from tests.chaos.long.judging import More, as_judged
from tests.chaos.long.machine import logs
from tests.chaos.long.scene import Scene, scene
from tests.chaos.long.storm import Storm
from tests.chaos.long.tabs import ALWAYS, LATER
from tests.chaos.oracle import Oracle, Row
from tests.chaos.story import report

NAMES = "@example.com"
"""No log may name anybody."""

LINES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Done:
    """How a run went. `states`: how many leads ended in each; `findings`: what must not be, in lines."""

    seed: int
    seconds: float
    leads: int
    calls: int
    refused: int
    killed: int
    restarted: int
    supervised: int
    stops: int
    takeovers: int
    tried_again: int
    queued: int
    states: Mapping[str, int]
    findings: Sequence[str]


def run(seed: int, *, leads: int, with_redis: bool, folder: Path, evidence: Path) -> Done:
    """`folder` is for all that the run needs; `evidence` is made only where something was wrong."""
    began, rng = time.monotonic(), random.Random(seed)
    with scene(folder, rng=rng, leads=leads, with_redis=with_redis) as stage:
        storm = Storm(stage, rng)
        rows: Sequence[Row] = []
        queued = 0
        try:
            storm.blow()
            rows, queued = stage.control.do("rows"), len(stage.control.do("queued"))
            wrong = [*_wrong_at_large(stage, storm), *_wrong_with_leads(stage, storm, rows)]
        except (AssertionError, OrderError):
            wrong = [f"the storm broke off: {traceback.format_exc()}"]
        if wrong:
            _keep(stage, evidence, text="\n".join([f"seed {seed}", *storm.told, "", *wrong]))
        return Done(
            seed=seed,
            seconds=time.monotonic() - began,
            leads=len(rows),
            calls=stage.sandbox.mark(),
            refused=sum(call.status == 429 for call in stage.sandbox.calls()),
            killed=storm.killed,
            restarted=storm.restarted,
            supervised=sum(machine.restarts for machine in stage.machines),
            stops=storm.stopping.stops,
            takeovers=storm.stopping.takeovers,
            tried_again=storm.tried_again,
            queued=queued,
            states=Counter(str(row.get("state")) for row in rows),
            findings=wrong,
        )


def _wrong_at_large(stage: Scene, storm: Storm) -> list[str]:
    """About the installation as a whole. Ends the machines."""
    wrong = [*storm.wrong, *stage.control.do("foreign_tasks")]
    if still_open := stage.control.do("still_open"):
        wrong.append(f"{still_open} are open or unexplained")
    wrong += [ended for machine in stage.machines if (ended := machine.end())]
    return wrong + _named_in_logs(stage)


def _wrong_with_leads(stage: Scene, storm: Storm, rows: Sequence[Row]) -> list[str]:
    books = Books(stage.sandbox)
    people = as_judged(stage.people, {row["tag"]: row for row in rows}, storm.changes, books=books)
    oracle = Oracle(
        people,
        books,
        rows,
        kills=storm.kills,
        disturbed=storm.disturbed | storm.completed,
        added=frozenset({ALWAYS, LATER}),
    )
    more = More(people, oracle.by_tag, books, storm.changes, storm.completed)
    findings = [*oracle.findings(), *more.findings()]
    wrong = [f"never joined: {tag}" for tag in oracle.strangers()]
    return [*wrong, report(oracle, findings, head=f"{len(findings)} findings")] if findings else wrong


def _named_in_logs(stage: Scene) -> list[str]:
    found = []
    for log in [stage.site.log, *logs(list(stage.machines))]:
        lines = [line for line in log.read_text(errors="replace").splitlines() if NAMES in line]
        found += [f"{log.name} names somebody: {line[:300]}" for line in lines[:LINES_SHOWN]]
    return found


def _keep(stage: Scene, evidence: Path, *, text: str) -> None:
    """The report, every log, and both databases as they are now."""
    evidence.mkdir(parents=True, exist_ok=True)
    (evidence / "report.txt").write_text(text + "\n")
    stage.database.dump(evidence / "database.sql")
    for path in [stage.site.log, *logs(list(stage.machines)), *stage.database.folder.glob("*.log")]:
        shutil.copy(path, evidence / path.name)
    for path in stage.site.log.parent.glob("sandbox.sqlite3*"):
        shutil.copy(path, evidence / path.name)
