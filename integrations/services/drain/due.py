"""Which rows of the outbox are due in one workspace, and when the next one will be. Takes nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.logic.states import IN_FLIGHT, Order, State
from integrations.models import Delivery, SyncSettings
from integrations.services.keeping.deletions import owed_deletions
from integrations.services.trials import open_trials

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.tabs import Tab


# Of a delivery; nothing else of it says what is to be sent.
TAKEN = (
    *("participant_id", "settings_id", "connection_id", "state", "reason", "due_at", "attempts"),
    *("failing_since", "order", "settled_as", "email", "intent", "intent_at", "contact_id"),
    "settings_revision",
)

UNDO = Q(state=State.WAITING, order=Order.UNDO)


def due(
    connection_id: int, *, tabs: Mapping[int, Tab], limit: int, held: Collection[int], now: datetime
) -> Iterable[Delivery]:
    """What was left in doubt first, then what is to be taken back, in half of the room at most, then the
    waiting ones of each tab, oldest first, tabs in turn."""
    waiting, doubtful, undos = (
        rows.filter(due_at__lte=now)
        .exclude(pk__in=held)
        .select_related("participant__referrer")
        .prefetch_related("participant__campaign")
        .only(*TAKEN)
        .order_by("due_at", "pk")
        for rows in _owed(connection_id)
    )
    yield from doubtful[:limit]
    yield from undos[: math.ceil(limit / 2)]
    ready = _tabs_with_due(_ready(tabs), now=now)
    for tab_id in ready:
        yield from waiting.filter(settings=tab_id)[: math.ceil(limit / len(ready))]


def next_due(connection_id: int, *, tabs: Mapping[int, Tab]) -> datetime | None:
    """When the next delivery, test lead or deletion may be taken, which may be past; None for none."""
    waiting, doubtful, undos = _owed(connection_id)
    trials = open_trials().filter(connection=connection_id)
    deletions = owed_deletions().filter(connection=connection_id)
    times = (
        rows.order_by("due_at").values_list("due_at", flat=True).first()
        for rows in (waiting.filter(settings__in=_ready(tabs)), doubtful, undos, trials, deletions)
    )
    return min((due_at for due_at in times if due_at is not None), default=None)


def _owed(connection_id: int) -> tuple[QuerySet[Delivery], QuerySet[Delivery], QuerySet[Delivery]]:
    """The waiting and the undos, without those whose email is being written to or in doubt here; and the
    doubtful between them. An undo belongs to the workspace that was written to, whatever its tab says now.
    """
    in_flight = Delivery.objects.filter(connection=connection_id, state__in=IN_FLIGHT)
    now_email = in_flight.filter(email=OuterRef("participant__email_normalized"))
    waiting = Delivery.objects.filter(~Exists(now_email), ~UNDO, state=State.WAITING)
    doubtful = Delivery.objects.filter(connection=connection_id, state=State.UNCERTAIN)
    as_sent = in_flight.filter(email=OuterRef("email"))
    return waiting, doubtful, Delivery.objects.filter(~Exists(as_sent), UNDO, connection=connection_id)


def _ready(tabs: Mapping[int, Tab]) -> list[int]:
    return [tab.id for tab in tabs.values() if not tab.held_by]


def _tabs_with_due(ready: list[int], *, now: datetime) -> list[int]:
    if len(ready) < 2:
        return ready
    due = Delivery.objects.filter(settings=OuterRef("pk"), state=State.WAITING, due_at__lte=now)
    some = SyncSettings.objects.filter(Exists(due), pk__in=ready)
    return list(some.order_by("pk").values_list("pk", flat=True))
