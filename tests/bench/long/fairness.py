"""A hundred workspaces with very uneven backlogs, four workers: when does each get its first call?

Slices and backlogs are a fifth of the real ones, so that a run takes minutes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.bench import setting as settings
from tests.bench.figures import Figure, Target
from tests.bench.running import report
from tests.bench.setting import Setting, say
from tests.bench.site import Database
from tests.processes.installation import Installation, eventually

SCALE = 5
SLICE = 10.0 / SCALE
HUGE, LARGE, SMALL = 20_000 // SCALE, 1_000 // SCALE, (1, 2, 3, 4, 5)
BACKLOGS = [HUGE, *[LARGE] * 10, *(SMALL[number % len(SMALL)] for number in range(89))]
WORKERS = 4
LATENCY = 0.05
SWEEP = 90.0
"""Seconds after which a lost hint is made up for, at the latest."""

BOUND = len(BACKLOGS) / WORKERS * SLICE
LONGEST = 240.0

MAKE = """
from integrations.services.wake import wake
from tests.integrations.many import make_workspaces
ids = make_workspaces({backlogs})
from django.db import connection
connection.cursor().execute("ANALYZE")
for one in ids:
    wake(one)
"""
WORK = """
from django.core.management import call_command
from integrations.services.drain import slice as turn
turn.SECONDS = {seconds}
call_command("qcluster")
"""
LEFT = """
import json
from django_q.models import OrmQ
from integrations.logic.states import OPEN, State
from integrations.models import Delivery
owed, made = (Delivery.objects.filter(state__in=states).count() for states in (OPEN, [State.CREATED]))
print(json.dumps([owed, made, OrmQ.objects.count()]))
"""


def measure(setting: Setting) -> Iterator[Figure]:
    """One round. All backlogs are woken at once, the longest first, before the workers start."""
    site = setting.site(Database.POSTGRESQL)
    say(f"fairness: {len(BACKLOGS)} workspaces, {sum(BACKLOGS)} leads, {WORKERS} workers")
    setting.stub.reset(latency=LATENCY)
    site.python(MAKE.format(backlogs=BACKLOGS))
    longest_line = _work_off(replace(site, env=site.env | {"WORKERS": str(WORKERS)}))
    books = setting.stub.books()
    wrong = {"lost": sum(BACKLOGS) - len(books.creates), "created twice": books.doubled}
    setting.check("fairness", found=wrong)
    first = _first_calls(books.created_at)
    waits = sorted(first.values())
    for number, backlog in enumerate(BACKLOGS):
        say(f"  workspace {number}, {backlog} leads: first contact after {first[number]:.1f} s")
    yield Figure("first contact of a workspace, s: all of them", waits)
    yield Figure(
        f"first contact of a workspace, s: the last, of at most {BOUND:.0f} + {SWEEP:.0f}",
        [waits[-1]],
        Target(at_most=BOUND + SWEEP),
    )
    yield Figure("tasks in line at most / workspaces", [longest_line / len(BACKLOGS)], Target(at_most=1.1))


def _work_off(site: Installation) -> int:
    """Runs the workers until nothing is owed any more; the longest line that was seen."""
    lines: list[int] = []

    def done() -> bool:
        owed, _made, line = json.loads(site.python(LEFT))
        lines.append(line)
        return bool(owed == 0)

    with site.worker("shell", "--verbosity", "0", "-c", WORK.format(seconds=SLICE)):
        eventually(done, within=LONGEST, what="all sent")
    return max(lines)


def _first_calls(created_at: Mapping[str, float]) -> dict[int, float]:
    """Seconds until the first contact of each workspace, from the first of all."""
    first: dict[int, float] = {}
    for email, moment in created_at.items():
        number = int(email.partition("@many-")[2].partition(".")[0])
        first[number] = min(first.get(number, moment), moment)
    begun = min(first.values())
    return {number: moment - begun for number, moment in first.items()}


if __name__ == "__main__":
    started = time.monotonic()
    made = report({"fairness": measure}, kind="fairness", size=settings.FULL)
    say(f"in {time.monotonic() - started:.0f} s")
    sys.exit(1 if made.wrong or made.missed else 0)
