"""Which rows of the outbox are due in one workspace, and when the next one will be. Takes nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.logic.states import Order, State
from integrations.models import Delivery, SyncSettings
from integrations.models.delivery import IS_IN_FLIGHT
from integrations.services.keeping.deletions import owed_deletions
from integrations.services.trials import open_trials

if TYPE_CHECKING:
    from integrations.services.tabs import Tab

UNDO = Q(state=State.WAITING, order=Order.UNDO)


class Owed(NamedTuple):
    """What of a delivery says what is to be sent. `own_email` is the participant's, as it is now."""

    pk: int
    participant_id: int
    settings_id: int | None
    connection_id: int | None
    state: str
    reason: str
    due_at: datetime
    attempts: int
    failing_since: datetime | None
    order: str
    settled_as: str
    email: str
    intent: str
    intent_at: datetime | None
    contact_id: str
    settings_revision: int | None
    own_email: str


_READ = (*Owed._fields[:-1], "participant__email")


def due(
    connection_id: int, *, tabs: Mapping[int, Tab], limit: int, held: Collection[int], now: datetime
) -> Iterator[Owed]:
    """What was left in doubt first, then what is to be taken back, in half of the room at most, then the
    waiting ones of each tab, oldest first, tabs in turn."""
    waiting, doubtful, undos = (
        rows.filter(due_at__lte=now).exclude(pk__among=held).order_by("due_at", "pk").values_list(*_READ)
        for rows in _owed(connection_id)
    )
    yield from map(Owed._make, doubtful[:limit])
    yield from map(Owed._make, undos[: math.ceil(limit / 2)])
    ready = _tabs_with_due(_ready(tabs), now=now)
    for tab_id in ready:
        yield from map(Owed._make, waiting.filter(settings=tab_id)[: math.ceil(limit / len(ready))])


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
    in_flight = Delivery.objects.filter(IS_IN_FLIGHT, connection=connection_id)
    now_email = in_flight.filter(email=OuterRef("participant__email_normalized"))
    waiting = Delivery.objects.filter(~Exists(now_email), ~UNDO, state=State.WAITING)
    doubtful = in_flight.filter(state=State.UNCERTAIN)
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
