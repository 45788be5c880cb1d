"""How everybody stands at the end, by our rows and by Intercom's own; and what the product has logged."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.soak.names import early_email, email_of

if TYPE_CHECKING:
    from tests.soak.stage import Stage

SHOWN = 5
LINE = re.compile(r"\S+ \S+ (WARNING|ERROR|CRITICAL) ([\w.]+): (.*)")


def wrong(playing: Stage, *, joined: int, earlier: int) -> list[str]:
    """A line for each kind of what is not as it must be, with the first few it happened to.

    Of everybody, those of the weeks before among them.
    """
    ends, contacts = playing.database.ends(), Counter(playing.vendor.emails())
    expected = {early_email(number) for number in range(earlier)}
    expected |= {email_of(number) for number in range(joined)}
    rows = Counter(end.email for end in ends)
    qualified = {end.email for end in ends if end.qualified}
    status = json.loads(playing.site.manage("sync_status", "--json"))
    found = {
        "joined, and have no row": expected - set(rows),
        "have two rows": {email for email, count in rows.items() if count > 1},
        "are not created": {end.email for end in ends if end.state != "created"},
        "have no contact": expected - set(contacts),
        "have two contacts": {email for email, count in contacts.items() if count > 1},
        "have a contact, and never joined": set(contacts) - expected,
        "did not qualify": playing.vendor.changed - qualified,
        "qualified, and should not have": qualified - playing.vendor.changed,
    }
    lines = [f"{len(who)} {what}: {_some(who)}" for what, who in found.items() if who]
    unexplained = status["total"]["unexplained"]
    return [*lines, *([f"{unexplained} unexplained"] if unexplained else [])]


def said(log: Path) -> dict[str, int]:
    """What the product logged above INFO, numbers left out, and how often; tracebacks by their last line."""
    found: Counter[str] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        if told := LINE.match(line):
            found[re.sub(r"\d+", "…", f"{told[1]} {told[2]}: {told[3]}")[:160]] += 1
        elif line.startswith("Traceback"):
            found["Traceback"] += 1
    return dict(found.most_common())


def _some(who: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(who)[:SHOWN])
