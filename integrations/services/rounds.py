"""Work for many people, a round a minute: how much at one go, and whose turn it is. Knows no kind of work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

if TYPE_CHECKING:
    from django.db.models import QuerySet

BATCH = 500
"""People in one transaction at most."""

ROUND = timedelta(minutes=1)
EARLY = timedelta(seconds=10)
"""The sweep comes once a minute, though not to the second."""

AT_ONE_GO = 15.0
IN_A_REQUEST = 3.0
"""Seconds that one round may take, in the sweep and while somebody looks on."""


def is_due(now: datetime) -> Q:
    """Those whose next round may begin, by their `next_at`."""
    return Q(next_at=None) | Q(next_at__lte=now + EARLY)


def claim(one: QuerySet[Any], *, now: datetime) -> bool:
    """Takes the next round of `one`; False if it is not due: two sweeps at once must not double the pace."""
    return bool(one.filter(is_due(now)).update(next_at=now + ROUND))
