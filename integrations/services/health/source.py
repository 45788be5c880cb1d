"""Where pages get their numbers from: counted at once where that is cheap, else as of the last snapshot.

No page may cost the reading of a whole table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.models import Snapshot, SnapshotState, SyncSettings
from integrations.services.counting import number_of
from integrations.services.health.counts import count, from_json
from integrations.services.health.periods import Span, joined_in, stored_in
from integrations.services.health.snapshot import SHAPE, interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from integrations.models import IntercomConnection
    from integrations.services.health.counts import People
    from integrations.services.health.periods import Period

LIVE_BELOW = 10_000
"""So many people are counted in a hundredth of a second; more must not be, while somebody waits."""

PATIENCE = timedelta(minutes=5)
"""A worker with much to do may be late by so much before its numbers are called old."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old numbers are. `taken_at` is None where they are as of now, and where there are none yet.

    `is_stale`: the next count is overdue, so that something is wrong with whoever counts.
    """

    taken_at: datetime | None = None
    is_stale: bool = False
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """One campaign's people. `leads_in_days` asks for the last thirty days, once, when they are wanted."""

    people: Sequence[People]
    age: Age
    leads_in_days: Callable[[], list[Period]]


@dataclass(frozen=True, slots=True)
class CountedAll:
    """The people of all campaigns, each with the id of theirs. `leads_in` as in `Counted`, of all leads."""

    people: Sequence[tuple[int, People]]
    age: Age
    leads_in: Callable[[Span], list[Period]]


def count_campaign(campaign: Campaign) -> Counted:
    """Two queries at most."""
    people = Participant.objects.filter(campaign=campaign)
    own = Campaign.objects.filter(pk=campaign.pk).select_related("snapshot")
    found = own.annotate(people=number_of(people.order_by("-joined_at", "-pk"), most=LIVE_BELOW)).get()
    if found.people < LIVE_BELOW:
        leads = people.filter(audience=Audience.LEAD)
        rows = [counted for _, counted in count(people)]
        return Counted(rows, Age(), partial(joined_in, leads, Span.DAYS))
    kept = getattr(found, "snapshot", None)
    if kept is None or kept.shape != SHAPE:
        return Counted([], Age(is_missing=True), partial(_nobody, Span.DAYS))
    days = kept.days.get(Audience.LEAD.value, {})
    return Counted(_restored(kept), _age(kept.taken_at, kept.took_ms), partial(stored_in, days, Span.DAYS))


def count_all() -> CountedAll:
    """Three queries at most, and none of them reads more than a small table, or the snapshots."""
    if Participant.objects.order_by("pk")[:LIVE_BELOW].count() < LIVE_BELOW:
        leads = Participant.objects.filter(audience=Audience.LEAD)
        return CountedAll(list(count(Participant.objects.all())), Age(), partial(joined_in, leads))
    state = SnapshotState.objects.filter(pk=SnapshotState.ONLY, shape=SHAPE).first()
    if state is None or state.taken_at is None:
        return CountedAll([], Age(is_missing=True), _nobody)
    kept = Snapshot.objects.filter(shape=SHAPE).defer("days")
    people = [(one.campaign_id, counted) for one in kept for counted in _restored(one)]
    stored = {Span.DAYS: state.days, Span.HOURS: state.hours}
    age = _age(state.taken_at, state.took_ms)
    return CountedAll(people, age, lambda span: stored_in(stored[span], span))


def count_served(workspace: IntercomConnection) -> tuple[Sequence[People], Age]:
    """Everybody in the campaigns that use a workspace now. Two queries."""
    own = SyncSettings.objects.filter(connection=workspace).values("campaign")
    people = Participant.objects.filter(campaign__in=own)
    if people.order_by("campaign_id", "-joined_at", "-pk")[:LIVE_BELOW].count() < LIVE_BELOW:
        return [counted for _, counted in count(people)], Age()
    kept = list(Snapshot.objects.filter(shape=SHAPE, campaign__in=own).defer("days"))
    if not kept:
        return [], Age(is_missing=True)
    oldest = min(kept, key=lambda one: one.taken_at)
    return [counted for one in kept for counted in _restored(one)], _age(oldest.taken_at, oldest.took_ms)


def _restored(kept: Snapshot) -> list[People]:
    is_today = timezone.localdate(kept.taken_at) == timezone.localdate()
    return [from_json(one, is_today=is_today) for one in kept.people]


def _age(taken_at: datetime, took_ms: int) -> Age:
    return Age(taken_at, is_stale=timezone.now() - taken_at > 2 * interval(took_ms) + PATIENCE)


def _nobody(span: Span) -> list[Period]:
    return stored_in({}, span)
