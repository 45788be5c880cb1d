"""What became of one campaign's people, from what was counted of them. Names nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone

from campaigns.models import Audience
from integrations.logic.states import OPEN, RESTING, Reason, State
from integrations.services.status import Tally, waiting_reason
from integrations.services.waiting_room import BY_THE_CLOCK, Waiting, together

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.health.counts import People
    from integrations.services.tabs import Tab


class Group(StrEnum):
    """The groups that pages count and list. All but INCOMPLETE, which is a part of the first two, add up
    to everybody."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    NOT_SENT = "not_sent"
    WAITING = "waiting"
    NEEDS_ATTENTION = "needs_attention"
    UNEXPLAINED = "unexplained"
    INCOMPLETE = "incomplete"


DELIVERED = (State.CREATED, State.UPDATED)


@dataclass(slots=True)
class Standing:
    """Where the people of one tab stand; `waiting` is by reason, the oldest first."""

    tally: Tally = field(default_factory=Tally)
    incomplete: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    last_success: datetime | None = None
    """When somebody was last created or updated."""


def standings(
    counted: Iterable[People], *, slug: str, tabs: Iterable[Tab], limited_until: datetime | None
) -> dict[Audience, Standing]:
    """Both tabs of one campaign, whose short name is `slug`, from what was counted of it.

    `tabs` are the campaign's own, as they are now; `limited_until` is when its workspace's rate limit ends.
    """
    by_id = {tab.id: tab for tab in tabs}
    found = {audience: Standing() for audience in Audience}
    waiting: dict[Audience, dict[Reason, Waiting]] = {audience: {} for audience in Audience}
    for people in counted:
        standing, tab = found[people.audience], by_id.get(people.tab_id or 0)
        standing.tally.joined += people.number
        if people.state is None:
            continue
        standing.tally.count(people.number, state=people.state, reason=people.reason, tab=tab)
        if people.state in DELIVERED:
            standing.incomplete += people.number if people.incomplete else 0
            standing.last_success = latest(standing.last_success, people.last_settled)
        if people.state in OPEN:
            group = _waiting(people, tab=tab, slug=slug, limited_until=limited_until)
            others = waiting[people.audience]
            others[group.reason] = together(others.get(group.reason), group)
    for audience, standing in found.items():
        standing.waiting = sorted(waiting[audience].values(), key=lambda group: group.oldest)
    return found


def latest(*moments: datetime | None) -> datetime | None:
    """The last of those that there were."""
    return max((moment for moment in moments if moment is not None), default=None)


def _waiting(people: People, *, tab: Tab | None, slug: str, limited_until: datetime | None) -> Waiting:
    now = timezone.now()
    reason = waiting_reason(people.state or State.WAITING, people.reason, tab=tab)
    ends_at = people.due_at if reason in BY_THE_CLOCK else None
    if reason in RESTING:
        ends_at = limited_until
    return Waiting(slug, reason, people.number, people.oldest or now, ends_at)
