"""Once a minute: makes up for every lost hint. Looks at rows only, so it may run twice or late."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns.models import Participant
from integrations.logic.states import State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    DrainLease,
    IntercomConnection,
    SweepState,
    SyncSettings,
)
from integrations.services.enqueue import LOOK_BACK, new_row
from integrations.services.lease import acquire
from integrations.services.queue import enqueue_drain

log = logging.getLogger(__name__)

CHECK_AT_ONCE = 10_000
"""Participants whose row is checked in one round, besides those who joined since the last round."""

OVERLAP = timedelta(minutes=10)


def sweep() -> str:
    """One round; returns a short sentence with its numbers."""
    now = timezone.now()
    state, _ = SweepState.objects.get_or_create(pk=SweepState.ONLY)
    found = give_rows_to_recent(now, since=state.swept_at) + give_rows_to_next(state, now=now)
    doubt_in_unusable_workspaces()
    woken = wake_due(now)
    SweepState.objects.filter(pk=SweepState.ONLY).update(swept_at=now, checked_to=state.checked_to)
    return f"{found} participants had no delivery; {woken} workspaces woken"


def give_rows_to_recent(now: datetime, *, since: datetime | None) -> int:
    """Those who joined since the last round (at most 48 hours back) and whose receiver failed."""
    start = max(now - LOOK_BACK, since - OVERLAP) if since else now - LOOK_BACK
    return _give_rows(Participant.objects.filter(joined_at__gte=start), now=now)


def give_rows_to_next(state: SweepState, *, now: datetime) -> int:
    """The next ids in turn: in time the whole table, at a bounded cost a round."""
    ids = Participant.objects.filter(pk__gt=state.checked_to).order_by("pk").values_list("pk", flat=True)
    last = list(ids[CHECK_AT_ONCE - 1 : CHECK_AT_ONCE])
    some = Participant.objects.filter(pk__gt=state.checked_to)
    if last:
        some = some.filter(pk__lte=last[0])
    found = _give_rows(some, now=now)
    state.checked_to = last[0] if last else 0
    return found


def _give_rows(participants: QuerySet[Participant], *, now: datetime) -> int:
    missing = list(participants.filter(delivery=None).order_by("pk")[:CHECK_AT_ONCE])
    if not missing:
        return 0
    wanted = {participant.campaign_id for participant in missing}
    tabs = {(tab.campaign_id, tab.audience): tab for tab in SyncSettings.objects.filter(campaign__in=wanted)}
    rows = [new_row(one, tab=tabs.get((one.campaign_id, one.audience)), now=now) for one in missing]
    with transaction.atomic():
        Delivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    log.warning("the sweep gave %d participants their delivery", len(rows))
    return len(rows)


def wake_due(now: datetime) -> int:
    """Queues a drain for every workspace that has something due and nobody at it.

    Looks past `dirty` on purpose: a flag whose task was lost would otherwise stand in the way for ever.
    """
    waiting = Delivery.objects.filter(
        settings__connection=OuterRef("pk"), state=State.WAITING, due_at__lte=now
    )
    doubtful = Delivery.objects.filter(
        Q(state=State.UNCERTAIN, due_at__lte=now) | Q(state=State.SENDING), connection=OuterRef("pk")
    )
    held = DrainLease.objects.filter(connection=OuterRef("pk"), expires_at__gt=now)
    due = IntercomConnection.objects.filter(
        Exists(waiting) | Exists(doubtful),
        Q(paused_until=None) | Q(paused_until__lte=now + timedelta(seconds=5)),
        ~Exists(held),
        status=ConnectionStatus.CONNECTED,
        paused_at=None,
    )
    ids = list(due.order_by(F("pk")).values_list("pk", flat=True))
    for connection_id in ids:
        enqueue_drain(connection_id)
    return len(ids)


def doubt_in_unusable_workspaces() -> None:
    """Nobody drains a workspace that is not connected; what a dead drain was sending there is in doubt."""
    sending = Delivery.objects.filter(state=State.SENDING, connection=OuterRef("pk"))
    unusable = IntercomConnection.objects.exclude(status=ConnectionStatus.CONNECTED, paused_at=None)
    for connection_id in unusable.filter(Exists(sending)).values_list("pk", flat=True):
        lease = acquire(connection_id)
        if lease is not None:
            lease.release()
