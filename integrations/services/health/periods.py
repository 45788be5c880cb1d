"""Who joined in the last days and hours, by what has become of them since. Counts only, names nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.db.models.functions import TruncDate, TruncHour
from django.utils import timezone

from integrations.services.outcomes import Group

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from campaigns.models import Participant

Start = date | datetime
Stored = dict[str, dict[str, int]]
"""The beginning of a period in ISO format → group → number."""


class Span(Enum):
    """How long a period is, and how many of them are looked at; the current one is the last."""

    DAYS = 30
    """Days of the current time zone."""
    HOURS = 24
    """Whole hours of UTC: the same in every time zone, but for a few of half an hour."""


@dataclass(frozen=True, slots=True)
class Period:
    """`start` is a date for a day, and a moment in UTC for an hour."""

    start: Start
    groups: Counter[Group]


def joined_in(participants: QuerySet[Participant], span: Span) -> list[Period]:
    """All periods of the span, those in which nobody joined too. One query."""
    return in_order(
        ((start, outcome, number) for start, outcome, number in counted(participants, span)), span
    )


def counted(participants: QuerySet[Participant], span: Span, *by: str) -> QuerySet[Participant, Any]:
    """Rows of what is asked for with `by`, the beginning of the period, the outcome or None, the number."""
    starts = starts_of(span)
    first = starts[0]
    since = first if isinstance(first, datetime) else timezone.make_aware(datetime.combine(first, time.min))
    cut = TruncDate("joined_at") if span is Span.DAYS else TruncHour("joined_at", tzinfo=UTC)
    return (
        participants.filter(joined_at__gte=since)
        .order_by()
        .annotate(start=cut)
        .values_list(*by, "start", "delivery__outcome")
        .annotate(number=Count("pk"))
    )


def starts_of(span: Span) -> list[Start]:
    """The beginnings of the periods up to now, the oldest first."""
    backwards = reversed(range(span.value))
    if span is Span.DAYS:
        today = timezone.localdate()
        return [today - timedelta(days=ago) for ago in backwards]
    hour = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [hour - timedelta(hours=ago) for ago in backwards]


def in_order(rows: Iterable[tuple[Any, str | None, int]], span: Span) -> list[Period]:
    """A period for each beginning; what lies before the first is left out."""
    starts = starts_of(span)
    found: dict[Any, Counter[Group]] = {start: Counter() for start in starts}
    for start, outcome, number in rows:
        # A clock that runs ahead may have written tomorrow.
        groups = found.get(min(start, starts[-1]))
        if groups is not None:
            groups[Group(outcome) if outcome else Group.UNEXPLAINED] += number
    return [Period(start, groups) for start, groups in found.items()]


def add_to(stored: Stored, start: Start, outcome: str | None, number: int) -> None:
    """Keeps a row of `counted` for a snapshot; `stored_in` takes it back."""
    groups = stored.setdefault(start.isoformat(), {})
    group = (Group(outcome) if outcome else Group.UNEXPLAINED).value
    groups[group] = groups.get(group, 0) + number


def stored_in(stored: Mapping[str, Mapping[str, int]], span: Span) -> list[Period]:
    """The same as `joined_in`, as of the snapshot: what has passed since has nobody."""
    read = date.fromisoformat if span is Span.DAYS else datetime.fromisoformat
    rows = (
        (read(start), None if group == Group.UNEXPLAINED else group, number)
        for start, groups in stored.items()
        for group, number in groups.items()
    )
    return in_order(rows, span)
