"""How many leads a slice takes into hand, and when it looks for more. Touches nothing; is told the time."""

from __future__ import annotations

from integrations.services.drain.work import EMAILS_A_SEARCH
from integrations.services.drain.workspace import THREADS

FEW = 200
MANY = THREADS * EMAILS_A_SEARCH
"""Enough for each thread to search. What is in hand when the slice ends was searched for in vain: so many
only as long as the limit has room for that, and as they are soon gone."""

SLOW = 2.0
"""Seconds; who takes longer over half of what is in hand has too much in it."""

LOOK_AGAIN_AFTER = 0.2
"""Seconds between two looks while somebody is in hand and nobody else was due."""


class Appetite:
    """For one slice. `allowance`: the calls that may go in one window of Intercom's limit."""

    def __init__(self, *, allowance: int) -> None:
        self._most = max(FEW, min(MANY, allowance // 3))
        self._looked_at: float | None = None
        self._more_is_due = True

    @property
    def has_looked(self) -> bool:
        return self._looked_at is not None

    def room(self, in_hand: int, *, clock: float) -> int:
        """How many more to take now; 0 while there is enough in hand, or nobody was due a moment ago.

        `clock` in seconds (`time.monotonic`). Whoever gets a number looks, and says how many that `took`.
        """
        since = clock - self._looked_at if self._looked_at is not None else None
        just_now = since is not None and since < LOOK_AGAIN_AFTER and not self._more_is_due
        if in_hand >= self._most / 2 or (in_hand and just_now):
            return 0
        if since is not None and since > SLOW:
            self._most = FEW
        self._looked_at = clock
        return max(self._most - in_hand, 0)

    def took(self, number: int, *, room: int) -> None:
        self._more_is_due = number == room
