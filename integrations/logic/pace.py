"""Keeps one workspace's calls under Intercom's rate limit, in one process. Neither sleeps nor calls."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from integrations.logic.window import WINDOW, Window

__all__ = ["DOCUMENTED", "LONGEST_WAIT", "WINDOW", "Pace", "Rate"]

DOCUMENTED = 1666
"""Calls in a window that every app may make, where no answer says how many."""

LONGEST_WAIT = 60.0
LOOK_AGAIN = 0.1
"""Seconds until the calls in flight may have told more."""

FIRST_DOUBT = 0.25
LONGEST_DOUBT = 2.0
"""Seconds until a window that had to be over by our clock, and was not, is looked at again."""

MOST_DOUBTS = 8
"""In a row, twelve seconds and more: then the end that Intercom tells is none."""


class Rate(Protocol):
    """What an answer's headers say: calls in a window, calls left in it, its end in Unix seconds."""

    @property
    def limit(self) -> int: ...
    @property
    def remaining(self) -> int: ...
    @property
    def reset(self) -> float: ...


class Pace:
    """Says when the next call may go. Safe to use from many threads.

    Takes `share` of the limit and leaves the rest to the customer's other apps: no call goes while less than
    that is left, whoever used it, nor more of ours than the share, whatever is told to be left; `beside`
    calls of it are for others of ours. Half goes at once, the other half is spread over what remains of the
    window. The very first call goes alone, and its answer tells the limit, or else the documented one
    holds. So does the first call after a window: its answer tells whether the window is truly over, and a
    clock of ours that is wrong costs a few calls of the reserve, not a refusal.
    """

    def __init__(
        self,
        *,
        share: float = 0.9,
        beside: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._share = share
        self._beside = beside
        self._monotonic = monotonic
        self._wall = wall
        self._lock = Lock()
        self._window: Window | None = None
        self._in_flight = 0
        self._next_slot = 0.0
        self._probing = False
        self._stale = 0
        self._doubts = 0

    @property
    def allowance(self) -> int:
        """The calls of ours that may go in one window, as far as Intercom has told; at least 1."""
        return self._usable(self._window or self._blind(DOCUMENTED, reset=0.0))

    def acquire(self) -> float:
        """0.0 if a call may go now; it then counts as in flight until `release`, which must follow.

        Else the seconds to wait before asking again: more than 0, at most 60.
        """
        with self._lock:
            wait = self._wait(self._window, now=self._monotonic()) if self._window else self._wait_for_probe()
            if wait > 0:
                return min(wait, LONGEST_WAIT)
            self._in_flight += 1
            if self._window:
                self._window.taken += 1
            return 0.0

    def release(self, rate: Rate | None) -> None:
        """Ends a call that `acquire` let go. `rate` is what its answer said; None if there was no answer."""
        with self._lock:
            self._in_flight = max(self._in_flight - 1, 0)
            window = self._window
            told = self._told(rate) if rate else None
            if told and (window is None or told.reset > window.reset):
                self._begin(told)
            elif window is None:
                self._begin(self._blind(DOCUMENTED, reset=0.0))
            elif window.unsure:
                self._resolve(window, told=told)
            else:
                self._narrow(window, told=told)

    def _wait(self, window: Window, *, now: float) -> float:
        if now >= window.ends:
            self._roll(window, now=now)
        usable = self._usable(window)
        own = usable - window.taken
        room = min(window.left - (window.limit - usable) - self._in_flight, own)
        if room <= 0:
            rest = window.ends - now
            return rest if own <= 0 or room + self._in_flight <= 0 else min(rest, LOOK_AGAIN)
        if window.unsure:
            return self._wait_for_probe()
        if now >= self._next_slot and room <= usable / 2:
            self._next_slot = now + (window.ends - now) / room
            return 0.0
        return max(self._next_slot - now, 0.0)

    def _usable(self, window: Window) -> int:
        return max(window.usable(self._share) - self._beside, 1)

    def _wait_for_probe(self) -> float:
        if self._probing:
            return LOOK_AGAIN
        self._probing = True
        return 0.0

    def _roll(self, window: Window, *, now: float) -> None:
        """By our clock a new window has begun; only an answer can say so for sure."""
        window.ends += WINDOW * (math.floor((now - window.ends) / WINDOW) + 1)
        window.left = window.limit
        window.before += window.taken - self._in_flight
        window.taken = self._in_flight
        window.unsure = not window.blind
        self._stale = self._in_flight
        self._probing = False

    def _told(self, rate: Rate) -> Window | None:
        if rate.limit <= 0 or rate.remaining < 0 or not math.isfinite(rate.reset):
            return None
        rest = rate.reset - self._wall()
        # An end that has passed is the word of a wrong clock; a whole window is then the most it can be.
        ends = self._monotonic() + (min(rest, WINDOW) if rest > 0 else WINDOW)
        return Window(rate.limit, min(rate.remaining, rate.limit), rate.reset, ends, least=rate.limit)

    def _blind(self, limit: int, *, reset: float) -> Window:
        ends = self._monotonic() + WINDOW
        return Window(limit, limit, reset, ends, least=limit, blind=True)

    def _narrow(self, window: Window, *, told: Window | None) -> None:
        if told is None:
            # The call may have been counted all the same.
            window.left = max(window.left - 1, 0)
        elif told.reset == window.reset and not window.blind:
            # An app has a limit of its own and one together with all others: the lower counts.
            window.least = min(window.least, told.limit)
            window.limit = min(window.limit, told.limit)
            window.left = min(window.left, told.left)
            window.ends = min(window.ends, told.ends)

    def _resolve(self, window: Window, *, told: Window | None) -> None:
        """One of the calls that left before the window was over, or the probe after it, told nothing new."""
        if told is None:
            window.left = max(window.left - 1, 0)
        if self._stale > 0:
            self._stale -= 1
        elif told is None:
            self._probing = False
        else:
            self._doubt(window, told=told)

    def _begin(self, window: Window) -> None:
        if self._window is not None:
            window.limit = min(window.limit, self._window.least)
        window.left = min(window.left, window.limit)
        # The call that told it counts in it, and whatever is on its way may.
        window.taken = self._in_flight + 1
        self._window = window
        self._next_slot = 0.0
        self._probing = False
        self._stale = self._doubts = 0

    def _doubt(self, window: Window, *, told: Window) -> None:
        """The window was over by our clock and is not by Intercom's: it goes on for a little."""
        if self._doubts >= MOST_DOUBTS:
            self._begin(self._blind(told.limit, reset=told.reset))
            return
        pause = min(FIRST_DOUBT * 2**self._doubts, LONGEST_DOUBT)
        doubts = self._doubts + 1
        told.ends = self._monotonic() + pause
        taken = window.before + window.taken
        self._begin(told)
        told.taken = taken
        self._doubts = doubts
