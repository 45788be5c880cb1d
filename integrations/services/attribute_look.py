"""Reads the fields of workspaces now and then, so that one that is gone is known before a lead meets it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations.intercom.errors import IntercomError, RateLimitedError
from integrations.intercom.session import Session
from integrations.models import (
    Action,
    ConnectionStatus,
    FieldMap,
    IntercomConnection,
    SecretUnreadableError,
)
from integrations.services.attributes import refresh_attributes
from integrations.services.drain.workspace import rest
from integrations.services.queue import enqueue_refresh

if TYPE_CHECKING:
    from datetime import datetime

EVERY = timedelta(hours=6)
AT_ONCE = 5
"""So many workspaces in a round, those that were read longest ago first."""

FIRST_WAIT = timedelta(minutes=15)
"""After a failure; the wait doubles as long as it fails, up to the usual six hours."""


def queue_looks(now: datetime) -> int:
    """Queues a look at the fields of the next few workspaces; returns how many.

    Only where some tab fills fields, and not where a person or Intercom has asked for peace. Raises whatever
    the broker raises when it is down.
    """
    mapped = FieldMap.objects.filter(settings__connection=OuterRef("pk")).exclude(target="")
    due = IntercomConnection.objects.filter(
        Exists(mapped.exclude(settings__action=Action.NOTHING)),
        Q(attributes_at=None) | Q(attributes_at__lte=now - EVERY),
        Q(attributes_next_at=None) | Q(attributes_next_at__lte=now),
        Q(paused_until=None) | Q(paused_until__lte=now),
        status=ConnectionStatus.CONNECTED,
        paused_at=None,
    )
    rows = list(due.order_by(F("attributes_at").asc(nulls_first=True), "pk")[:AT_ONCE])
    for connection in rows:
        IntercomConnection.objects.filter(pk=connection.pk).update(
            attributes_next_at=now + _wait(connection, now=now)
        )
        enqueue_refresh(connection.pk)
    return len(rows)


def _wait(connection: IntercomConnection, *, now: datetime) -> timedelta:
    """As long as the fields are overdue already: so it doubles each time, and begins anew once it worked."""
    due = connection.attributes_at + EVERY if connection.attributes_at else connection.connected_at
    return min(max(now - due, FIRST_WAIT), EVERY)


def refresh_by_task(connection_id: int) -> str:
    """For a worker: reads the fields and marks the rows that have a problem; says how it went."""
    connection = IntercomConnection.objects.get(pk=connection_id)
    if connection.status != ConnectionStatus.CONNECTED:
        return "not now: it is not connected"
    if connection.paused_until is not None and connection.paused_until > timezone.now():
        return "not now: Intercom has asked us to slow down"
    try:
        with Session() as session:
            number = refresh_attributes(connection, session=session)
    except RateLimitedError as err:
        rest(connection.pk, retry_at=err.retry_at, hits=1)
        return f"fields not read: {err}"
    except IntercomError as err:
        return f"fields not read: {err}"
    except (SecretUnreadableError, ValueError) as err:
        return f"fields not read: {type(err).__name__}"
    return f"{number} fields read"
