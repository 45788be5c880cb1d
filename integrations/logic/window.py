"""One window of Intercom's rate limit, as far as we know it."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = 10.0
"""Seconds over which Intercom spreads its limit.
https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting"""


@dataclass(slots=True)
class Window:
    """One window: `reset` is its end by Intercom's clock and so its name, `ends` its end by our own.

    `least`: the lowest limit that was told in it. `taken`: our calls that may count in it, by our own count,
    as what is told to be left may be wrong; `before`: those that counted until it should have been over.
    `blind`: where Intercom's windows begin is not known; since one
    of them may be half in one of ours and half in the next, half of the share is used.
    """

    limit: int
    left: int
    reset: float
    ends: float
    least: int
    taken: int = 0
    before: int = 0
    unsure: bool = False
    blind: bool = False

    def usable(self, share: float) -> int:
        return max(int(self.limit * (share / 2 if self.blind else share) + 1e-9), 1)
