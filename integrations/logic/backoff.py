"""How long to wait before the next try, and when to stop trying. Decides; sleeps nowhere."""

from __future__ import annotations

import math
import random as random_numbers
from collections.abc import Callable
from datetime import datetime, timedelta

FIRST = timedelta(seconds=2)
LONGEST = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)
"""A weekend: what broke on Friday evening is mended on Monday."""

LONGEST_PAUSE = 60.0
"""Seconds for which a rate limit may hold a workspace."""

MOST_DOUBLINGS = 30


def retry_after(attempt: int, *, random: Callable[[], float] = random_numbers.random) -> timedelta:
    """The wait before the next try after `attempt` tries failed (1 and up).

    Full jitter: anything from nothing to 2 s, 4 s, 8 s … one hour, so that leads that failed together do
    not come back together. `random` gives numbers from 0 to 1. Raises ValueError below 1.
    """
    if attempt < 1:
        msg = "attempts are counted from 1"
        raise ValueError(msg)
    ceiling = min(FIRST * int(2 ** min(attempt - 1, MOST_DOUBLINGS)), LONGEST)
    return timedelta(seconds=ceiling.total_seconds() * random())


def gives_up(first_failure: datetime, *, now: datetime) -> bool:
    """Whether trying has gone on long enough (72 hours) and a person must look. Both times are aware."""
    return now - first_failure >= GIVE_UP_AFTER


def pause_until(
    retry_at: float | None,
    *,
    now: float,
    hits: int = 1,
    random: Callable[[], float] = random_numbers.random,
) -> float:
    """Until when (Unix seconds) a workspace rests after a 429, at most a minute from now.

    `retry_at` is the end of the window as Intercom says; without it, or when it has passed by our clock,
    1 s, 2 s, 4 s … by `hits`, the number of 429s in a row. Up to a second of jitter is added.
    https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
    """
    if retry_at is not None and math.isfinite(retry_at) and retry_at > now:
        wait = retry_at - now
    else:
        wait = float(2 ** min(max(hits, 1) - 1, MOST_DOUBLINGS))
    return now + min(wait + random(), LONGEST_PAUSE)
