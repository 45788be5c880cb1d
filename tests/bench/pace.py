"""Under Intercom's rate limit: how much of its share the drain uses, and how often it is refused."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.figures import Figure, Target
from tests.bench.pretence import WINDOW
from tests.bench.setting import Setting, say
from tests.bench.site import Database
from tests.bench.throughput import drained

LIMIT = 1666
"""Calls in ten seconds: 10,000 a minute, spread evenly.
https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting"""

SHARE = 0.9
"""What the drain takes of the limit; the rest is for the customer's other apps."""

LATENCY = 0.15
WHOLE_WINDOWS = 6
LEADS = 10_000
"""Enough for a first window that is cut short, six whole ones, and a last one that is not full."""


def measure(setting: Setting) -> Iterator[Figure]:
    """One round, a minute and a bit."""
    if not setting.size.paced:
        say("the rate limit takes more than a minute: left out")
        return
    say(f"rate limit: {LEADS} leads, {LIMIT} calls in {WINDOW} s")
    drained(setting, Database.SQLITE, leads=LEADS, latency=LATENCY, limit=LIMIT)
    windows = [counts for _number, counts in sorted(setting.stub.books().windows.items())]
    whole = windows[1 : WHOLE_WINDOWS + 1]
    taken, refused = (sum(counts) for counts in zip(*windows, strict=True))
    pace = int(LIMIT * SHARE)
    used = sum(counts[0] for counts in whole) / (pace * len(whole))
    yield Figure("rate limit: share of the pace used in a minute", [used], Target(at_least=0.95))
    yield Figure(
        "rate limit: share of the pace used, window by window", [counts[0] / pace for counts in whole]
    )
    yield Figure("rate limit: answers 429 / calls", [refused / (taken + refused)], Target(at_most=0.01))
