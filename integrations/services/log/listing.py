"""Pages of the sync log, the newest first: by place instead of by number, so that nobody is shown twice or
left out while others join."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from campaigns.models import Participant
from integrations.models import Delivery
from integrations.services.log.finding import is_about_people, parts, people
from integrations.services.log.wanted import LONGEST_ID

if TYPE_CHECKING:
    from integrations.services.log.wanted import Wanted
    from integrations.services.tabs import Tab

PAGE = 50
COUNTED = 1000
"""Counting further would read the whole log for the sake of a heading."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: somebody who joined, and what is recorded of them; `delivery` is None where nothing is."""

    person: Participant
    delivery: Delivery | None

    @property
    def place(self) -> Place:
        return Place(self.person.joined_at, self.person.pk)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where somebody stands in the log."""

    joined_at: datetime
    person_id: int

    def __str__(self) -> str:
        return f"{(self.joined_at - EPOCH) // MICROSECOND}-{self.person_id}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """From an address; None where it makes no sense."""
        numbers = text.split("-")
        if len(numbers) != 2 or not all(_is_number(one) for one in numbers):
            return None
        try:
            return cls(EPOCH + int(numbers[0]) * MICROSECOND, int(numbers[1]))
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Page:
    entries: Sequence[Entry]
    has_newer: bool
    has_older: bool


def page_of(
    wanted: Wanted, *, tabs: Iterable[Tab], before: Place | None = None, after: Place | None = None
) -> Page:
    """Those who joined before, or after, a place in the log; without either the newest.

    When too few are left after that place to fill a page, this is the newest page. `tabs` are
    `finding.tabs_for(wanted)`.
    """
    tabs = list(tabs)
    if after is not None:
        newer = entries_beyond(wanted, tabs=tabs, place=after, newer=True, most=PAGE + 1)
        if len(newer) > PAGE:
            return Page(newer[PAGE - 1 :: -1], has_newer=True, has_older=True)
        before = None
    older = entries_beyond(wanted, tabs=tabs, place=before, most=PAGE + 1)
    return Page(older[:PAGE], has_newer=before is not None, has_older=len(older) > PAGE)


def entries_beyond(
    wanted: Wanted, *, tabs: Iterable[Tab], place: Place | None, newer: bool = False, most: int
) -> list[Entry]:
    """The next ones after a place, going to the older ones (or to the newer), at most so many.

    One query; two where a workspace is asked for.
    """
    if is_about_people(wanted):
        few = _next(people(wanted), key="pk", place=place, newer=newer, most=most)
        rows = Participant.objects.filter(pk__in=few).select_related("campaign", "delivery__connection")
        found = [Entry(one, getattr(one, "delivery", None)) for one in rows.defer("custom")]
    else:
        beside = ("participant__campaign", "connection")
        found = [
            Entry(one.participant, one)
            for part in parts(wanted, tabs=tabs)
            for one in Delivery.objects.filter(
                pk__in=_next(part, key="participant_id", place=place, newer=newer, most=most)
            )
            .select_related(*beside)
            .defer("participant__custom")
        ]
    return sorted(found, key=lambda entry: entry.place, reverse=not newer)[:most]


def number_of(wanted: Wanted, *, tabs: Iterable[Tab]) -> int:
    """How many were found; COUNTED + 1 for more than COUNTED.

    In the order of the pages, so that the same index answers.
    """
    if is_about_people(wanted):
        return people(wanted).order_by("-joined_at", "-pk")[: COUNTED + 1].count()
    found = (
        part.order_by("-joined_at", "-participant_id").values("participant_id")
        for part in parts(wanted, tabs=tabs)
    )
    return min(COUNTED + 1, sum(part[: COUNTED + 1].count() for part in found))


def _next(
    rows: QuerySet[Any], *, key: str, place: Place | None, newer: bool, most: int
) -> QuerySet[Any, dict[str, Any]]:
    """Who comes next, by primary key alone: so that the rest is read of these few, whatever is beside it."""
    way, order = ("gt", ("joined_at", key)) if newer else ("lt", ("-joined_at", f"-{key}"))
    if place is not None:
        # Said twice: the first condition alone is what an index can begin at.
        rows = rows.filter(
            Q(**{f"joined_at__{way}e": place.joined_at}),
            Q(**{f"joined_at__{way}": place.joined_at}) | Q(**{f"{key}__{way}": place.person_id}),
        )
    return rows.order_by(*order).values("pk")[:most]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID
