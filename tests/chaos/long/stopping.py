"""Stops a process that holds a workspace's lease until another has taken over, and lets it go on then."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence

from tests.chaos.long.control import Control
from tests.chaos.long.machine import Machine
from tests.chaos.long.plan import STOP_TAKES

AT_WORK = 4
"""A worker with so many threads is in the middle of a slice."""

GOES_ON_AFTER = 1.5
"""Seconds from the takeover to the moment when the old holder goes on."""


class Stopping:
    """One at a time. `moments` are the times (Unix seconds) at which one was stopped or went on."""

    def __init__(self, control: Control, machines: Sequence[Machine]) -> None:
        self._control, self._machines = control, machines
        self.stops = self.takeovers = 0
        self.moments: list[float] = []
        self._wanted = False
        self._pid = 0
        self._since = self._goes_on_at = 0.0
        self._ran_out: dict[str, str] = {}

    def want(self) -> None:
        """From the next turn on a worker is stopped as soon as one is at work."""
        self._wanted = True

    def turn(self) -> None:
        """For now and then."""
        if self._pid:
            self._watch()
        elif self._wanted:
            self._stop()

    def end(self) -> None:
        """Whoever is stopped goes on now."""
        self._wanted = False
        if self._pid:
            self._go_on()

    def _stop(self) -> None:
        threads, pid = max(machine.busiest()[::-1] for machine in self._machines)
        if threads < AT_WORK:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self._pid, self._since, self._goes_on_at = pid, time.monotonic(), 0.0
            self._wanted, self._ran_out = False, {}
            self.moments.append(time.time())
            self.stops += 1

    def _watch(self) -> None:
        now, age = time.monotonic(), time.monotonic() - self._since
        leases: Mapping[str, tuple[str, bool]] = {
            workspace: (token, over) for workspace, (token, over) in self._control.do("leases").items()
        }
        self._ran_out |= {workspace: token for workspace, (token, over) in leases.items() if over}
        taken = [each for each, token in self._ran_out.items() if leases.get(each, ("", True))[0] != token]
        if taken and not self._goes_on_at:
            self.takeovers += 1
            self._goes_on_at = now + GOES_ON_AFTER
        if age > STOP_TAKES or (self._goes_on_at and now > self._goes_on_at):
            self._go_on()

    def _go_on(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGCONT)
        self._pid = 0
        self.moments.append(time.time())
