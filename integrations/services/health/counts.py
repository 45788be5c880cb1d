"""Counts people by all that they have in common, in one query. Says nothing of what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from campaigns.models import Audience
from integrations.logic.states import State

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from campaigns.models import Participant

ALIKE = ("audience", "delivery__settings", "delivery__state", "delivery__reason", "delivery__incomplete")


@dataclass(frozen=True, slots=True)
class People:
    """People of one campaign who stand alike in everything that is counted.

    `state` is None for those of whom nothing is recorded. `today` of the `number` joined since midnight
    of the current time zone. `oldest` is since when the longest-waiting is owed; `due_at` when the first
    goes on; `first_settled` and `last_settled` are None while all of them wait.
    """

    audience: Audience
    tab_id: int | None
    state: State | None
    reason: str
    incomplete: bool
    number: int
    today: int
    oldest: datetime | None
    due_at: datetime | None
    first_settled: datetime | None
    last_settled: datetime | None


def count(participants: QuerySet[Participant]) -> Iterator[tuple[int, People]]:
    """Everybody, with the id of their campaign. One query: two could disagree while somebody joins."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    grouped = (
        participants.order_by()
        .values_list("campaign", *ALIKE)
        .annotate(
            number=Count("pk"),
            today=Count("pk", filter=Q(joined_at__gte=midnight)),
            oldest=Min("delivery__owed_since"),
            due_at=Min("delivery__due_at"),
            first_settled=Min("delivery__settled_at"),
            last_settled=Max("delivery__settled_at"),
        )
    )
    for campaign_id, audience, tab_id, state, reason, incomplete, *rest in grouped:
        known = State(state) if state else None
        yield campaign_id, People(Audience(audience), tab_id, known, reason or "", bool(incomplete), *rest)


def as_json(people: People) -> list[Any]:
    """For a snapshot; `from_json` takes it back."""
    moments = (people.oldest, people.due_at, people.first_settled, people.last_settled)
    return [
        people.audience.value,
        people.tab_id,
        people.state.value if people.state else None,
        people.reason,
        people.incomplete,
        people.number,
        people.today,
        *(moment.isoformat() if moment else None for moment in moments),
    ]


def from_json(stored: list[Any], *, is_today: bool) -> People:
    """`is_today`: whether it was counted on this very day; yesterday's "today" is nobody now."""
    audience, tab_id, state, reason, incomplete, number, today, *moments = stored
    return People(
        Audience(audience),
        tab_id,
        State(state) if state else None,
        reason,
        incomplete,
        number,
        today if is_today else 0,
        *(parse_datetime(moment) if moment else None for moment in moments),
    )
