"""Which leads met a fault, by what the stand-in did alone: never by how long anybody took.

A lead met one if a call that names them got another answer than it should, or if they joined while the
stand-in let nobody in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from integrations.sandbox.control import Call
from integrations.sandbox.messages import Ending
from tests.soak.names import EMAIL

TOO_MANY = 429
SHUT = 3.0
"""Seconds for which nobody is let in after a 429: it names the second after the next as its end, and a call
is not made in the very moment that it may be."""


class Faulted:
    """Those who met a fault so far."""

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._shut: set[float] = set()

    def hear(self, calls: Iterable[Call]) -> None:
        """The same calls again change nothing."""
        for call in calls:
            if _went_well(call):
                continue
            self._named.update(EMAIL.findall(json.dumps(call.body)))
            if call.status == TOO_MANY:
                self._shut.add(call.at)

    def met(self, email: str, *, joined_at: float) -> bool:
        return email in self._named or any(at <= joined_at < at + SHUT for at in self._shut)


def _went_well(call: Call) -> bool:
    """Carried out and answered so; one that is still on its way says nothing yet."""
    return call.status is None or (call.acted and call.status == call.result and call.ending == Ending.SEND)
