"""When a workspace rests since Intercom does not answer for it, and for how long. Neither sleeps nor calls.

A call that hangs holds a worker for its whole deadline: without rests, as many workspaces that hang as there
are workers would take everybody else's turns.
"""

from __future__ import annotations

from threading import Lock

ENOUGH = 8
"""Calls in a row, of any kind, that got no answer of Intercom's."""

STALLED = 5.0
WEIGHT = 4
"""A call that took so many seconds for nothing counts as so many: it holds a worker meanwhile."""

FIRST_REST = 15.0
LONGEST_REST = 300.0
"""Seconds; a rest doubles with each that brought no answer. The first is longer than a slice waits out."""


class Silence:
    """What one process has learned of a workspace, from slice to slice. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._unanswered = 0
        self._rests = 0

    def answered(self) -> None:
        """Any answer of Intercom's, a refusal too, ends it."""
        with self._lock:
            self._unanswered = self._rests = 0

    def unanswered(self, *, seconds: float) -> None:
        """A call that took so long, and got no answer."""
        with self._lock:
            self._unanswered += WEIGHT if seconds >= STALLED else 1

    def rest(self) -> float:
        """Seconds for which the workspace should rest from now on; 0.0 for none. It is told once."""
        with self._lock:
            if self._unanswered < ENOUGH:
                return 0.0
            self._unanswered = 0
            self._rests += 1
            return min(FIRST_REST * 2.0 ** min(self._rests - 1, 10), LONGEST_REST)
