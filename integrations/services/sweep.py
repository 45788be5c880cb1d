"""Once a minute: makes up for every lost hint. Looks at rows only, so it may run twice or late."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from campaigns.models import Participant
from integrations.logic.states import Order, State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    DrainLease,
    IntercomConnection,
    ReceiptState,
    SweepState,
    SyncSettings,
    WebhookReceipt,
)
from integrations.models.delivery import IS_IN_FLIGHT
from integrations.services.alerts import look_for_trouble
from integrations.services.attribute_look import queue_looks
from integrations.services.bulk_orders.rounds import carry_on as carry_on_orders
from integrations.services.enqueue import LOOK_BACK, new_row
from integrations.services.health.snapshot import queue_if_due
from integrations.services.keeping.deletions import owed_deletions
from integrations.services.keeping.erasing import carry_on as carry_on_erasing
from integrations.services.keeping.retention import prune_if_due
from integrations.services.lease import acquire
from integrations.services.qualify.looking import due_looks
from integrations.services.queue import (
    enqueue_drain,
    enqueue_look,
    enqueue_receipts,
    unless_it_waits,
)
from integrations.services.releases import carry_on
from integrations.services.trials import open_trials

log = logging.getLogger(__name__)

CHECK_AT_ONCE = 10_000
"""Participants whose row is checked in one round, besides those who joined since the last round."""

OVERLAP = timedelta(minutes=10)


def sweep() -> str:
    """One round; returns a short sentence with its numbers. Queues nothing that waits in line already."""
    with unless_it_waits():
        return _sweep(timezone.now())


def _sweep(now: datetime) -> str:
    state, _ = SweepState.objects.get_or_create(pk=SweepState.ONLY)
    found = give_rows_to_recent(now, since=state.swept_at) + give_rows_to_next(state, now=now)
    doubt_in_unusable_workspaces()
    woken = wake_due(now)
    wake_qualification(now)
    SweepState.objects.filter(pk=SweepState.ONLY).update(swept_at=now, checked_to=state.checked_to)
    released = carry_on() + carry_on_orders()
    queue_looks(now)
    carry_on_erasing()
    clear_sessions()
    prune_if_due(now)
    queue_if_due()
    look_for_trouble(now, swept_at=state.swept_at)
    return f"{found} participants had no delivery; {woken} workspaces woken; {released} people let go"


def give_rows_to_recent(now: datetime, *, since: datetime | None) -> int:
    """Those who joined since the last round (at most 48 hours back) and whose receiver failed."""
    start = max(now - LOOK_BACK, since - OVERLAP) if since else now - LOOK_BACK
    return _give_rows(Participant.objects.filter(joined_at__gte=start, delivery=None), now=now)


def give_rows_to_next(state: SweepState, *, now: datetime) -> int:
    """The next ids in turn: in time the whole table, at a bounded cost a round."""
    ids = Participant.objects.filter(pk__gt=state.checked_to).order_by("pk").values_list("pk", flat=True)
    last = list(ids[CHECK_AT_ONCE - 1 : CHECK_AT_ONCE])
    some, theirs = Q(pk__gt=state.checked_to), Q(participant__gt=state.checked_to)
    if last:
        some, theirs = some & Q(pk__lte=last[0]), theirs & Q(participant__lte=last[0])
    # Not a join alone: a planner may well read all deliveries there are for the few of this round.
    have_one = Delivery.objects.filter(theirs).values("participant")
    found = _give_rows(Participant.objects.filter(some).exclude(pk__in=have_one), now=now)
    state.checked_to = last[0] if last else 0
    return found


def _give_rows(without_one: QuerySet[Participant], *, now: datetime) -> int:
    missing = list(without_one.order_by("pk")[:CHECK_AT_ONCE])
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
    # The head of each line by its index: asked whether anybody waits, a planner may read the whole table.
    line = Delivery.objects.filter(~Q(order=Order.UNDO), settings=OuterRef("pk"), state=State.WAITING)
    head = Subquery(line.order_by("due_at", "pk").values("due_at")[:1])
    waiting = SyncSettings.objects.alias(head=head).filter(connection=OuterRef("pk"), head__lte=now)
    undos = Delivery.objects.filter(
        connection=OuterRef("pk"), state=State.WAITING, order=Order.UNDO, due_at__lte=now
    )
    doubtful = Delivery.objects.filter(
        IS_IN_FLIGHT,
        Q(state=State.UNCERTAIN, due_at__lte=now) | Q(state=State.SENDING),
        connection=OuterRef("pk"),
    )
    trials = open_trials().filter(connection=OuterRef("pk"), due_at__lte=now)
    deletions = owed_deletions().filter(connection=OuterRef("pk"), due_at__lte=now)
    held = DrainLease.objects.filter(connection=OuterRef("pk"), expires_at__gt=now)
    due = IntercomConnection.objects.filter(
        Exists(waiting) | Exists(doubtful) | Exists(undos) | Exists(trials) | Exists(deletions),
        Q(paused_until=None) | Q(paused_until__lte=now + timedelta(seconds=5)),
        ~Exists(held),
        status=ConnectionStatus.CONNECTED,
        paused_at=None,
    )
    ids = list(due.order_by(F("pk")).values_list("pk", flat=True))
    for connection_id in ids:
        enqueue_drain(connection_id)
    return len(ids)


def wake_qualification(now: datetime) -> None:
    """Queues what is left of Intercom's notifications, whatever the flag says, and the looks that are due."""
    if WebhookReceipt.objects.filter(state=ReceiptState.NEW).exists():
        enqueue_receipts()
    for connection_id in due_looks(now):
        enqueue_look(connection_id)


def doubt_in_unusable_workspaces() -> None:
    """Nobody drains a workspace that is not connected; what a dead drain was sending there is in doubt."""
    sending = Delivery.objects.filter(IS_IN_FLIGHT, state=State.SENDING, connection=OuterRef("pk"))
    unusable = IntercomConnection.objects.exclude(status=ConnectionStatus.CONNECTED, paused_at=None)
    for connection_id in unusable.filter(Exists(sending)).values_list("pk", flat=True):
        lease = acquire(connection_id)
        if lease is not None:
            lease.release()


def clear_sessions() -> None:
    """Those that have ended: they may hold what somebody typed before they had to sign in again."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
