"""Between the rows of `Watch` and the values that the rule decides on. Decides nothing, asks no database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from integrations.logic import qualification
from integrations.logic.qualification import Moment
from integrations.models import WatchState

if TYPE_CHECKING:
    from integrations.models import Watch

LONGEST_VALUE = 300
PLACES = 10
"""A stored moment is its second times ten plus its place within it."""

OPEN = (WatchState.WATCHING.value, WatchState.GONE.value)
"""What may still qualify. A contact that is gone may come back, and what was true before still counts."""

STORED = (
    "contact_id",
    "attribute",
    "revision",
    "state",
    "since",
    "last_inside",
    "first_outside",
    "value",
    "seen",
    "checked_at",
    "wanted_at",
    "rule_until",
)


def moment_of(stored: int | None) -> Moment | None:
    return None if stored is None else Moment(*divmod(stored, PLACES))


def stored_moment(moment: Moment | None) -> int | None:
    return None if moment is None else moment.second * PLACES + moment.place


def time_of(moment: Moment) -> datetime | None:
    """The moment as a time to show; None for one that Intercom did not tell."""
    return datetime.fromtimestamp(moment.second, UTC) if moment.second else None


WAITS_FOR_LOOK = Q(since=None) | Q(rule_until__isnull=False)
"""`waits_for_look`, for a query."""


def watch_of(row: Watch) -> qualification.Watch:
    return qualification.Watch(
        since=moment_of(row.since),
        last_inside=moment_of(row.last_inside),
        first_outside=moment_of(row.first_outside),
        value=row.value,
        seen=moment_of(row.seen),
    )


def began(row: Watch) -> int:
    """The second from which another contact of the person is a new one: `since` alone may be long before
    anybody watched, as a look stands for the moment of the contact's last change."""
    since, wanted = moment_of(row.since), row.wanted_at
    return max(since.second if since else 0, int(wanted.timestamp()) if wanted else 0)


def keep(row: Watch, watch: qualification.Watch) -> None:
    """Puts what is known into the row, unsaved."""
    row.since = stored_moment(watch.since)
    row.last_inside = stored_moment(watch.last_inside)
    row.first_outside = stored_moment(watch.first_outside)
    row.value = watch.value[:LONGEST_VALUE]
    row.seen = stored_moment(watch.seen)


def want_first_look(row: Watch, *, now: datetime) -> None:
    """Forgets what is known: the watch begins with a look that is still to come."""
    keep(row, qualification.Watch())
    row.checked_at, row.wanted_at, row.rule_until = None, now, None


def waits_for_look(row: Watch) -> bool:
    """Whether what its rule of today may start from is still to be seen."""
    return row.since is None or row.rule_until is not None
