"""The one door to django-q2: hands ids to tasks. Nothing else in the product calls async_task."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django_q.brokers import get_broker
from django_q.tasks import async_task

if TYPE_CHECKING:
    from django_q.brokers import Broker

DRAIN = "integrations.tasks.drain"
SWEEP = "integrations.tasks.sweep"
REFRESH = "integrations.tasks.refresh_attributes"


@cache
def _broker() -> Broker:
    # Kept: with Redis a new client for each call costs a new connection for each call.
    return get_broker()


def enqueue_drain(connection_id: int) -> None:
    """Queues one drain of a workspace. Raises whatever the broker raises when it is down."""
    async_task(DRAIN, connection_id, broker=_broker(), group=f"drain-{connection_id}")


def enqueue_refresh(connection_id: int) -> None:
    """Queues a look at a workspace's fields. Raises whatever the broker raises when it is down."""
    async_task(REFRESH, connection_id, broker=_broker(), group=f"refresh-{connection_id}")
