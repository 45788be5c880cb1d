"""Counts everybody, now and then, and keeps the numbers: for pages that cannot wait for it.

Runs as a task of its own, one at a time; running it twice, or too often, changes nothing.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.models import Snapshot, SnapshotState
from integrations.services.health.counts import as_json, count
from integrations.services.health.periods import Span, add_to, counted
from integrations.services.queue import enqueue_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from integrations.services.health.counts import People
    from integrations.services.health.periods import Stored

SHAPE = 1
"""Raised when what is written into a snapshot changes: older ones are then not read any more."""

AT_MOST_EVERY = timedelta(seconds=60)
SHARE = 30
"""Counting takes a thirtieth of the time at most, however long one round takes."""
EARLY = timedelta(seconds=10)
"""The sweep asks once a minute, though not to the second."""
GIVEN_UP_AFTER = timedelta(minutes=15)
"""A round that has not ended by then died."""

NAMED = 100
"""Participants of whom nothing is recorded, by id: so many are kept."""
AT_ONCE = 200


@dataclass(slots=True)
class Counts:
    """One campaign."""

    people: list[People] = field(default_factory=list)
    days: defaultdict[str, Stored] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, slots=True)
class Everybody:
    """All campaigns; `days` and `hours` are of the leads of all of them."""

    campaigns: Mapping[int, Counts]
    days: Stored
    hours: Stored
    unexplained: list[int]


def interval(took_ms: int) -> timedelta:
    """How long a snapshot is good for."""
    return max(AT_MOST_EVERY, SHARE * timedelta(milliseconds=took_ms))


def queue_if_due() -> None:
    """For the sweep. Raises whatever the broker raises when it is down."""
    if _due(timezone.now()) is not None:
        enqueue_snapshot()


def take() -> str:
    """One round if it is due and nobody is at it; returns a short sentence."""
    now, clock = timezone.now(), time.monotonic()
    state = _due(now)
    if state is None or not _claim(state, now=now):
        return "not due, or another counts"
    try:
        found = _count()
        took_ms = round(1000 * (time.monotonic() - clock))
        _keep(found.campaigns, taken_at=now, took_ms=took_ms)
        SnapshotState.objects.filter(pk=SnapshotState.ONLY).update(
            taken_at=now,
            took_ms=took_ms,
            shape=SHAPE,
            unexplained=found.unexplained,
            days=found.days,
            hours=found.hours,
        )
    finally:
        SnapshotState.objects.filter(pk=SnapshotState.ONLY, running_since=now).update(running_since=None)
    return f"{len(found.campaigns)} campaigns counted in {took_ms} ms"


def _due(now: datetime) -> SnapshotState | None:
    """The state from which a round may begin now; None if none may."""
    state = SnapshotState.objects.get_or_create(pk=SnapshotState.ONLY)[0]
    last = state.taken_at if state.shape == SHAPE else None
    if last is not None and last <= now < last + interval(state.took_ms) - EARLY:
        return None
    # One that began in the future is of a clock that was set back.
    is_running = state.running_since is not None and abs(now - state.running_since) < GIVEN_UP_AFTER
    return None if is_running else state


def _claim(state: SnapshotState, *, now: datetime) -> bool:
    """Of two tasks at once, one counts."""
    same = Q(pk=state.pk, running_since=state.running_since, taken_at=state.taken_at)
    return bool(SnapshotState.objects.filter(same).update(running_since=now))


def _count() -> Everybody:
    """Four queries, and a fifth where somebody is unexplained."""
    campaigns = {pk: Counts() for pk in Campaign.objects.values_list("pk", flat=True)}
    for campaign_id, people in count(Participant.objects.all()):
        campaigns.setdefault(campaign_id, Counts()).people.append(people)
    days: Stored = {}
    for campaign_id, audience, *row in counted(Participant.objects.all(), Span.DAYS, "campaign", "audience"):
        add_to(campaigns.setdefault(campaign_id, Counts()).days[audience], *row)
        if audience == Audience.LEAD:
            add_to(days, *row)
    hours: Stored = {}
    for row in counted(Participant.objects.filter(audience=Audience.LEAD), Span.HOURS):
        add_to(hours, *row)
    return Everybody(campaigns, days, hours, _unexplained(campaigns.values()))


def _unexplained(campaigns: Iterable[Counts]) -> list[int]:
    if all(people.state for counts in campaigns for people in counts.people):
        return []
    nothing = Participant.objects.filter(delivery=None).order_by("pk")
    return list(nothing.values_list("pk", flat=True)[:NAMED])


def _keep(found: Mapping[int, Counts], *, taken_at: datetime, took_ms: int) -> None:
    """A few campaigns to a transaction; whose campaign was deleted meanwhile is left out."""
    ids = list(found)
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        with transaction.atomic():
            # Kept from being deleted, and nobody from joining.
            there = Campaign.objects.filter(pk__in=some).order_by("pk").select_for_update(no_key=True)
            rows = [
                Snapshot(
                    campaign_id=pk,
                    taken_at=taken_at,
                    took_ms=took_ms,
                    shape=SHAPE,
                    people=[as_json(people) for people in found[pk].people],
                    days=found[pk].days,
                )
                for pk in there.values_list("pk", flat=True)
            ]
            Snapshot.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["campaign"],
                update_fields=["taken_at", "took_ms", "shape", "people", "days"],
            )
