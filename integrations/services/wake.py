"""Tells a worker that a workspace has something to send. Wakes are coalesced and none is lost."""

from __future__ import annotations

import logging

from integrations.models import DrainLease
from integrations.services.queue import enqueue_drain

log = logging.getLogger(__name__)


def wake(connection_id: int) -> None:
    """Marks the workspace dirty and, if it was not, queues a drain.

    For after the commit. Never raises: the sweep finds what a failed wake leaves behind.
    """
    try:
        if DrainLease.objects.filter(connection_id=connection_id, dirty=False).update(dirty=True):
            _enqueue_or_reset(connection_id)
    except Exception:
        # A join must not fail because a broker or a database connection is gone.
        log.exception("wake failed; the sweep will do it", extra={"connection": connection_id})


def _enqueue_or_reset(connection_id: int) -> None:
    try:
        enqueue_drain(connection_id)
    except Exception:
        # Left dirty, no later join would queue a drain either.
        DrainLease.objects.filter(connection_id=connection_id).update(dirty=False)
        raise
