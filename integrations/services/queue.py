"""The one door to django-q2: hands ids to tasks. Nothing else in the product calls async_task."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from django.conf import settings
from django_q.tasks import async_task

from integrations.services.broker import OrmBroker, RedisBroker, group_of

DRAIN = "integrations.tasks.drain"
SWEEP = "integrations.tasks.sweep"
REFRESH = "integrations.tasks.refresh_attributes"
RECEIPTS = "integrations.tasks.use_receipts"
LOOK = "integrations.tasks.look"
ALERTS = "integrations.tasks.send_alerts"
PRUNE = "integrations.tasks.prune"
SNAPSHOT = "integrations.tasks.take_snapshot"
ACCESS = "integrations.tasks.check_access"

PATIENCE = 0.3
REST = 30.0
"""Seconds that somebody who joins may wait for Redis, and seconds for which it is then left in peace."""

_silent_since: float | None = None
_line: ContextVar[set[str] | None] = ContextVar("line", default=None)


class BrokerSilentError(Exception):
    """The broker has just failed, and is not asked again for a while."""


@contextmanager
def unless_it_waits() -> Iterator[None]:
    """Within it, a task is queued only if none of its group waits in line already.

    For whoever comes again and again: else a long line would grow with each round. It reads the whole line
    once, which is too much for somebody who joins.
    """
    reset = _line.set(set())
    try:
        yield
    finally:
        _line.reset(reset)


def enqueue_drain(connection_id: int) -> None:
    """Queues one drain of a workspace. Raises whatever the broker raises when it is down."""
    _enqueue(DRAIN, connection_id, group=f"drain-{connection_id}")


def enqueue_refresh(connection_id: int) -> None:
    """Queues a look at a workspace's fields. Raises whatever the broker raises when it is down."""
    _enqueue(REFRESH, connection_id, group=f"refresh-{connection_id}")


def enqueue_receipts() -> None:
    """Queues a look at what Intercom has told us. Raises whatever the broker raises when it is down."""
    _enqueue(RECEIPTS, group="receipts")


def enqueue_look(connection_id: int) -> None:
    """Queues a look at watched contacts. Raises whatever the broker raises when it is down."""
    _enqueue(LOOK, connection_id, group=f"look-{connection_id}")


def enqueue_access_check(connection_id: int) -> None:
    """Queues a question for Intercom: whose token do we hold? Raises whatever the broker raises when down."""
    _enqueue(ACCESS, connection_id, group=f"access-{connection_id}")


def enqueue_snapshot() -> None:
    """Queues a count of everybody. Raises whatever the broker raises when it is down."""
    _enqueue(SNAPSHOT, group="snapshot")


def enqueue_prune() -> None:
    """Queues one round of removing what is too old. Raises whatever the broker raises when it is down."""
    _enqueue(PRUNE, group="prune")


def enqueue_alerts() -> None:
    """Queues a round of e-mails. Raises whatever the broker raises when it is down."""
    _enqueue(ALERTS, group="alerts")


def _enqueue(task: str, *ids: int, group: str) -> None:
    """A Redis that hangs would cost each join its time-out: after a failure it is left in peace."""
    global _silent_since
    if _silent_since is not None and time.monotonic() - _silent_since < REST:
        raise BrokerSilentError
    try:
        if not _waits(group):
            async_task(task, *ids, broker=_broker(), group=group)
    except Exception:
        _silent_since = time.monotonic() if settings.REDIS else None
        raise
    _silent_since = None


def _waits(group: str) -> bool:
    line = _line.get()
    if line is None:
        return False
    if not line:
        line.update(group_of(package) for package in _broker().waiting())
        line.add("")  # so that an empty line is not read again
    waits = group in line
    line.add(group)
    return waits


@cache
def _broker() -> OrmBroker | RedisBroker:
    """Kept: with Redis a new client for each call costs a new connection for each call."""
    if not settings.REDIS:
        return OrmBroker()
    from redis import Redis

    options = settings.REDIS | {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}

    class ImpatientBroker(RedisBroker):
        """For putting tasks in only; a worker that takes them out must wait longer."""

        @staticmethod
        def get_connection(list_key: str = "") -> Redis:
            return Redis(**options)

    return ImpatientBroker()
