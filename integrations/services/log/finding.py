"""Finds those whom somebody asks for in the sync log. Unordered, unread: pages and orders say what next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone

from campaigns.models import Participant
from integrations.logic.states import Outcome
from integrations.models import Delivery, SnapshotState
from integrations.services.log.conditions import by_anything, for_reason, in_group
from integrations.services.outcomes import Group
from integrations.services.tabs import Tab, load_tabs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integrations.services.log.wanted import Wanted

NEWEST = 10_000
"""Among so many who were added last, those without an outcome are looked for, whenever they joined."""

BOUND = (Group.CREATED, Group.UPDATED, Group.INCOMPLETE)
"""Whoever is one of these was written to some workspace: the database holds them to it."""


def tabs_for(wanted: Wanted) -> Mapping[int, Tab]:
    """The tabs that decide who is found, as they are now: none where nobody waits for one. Two queries."""
    return load_tabs(now=timezone.now()) if wanted.reason or wanted.workspace_id is not None else {}


def is_about_people(wanted: Wanted) -> bool:
    """Whether somebody of whom nothing is recorded may be among those found.

    What became of people is told by their deliveries alone, so that a list narrowed by it starts there.
    """
    told = wanted.group not in (None, Group.UNEXPLAINED) or wanted.reason or wanted.workspace_id is not None
    return not told


def people(wanted: Wanted) -> QuerySet[Participant]:
    """The participants asked for; for what `is_about_people`."""
    found = Participant.objects.filter(_joined(wanted), _of(wanted)).order_by()
    if wanted.wrong or not is_about_people(wanted):
        return found.none()
    if wanted.campaign_id is not None:
        found = found.filter(campaign=wanted.campaign_id)
    if wanted.group is Group.UNEXPLAINED:
        found = found.filter(_lately(), _unrecorded())
    return found


def deliveries(wanted: Wanted, *, tabs: Iterable[Tab]) -> QuerySet[Delivery]:
    """The deliveries of those asked for, whatever narrows them; of whom nothing is recorded has none.

    `tabs` are `tabs_for(wanted)`.
    """
    tabs = list(tabs)
    found = _narrowed(wanted, tabs=tabs)
    if wanted.workspace_id is None:
        return found
    return found.filter(_written(wanted.workspace_id) | _to_be_written(wanted.workspace_id, tabs=tabs))


def parts(wanted: Wanted, *, tabs: Iterable[Tab]) -> list[QuerySet[Delivery]]:
    """The same in parts that have nobody in common, each in an order that one index holds."""
    tabs = list(tabs)
    found = _narrowed(wanted, tabs=tabs)
    if wanted.workspace_id is None:
        return [found]
    bound = found.filter(_written(wanted.workspace_id))
    if wanted.group in BOUND:
        return [bound]
    return [bound, found.filter(_to_be_written(wanted.workspace_id, tabs=tabs))]


def _narrowed(wanted: Wanted, *, tabs: Iterable[Tab]) -> QuerySet[Delivery]:
    """By everything but the workspace."""
    found = Delivery.objects.filter(_joined(wanted), _of(wanted, prefix="participant__")).order_by()
    if wanted.wrong or wanted.group is Group.UNEXPLAINED:
        return found.none()
    if wanted.campaign_id is not None:
        found = found.filter(campaign=wanted.campaign_id)
    if wanted.group is not None:
        found = found.filter(in_group(wanted.group))
    return found.filter(for_reason(wanted.reason, tabs=tabs)) if wanted.reason else found


def _written(workspace_id: int) -> Q:
    return Q(connection=workspace_id)


def _to_be_written(workspace_id: int, *, tabs: Iterable[Tab]) -> Q:
    """Nobody is bound to a workspace before they are sent there: until then their tab says which it is."""
    own = [tab.id for tab in tabs if tab.connection_id == workspace_id]
    return Q(connection=None, settings__in=own) & ~Q(outcome=Outcome.NOT_SENT)


def _of(wanted: Wanted, *, prefix: str = "") -> Q:
    """What a person's own row says; `prefix` leads to it."""
    found = by_anything(wanted.words, prefix=prefix) if wanted.words else Q()
    return found & Q(**{f"{prefix}audience": wanted.audience}) if wanted.audience else found


def _joined(wanted: Wanted) -> Q:
    """Days as moments; the delivery repeats when its person joined."""
    found = Q()
    if wanted.joined_from:
        found &= Q(joined_at__gte=_begin(wanted.joined_from))
    if wanted.joined_to:
        found &= Q(joined_at__lt=_begin(wanted.joined_to + timedelta(days=1)))
    return found


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _unrecorded() -> IsNull:
    """Looked up one by one: where few are asked for, a join might read all deliveries there are."""
    own = Delivery.objects.filter(participant=OuterRef("pk"))
    return IsNull(Subquery(own.values("pk")[:1]), rhs=True)


def _lately() -> Q:
    """Where somebody may still be without a delivery, and whom the last count came upon: bounded."""
    last = Participant.objects.aggregate(last=Max("pk"))["last"] or 0
    come_upon = SnapshotState.objects.values_list("unexplained", flat=True).first() or []
    return Q(pk__gt=last - NEWEST) | Q(pk__in=come_upon)
