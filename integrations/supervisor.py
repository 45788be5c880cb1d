"""Keeps child processes alive: restarts what ended or hangs, and passes a stop on to what may finish.

django-q2's cluster can hang for good when one of its processes is killed, and then hears no SIGTERM
either. Its last sign of life tells; then the whole process group is killed and started again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
AT_ONCE = 2
"""So many requests to stop are an order to stop now."""

LOOK_EVERY = 0.3
HANGS_AFTER = 180.0
STOPS_WITHIN = 75.0
"""Seconds for a stop: a slice, the calls that are out, and some room."""

LONGEST_WAIT = 30.0
STEADY_AFTER = 60.0
MOST_DOUBLINGS = 5


def never_silent() -> float:
    """For a child that shows no sign of life of its own: ending is how one notices its trouble."""
    return 0.0


@dataclass(slots=True)
class Child:
    """A process to keep alive, in a process group of its own.

    `silent_for` gives the seconds since its last sign of life; it may raise when that cannot be told.
    `env` is added to our own environment, and `files` are open files that it inherits by their numbers.
    """

    name: str
    command: Sequence[str]
    silent_for: Callable[[], float] = never_silent
    env: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    failures: int = 0

    def start(self) -> None:
        self.started_at = time.monotonic()
        try:
            self.process = subprocess.Popen(  # noqa: S603
                self.command, start_new_session=True, env={**os.environ, **self.env}, pass_fds=self.files
            )
        except OSError as err:
            # Out of memory or processes for the moment: the other children must not go down with it.
            self._ended(f"could not be started ({err.strerror})")
        else:
            log.info("%s started (process %d)", self.name, self.process.pid)

    def look(self) -> None:
        """Starts it when it is time to; notices that it ended or hangs."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.restart_at:
                self.start()
        elif self.process.poll() is not None:
            self._ended(f"ended with status {self.process.returncode}")
        elif self._hangs(now):
            self._ended(f"showed no sign of life for {HANGS_AFTER:.0f} s")

    def _hangs(self, now: float) -> bool:
        age = now - self.started_at
        if age < HANGS_AFTER:
            return False
        try:
            return min(self.silent_for(), age) >= HANGS_AFTER
        except Exception:
            # A database that is down says nothing about the worker; killing it would mend nothing.
            log.exception("cannot tell whether %s is alive", self.name)
            return False

    def _ended(self, how: str) -> None:
        steady = time.monotonic() - self.started_at >= STEADY_AFTER
        self.failures = 1 if steady else self.failures + 1
        wait = min(2.0 ** min(self.failures - 1, MOST_DOUBLINGS), LONGEST_WAIT)
        log.warning("%s %s; starting it again in %.0f s", self.name, how, wait)
        self.kill()
        self.restart_at = time.monotonic() + wait

    def ask_to_stop(self) -> None:
        """SIGTERM to the parent alone: a cluster whose children hear it too does not end."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def stopped(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """The whole group: children live on when only their parent dies."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(slots=True)
class Supervisor:
    """Runs its children until it is told to stop."""

    children: Sequence[Child]
    _asked: int = 0

    def stop(self, *_: object) -> None:
        """Also a signal handler; asked twice, it stops at once.

        Only counts: a handler runs in the middle of anything, so it must wait for no lock.
        """
        self._asked += 1

    def run(self) -> None:
        """Until SIGTERM, SIGINT, SIGHUP or `stop`; then each child may finish what it has begun.

        For the main thread: Python sets signal handlers nowhere else.
        """
        before = {number: signal.getsignal(number) for number in SIGNALS}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # nohup, say
                signal.signal(number, self.stop)
        try:
            while not self._asked:
                for child in self.children:
                    child.look()
                time.sleep(LOOK_EVERY)
        finally:
            self._finish()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _finish(self) -> None:
        log.info("stopping; what is being sent is finished first")
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + STOPS_WITHIN
        while time.monotonic() < until and self._asked < AT_ONCE:
            if all(child.stopped() for child in self.children):
                break
            time.sleep(0.1)
        for child in self.children:
            child.kill()
