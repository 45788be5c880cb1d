"""What django-q2 runs. Found by dotted path: renaming one of these loses what is queued."""

from __future__ import annotations

from integrations.services import drain as drain_service
from integrations.services import sweep as sweep_service
from integrations.services.attributes import refresh_by_task
from integrations.services.heartbeat import beat


def drain(connection_id: int) -> str:
    """Sends what is due in one workspace; returns a short sentence for django-q2's task list."""
    beat()
    return drain_service.drain(connection_id)


def refresh_attributes(connection_id: int) -> str:
    """Reads a workspace's fields again, after Intercom refused one that we thought was there."""
    beat()
    return refresh_by_task(connection_id)


def sweep() -> str:
    """Once a minute: finds what a lost wake, a dead worker or a failed receiver left behind."""
    beat()
    return sweep_service.sweep()
