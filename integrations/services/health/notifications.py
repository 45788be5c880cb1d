"""How Intercom's notifications arrive, over all workspaces, and whether anybody looks at them. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Min

from integrations.models import (
    ConnectionStatus,
    ReceiptState,
    SyncSettings,
    WebhookHealth,
    WebhookReceipt,
)
from integrations.services.webhook_health import Facts, health_of, somebody_waits

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.models import IntercomConnection
    from integrations.services.webhook_health import Health

COUNTED = 1000
"""What is unread is counted no further: a page says "more than"."""


@dataclass(frozen=True, slots=True)
class Notifications:
    """`awaited` is how they arrive for the workspaces in which a lead may still qualify, by primary key.

    `unread` is COUNTED + 1 for any more. `last_at` is None while nothing ever came.
    """

    awaited: Mapping[int, Health]
    unread: int
    unread_since: datetime | None
    last_at: datetime | None


def notifications(workspaces: Iterable[IntercomConnection]) -> Notifications:
    """Four queries, if the workspaces were loaded with their `webhook_health`."""
    new = WebhookReceipt.objects.filter(state=ReceiptState.NEW).order_by("pk")[: COUNTED + 1]
    unread = new.aggregate(number=Count("pk"), since=Min("received_at"))
    last = WebhookHealth.objects.aggregate(last=Max("last_received_at"))["last"]
    return Notifications(_awaited(workspaces), unread["number"], unread["since"], last)


def _awaited(workspaces: Iterable[IntercomConnection]) -> dict[int, Health]:
    waiting = set(SyncSettings.objects.filter(somebody_waits()).values_list("connection_id", flat=True))
    shared = WebhookHealth.objects.filter(connection=None).first()
    facts = Facts(
        somebody_waits=True,
        shared_refused_at=shared.last_refused_at if shared else None,
        shared_refusal=shared.last_refusal if shared else None,
    )
    return {
        one.pk: health_of(one, facts=facts)
        for one in workspaces
        if one.pk in waiting and one.status == ConnectionStatus.CONNECTED
    }
