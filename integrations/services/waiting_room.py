"""Who waits, why, since when and until when: by campaign and reason. Counts only; ends nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone

from integrations.logic.states import OPEN, RESTING, Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services.status import waiting_reason
from integrations.services.tabs import Tab, load_tabs

BY_THE_CLOCK = frozenset({Reason.RETRY, Reason.UNCERTAIN, Reason.RULE_FIELD_PROBLEM, Reason.SEARCH_LAG})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Those of one campaign who wait for one reason.

    `oldest` is since when the longest-waiting is owed. `ends_at` is when the first of them goes on by
    itself; None where that is at once, or when a person has done something (`logic.explain` says what).
    """

    campaign: str
    reason: Reason
    number: int
    oldest: datetime
    ends_at: datetime | None


def waiting_room(campaign_ids: Iterable[int] | None = None) -> list[Waiting]:
    """Everybody who waits, the oldest first. Four queries whatever their number."""
    now = timezone.now()
    tabs = load_tabs(now=now)
    limits = dict(IntercomConnection.objects.values_list("pk", "paused_until"))
    rows = Delivery.objects.filter(state__in=OPEN)
    if campaign_ids is not None:
        rows = rows.filter(participant__campaign__in=list(campaign_ids))
    grouped = (
        rows.order_by()
        .values_list("participant__campaign__slug", "settings", "state", "reason")
        .annotate(number=Count("pk"), oldest=Min("owed_since"), due_at=Min("due_at"))
    )
    room: dict[tuple[str, Reason], Waiting] = {}
    for slug, tab_id, state, stored, number, oldest, due_at in grouped:
        tab = tabs.get(tab_id)
        reason = waiting_reason(State(state), stored, tab=tab)
        ends_at = due_at if reason in BY_THE_CLOCK else None
        if reason in RESTING and tab is not None and tab.connection_id is not None:
            ends_at = limits.get(tab.connection_id)
        group = Waiting(slug, reason, number, oldest, ends_at)
        room[slug, reason] = together(room.get((slug, reason)), group)
    return sorted(room.values(), key=lambda group: group.oldest)


def next_try(delivery: Delivery, *, tab: Tab | None) -> datetime | None:
    """When somebody goes on by the clock; None where something else has to end first, or it is their turn."""
    state = State(delivery.state)
    if state not in OPEN or waiting_reason(state, delivery.reason, tab=tab) not in BY_THE_CLOCK:
        return None
    return delivery.due_at


def together(one: Waiting | None, other: Waiting) -> Waiting:
    """Two groups who wait for the same reason, as one."""
    if one is None:
        return other
    ends = [end for end in (one.ends_at, other.ends_at) if end is not None]
    return Waiting(
        one.campaign,
        one.reason,
        one.number + other.number,
        min(one.oldest, other.oldest),
        min(ends, default=None),
    )
