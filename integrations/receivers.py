"""Hears of joins and writes outbox rows, each body in a savepoint of its own; hears of entries that go.

Nothing else happens here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.signals import pre_delete

from campaigns import signals
from integrations.services.enqueue import owe
from integrations.services.keeping.blind_spots import keep_blind_after

if TYPE_CHECKING:
    from campaigns.models import Participant


def connect() -> None:
    signals.lead_joined.connect(on_joined, dispatch_uid="integrations.lead_joined")
    signals.referrer_joined.connect(on_joined, dispatch_uid="integrations.referrer_joined")
    pre_delete.connect(
        on_delivery_deleted, sender="integrations.Delivery", dispatch_uid="integrations.delivery_deleted"
    )


def on_joined(sender: object, *, participant: Participant, **_: Any) -> None:
    """A failure in here is logged by send_robust, and the sweep makes up for it."""
    owe(participant)


def on_delivery_deleted(sender: object, *, instance: Any, **_: Any) -> None:
    """A campaign is deleted with all its people: who joins another one next must not be created twice."""
    keep_blind_after(instance)
