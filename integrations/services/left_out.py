"""Who of one tab was not sent when they joined, or waited too long and is held for an answer. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Q, QuerySet, Subquery

from integrations.logic.states import OPEN, Reason, State
from integrations.models import Delivery, ReleaseKind, SyncSettings
from integrations.services.counting import number_of

if TYPE_CHECKING:
    from datetime import datetime

COUNTED = 10_000
"""A page that counts further would take longer the more people there are."""

BEFORE = (Reason.NOTHING_TO_ACTION, Reason.JOINED_LONG_AGO, Reason.DISCONNECTED)
"""Not sent because of when they joined. Whom somebody cancelled is not asked about again."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many there are of each kind, COUNTED + 1 at most, and since when the longest-held has waited."""

    held: int = 0
    held_since: datetime | None = None
    before: int = 0


def left_out(tab: SyncSettings) -> LeftOut:
    """Both kinds in one query that reads no further than it counts."""
    held = members(tab, ReleaseKind.HELD)
    known = Delivery.objects.filter(_not_sent(), settings=tab)
    found = SyncSettings.objects.filter(pk=tab.pk).values_list(
        _some(held),
        Subquery(held.order_by("owed_since").values("owed_since")[:1]),
        _some(known),
        _some(Delivery.objects.filter(_not_sent(), _before_the_tab(tab))),
    )
    row = found.first()
    if row is None:
        return LeftOut()
    held_number, since, later, earlier = row
    return LeftOut(held_number, since, min(later + earlier, COUNTED + 1))


def members(tab: SyncSettings, kind: ReleaseKind) -> QuerySet[Delivery]:
    """Everybody of one kind, as of now."""
    if kind is ReleaseKind.HELD:
        return Delivery.objects.filter(settings=tab, state=State.HELD)
    return Delivery.objects.filter(_not_sent(), Q(settings=tab) | _before_the_tab(tab))


def not_through() -> Subquery:
    """For annotating releases: how many whom each has let go are still on their way, COUNTED + 1 at most."""
    since = {"pk__lte": OuterRef("up_to"), "owed_since__gte": OuterRef("made_at")}
    return _some(Delivery.objects.filter(settings=OuterRef("settings"), state__in=OPEN, **since))


def _not_sent() -> Q:
    return Q(state=State.NOT_SENT, reason__in=BEFORE)


def _before_the_tab(tab: SyncSettings) -> Q:
    """Those who joined while their tab had never been saved: their rows name none."""
    return Q(settings=None, participant__campaign=tab.campaign_id, participant__audience=tab.audience)


def _some(rows: QuerySet[Delivery]) -> Subquery:
    return number_of(rows, most=COUNTED)
