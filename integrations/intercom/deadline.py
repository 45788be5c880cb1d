"""The total deadline of a call, for whatever it does in one thread. No sockets."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CONNECT_TIMEOUT = 3.05

_LATEST: ContextVar[float] = ContextVar("latest", default=math.inf)


@contextmanager
def over_by(moment: float) -> Iterator[None]:
    """Every call that this thread begins within the block ends by then too (`time.monotonic`).

    For who looked at the clock before: a process may stand still between a look and a call, for minutes.
    """
    reset = _LATEST.set(moment)
    try:
        yield
    finally:
        _LATEST.reset(reset)


class Call:
    """The clock of one call, and how far it got: `connecting`, `sent` (a byte has left)."""

    def __init__(self, seconds: float, *, connect_timeout: float) -> None:
        self._ends = min(time.monotonic() + seconds, _LATEST.get())
        self._connect_timeout = connect_timeout
        self.connecting = False
        self.sent = False

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._ends

    def left_to_connect(self) -> float:
        """The seconds that connecting, or the TLS handshake, may take. Raises TimeoutError."""
        return min(self._connect_timeout, self.left())

    def left(self) -> float:
        """The seconds that remain. Raises TimeoutError once none do."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


_CALL: ContextVar[Call] = ContextVar("intercom_call")


@contextmanager
def limited(seconds: float, *, connect_timeout: float = CONNECT_TIMEOUT) -> Iterator[Call]:
    """Bind every connection that this thread uses within the block to one deadline."""
    call = Call(seconds, connect_timeout=connect_timeout)
    reset = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(reset)


def present() -> Call:
    """The call that this thread is making. Raises LookupError outside of `limited`."""
    return _CALL.get()
