"""How an order for many stands: whether it goes on, waits for somebody's word, or has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.services.outcome_words import Badge, Look

if TYPE_CHECKING:
    from integrations.models import BulkOrder


def is_running(order: BulkOrder) -> bool:
    return order.finished_at is None and order.stopped_at is None


def is_asking(order: BulkOrder) -> bool:
    """Its sample has gone, and it waits for somebody to say how it goes on."""
    return is_running(order) and order.asked_at is not None and order.answered_at is None


def badge_of(order: BulkOrder) -> Badge:
    if order.stopped_at is not None:
        return Badge(_("Stopped"), Look.MUTED)
    if order.finished_at is not None:
        return Badge(_("Carried out"), Look.OK)
    if is_asking(order):
        return Badge(_("Waiting for your answer"), Look.WARN)
    return Badge(_("Under way"), Look.INFO)
