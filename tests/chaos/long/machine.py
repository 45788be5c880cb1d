"""One worker machine: a supervisor and its cluster, whose processes are hit one by one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from tests.chaos.long.procs import children, of_group, processes
from tests.processes.installation import ROOT, Installation

WORKERS = 2
STOPS_WITHIN = 20.0
RESTARTED = "; starting it again"


class Role(StrEnum):
    """What a process of a cluster does. `SENTINEL` looks after the others, `CLUSTER` is its parent."""

    WORKER = "worker"
    MONITOR = "monitor"
    PUSHER = "pusher"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


STARTED_AS = (*[Role.WORKER] * WORKERS, Role.MONITOR, Role.PUSHER)
"""The order in which a sentinel starts its children."""


class Machine:
    """`manage.py supervise`, started at once. Use `end` when done."""

    def __init__(self, site: Installation, *, number: int) -> None:
        self.name = f"machine {number}"
        self.log = site.log.with_name(f"machine-{number}.log")
        self._known: dict[int, Role] = {}
        with self.log.open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "manage.py", "supervise"],
                cwd=ROOT,
                env=site.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def restarts(self) -> int:
        """How often the supervisor started the cluster again."""
        return self.log.read_text(errors="replace").count(RESTARTED)

    def roles(self) -> dict[int, Role]:
        """The cluster's living processes. One that came in place of another took its role."""
        living = processes()
        found: dict[int, Role] = {}
        for cluster in children(self._supervisor.pid, among=living):
            found[cluster] = Role.CLUSTER
            for sentinel in children(cluster, among=living):
                found[sentinel] = Role.SENTINEL
                members = children(sentinel, among=living)
                found |= {pid: self._known[pid] for pid in members if pid in self._known}
                free = _missing([role for pid, role in found.items() if pid in members])
                found |= dict(zip([pid for pid in members if pid not in found], free, strict=False))
        self._known = found
        return found

    def is_whole(self) -> bool:
        """Whether every process of the cluster runs."""
        return sorted(self.roles().values()) == sorted([*STARTED_AS, Role.SENTINEL, Role.CLUSTER])

    def hit(self, role: Role, *, place: float) -> int | None:
        """kill -9 of one process of that role (of all processes for CLUSTER), the `place`th from 0 to 1.

        Returns its id, or None where there is none just now.
        """
        candidates = sorted(pid for pid, its in self.roles().items() if its is role)
        if not candidates:
            return None
        pid = candidates[int(place * len(candidates))]
        with contextlib.suppress(ProcessLookupError):
            if role is Role.CLUSTER:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        return pid

    def busiest(self) -> tuple[int, int]:
        """The worker with the most threads, and how many: a drain at work has a pool of them."""
        living = processes()
        workers = [pid for pid, role in self.roles().items() if role is Role.WORKER and pid in living]
        return max(((living[pid].threads, pid) for pid in workers), default=(0, 0))[::-1]

    def end(self) -> str:
        """Asks it to stop as a person would, and then insists. Returns what was wrong with that, or ""."""
        if self._supervisor.poll() is not None and not self._known:
            return ""
        groups = [pid for pid, role in (self.roles() or self._known).items() if role is Role.CLUSTER]
        self._known = {}
        self._supervisor.terminate()
        wrong = ""
        if not self._ended(within=STOPS_WITHIN):
            self._supervisor.terminate()  # a second one means now
            if not self._ended(within=STOPS_WITHIN):
                wrong = f"{self.name}: the supervisor did not stop when told to twice"
                self._supervisor.kill()
                self._supervisor.wait()
        for left in [one.pid for group in groups for one in of_group(group)]:
            wrong = wrong or f"{self.name}: processes were left behind"
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        return wrong

    def _ended(self, *, within: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._supervisor.wait(within)
        time.sleep(0.2)
        return self._supervisor.poll() is not None


def _missing(present: list[Role]) -> list[Role]:
    free = list(STARTED_AS)
    for role in present:
        if role in free:
            free.remove(role)
    return free


@contextlib.contextmanager
def machines(site: Installation, *, number: int = 2) -> Iterator[list[Machine]]:
    """All of them are ended with the block, whatever happens in it."""
    found = [Machine(site, number=each) for each in range(1, number + 1)]
    try:
        yield found
    finally:
        for machine in found:
            machine.end()


def logs(found: list[Machine]) -> list[Path]:
    return [machine.log for machine in found]
