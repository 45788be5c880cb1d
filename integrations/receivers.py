"""Hears of joins and writes outbox rows, each body in a savepoint of its own. Nothing else happens here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from campaigns import signals
from integrations.services.enqueue import owe

if TYPE_CHECKING:
    from campaigns.models import Participant


def connect() -> None:
    signals.lead_joined.connect(on_joined, dispatch_uid="integrations.lead_joined")
    signals.referrer_joined.connect(on_joined, dispatch_uid="integrations.referrer_joined")


def on_joined(sender: object, *, participant: Participant, **_: Any) -> None:
    """A failure in here is logged by send_robust, and the sweep makes up for it."""
    owe(participant)
