"""The one door to django-q2: hands ids to tasks. Nothing else in the product calls async_task."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django_q.brokers import get_broker
from django_q.tasks import async_task

if TYPE_CHECKING:
    from django_q.brokers import Broker

DRAIN = "integrations.tasks.drain"
SWEEP = "integrations.tasks.sweep"
REFRESH = "integrations.tasks.refresh_attributes"

PATIENCE = 0.3
REST = 30.0
"""Seconds that somebody who joins may wait for Redis, and seconds for which it is then left in peace."""

_silent_since: float | None = None


class BrokerSilentError(Exception):
    """The broker has just failed, and is not asked again for a while."""


def enqueue_drain(connection_id: int) -> None:
    """Queues one drain of a workspace. Raises whatever the broker raises when it is down."""
    _enqueue(DRAIN, connection_id, group=f"drain-{connection_id}")


def enqueue_refresh(connection_id: int) -> None:
    """Queues a look at a workspace's fields. Raises whatever the broker raises when it is down."""
    _enqueue(REFRESH, connection_id, group=f"refresh-{connection_id}")


def _enqueue(task: str, connection_id: int, *, group: str) -> None:
    """A Redis that hangs would cost each join its time-out: after a failure it is left in peace."""
    global _silent_since
    if _silent_since is not None and time.monotonic() - _silent_since < REST:
        raise BrokerSilentError
    try:
        async_task(task, connection_id, broker=_broker(), group=group)
    except Exception:
        _silent_since = time.monotonic() if settings.REDIS else None
        raise
    _silent_since = None


@cache
def _broker() -> Broker:
    """Kept: with Redis a new client for each call costs a new connection for each call."""
    if not settings.REDIS:
        return get_broker()
    from django_q.brokers.redis_broker import Redis as RedisBroker
    from redis import Redis

    options = settings.REDIS | {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}

    class ImpatientBroker(RedisBroker):  # type: ignore[misc]
        """For putting tasks in only; a worker that takes them out must wait longer."""

        @staticmethod
        def get_connection(list_key: str = "") -> Redis:
            return Redis(**options)

    return ImpatientBroker()
