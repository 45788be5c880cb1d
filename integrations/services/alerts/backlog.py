"""For how long people wait who could be sent. Those whom a person or a missing setting holds do not count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Q, Subquery

from integrations.logic.states import RESTING, Reason, State
from integrations.models import Delivery, SyncSettings, TabClock
from integrations.services.tabs import load_tabs

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.tabs import Tab

FREE = frozenset({Reason.NONE, *RESTING})
"""What holds a tab whose people could be sent: nothing, or Intercom for a moment."""

LOOKED_AT = 100
"""So many at the head of a line are asked whether they have failed for long: the line may be a million."""


def backlogs(now: datetime) -> dict[int, datetime]:
    """Since when somebody waits, for each workspace in which anybody does who could be sent.

    A wait counts from when it could have ended: nobody's pause is held against the line that follows it.
    """
    tabs = load_tabs(now=now)
    free = _free_since(tabs.values(), now=now)
    longest: dict[int, datetime] = {}
    for tab_id, since in _heads(free):
        connection_id = tabs[tab_id].connection_id
        if connection_id is not None:
            waits_since = max(since, free[tab_id])
            longest[connection_id] = min(waits_since, longest.get(connection_id, waits_since))
    return longest


def _heads(free: Iterable[int]) -> Iterable[tuple[int, datetime]]:
    """Since when the first in each line is due, or the longest failing of those who come next."""
    line = Delivery.objects.filter(settings=OuterRef("pk"), state=State.WAITING).order_by("due_at", "pk")
    # What waits for a field to be repaired is told of as a field problem.
    nobody_waits_for_a_field = line.exclude(reason=Reason.RULE_FIELD_PROBLEM)
    next_few = Delivery.objects.filter(settings=OuterRef(OuterRef("pk")), state=State.WAITING)
    failing = (
        Delivery.objects.filter(pk__in=next_few.order_by("due_at", "pk").values("pk")[:LOOKED_AT])
        .filter(Q(failing_since__isnull=False) & ~Q(reason=Reason.RULE_FIELD_PROBLEM))
        .order_by("failing_since")
    )
    rows = SyncSettings.objects.filter(pk__in=list(free)).annotate(
        due=Subquery(nobody_waits_for_a_field.values("due_at")[:1]),
        failing=Subquery(failing.values("failing_since")[:1]),
    )
    for pk, due, failing_since in rows.values_list("pk", "due", "failing"):
        moments = [moment for moment in (due, failing_since) if moment is not None]
        if moments:
            yield pk, min(moments)


def _free_since(tabs: Iterable[Tab], *, now: datetime) -> dict[int, datetime]:
    """The tabs whose people could be sent, and since when; the clocks are set by what is seen now."""
    known = {clock.settings_id: clock.free_since for clock in TabClock.objects.all()}
    free: dict[int, datetime] = {}
    changed: dict[int, datetime | None] = {}
    for tab in tabs:
        is_free = tab.held_by in FREE
        since = known.get(tab.id)
        if is_free:
            free[tab.id] = since or now
        if tab.id not in known or is_free != (since is not None):
            changed[tab.id] = now if is_free else None
    if changed:
        TabClock.objects.bulk_create(
            [TabClock(settings_id=pk, free_since=since) for pk, since in changed.items()],
            update_conflicts=True,
            unique_fields=["settings"],
            update_fields=["free_since"],
        )
    return free
