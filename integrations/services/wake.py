"""Tells a worker that a workspace has something to send. Wakes are coalesced and none is lost."""

from __future__ import annotations

import logging

from integrations.models import IntercomConnection
from integrations.services.queue import BrokerSilentError, enqueue_drain

log = logging.getLogger(__name__)


def wake(connection_id: int) -> None:
    """Marks the workspace dirty and, if it was not, queues a drain.

    For after the commit. Never raises: the sweep finds what a failed wake leaves behind.
    """
    try:
        if IntercomConnection.objects.filter(pk=connection_id, dirty=False).update(dirty=True):
            _enqueue_or_reset(connection_id)
    except BrokerSilentError:
        log.debug("the broker is left in peace; the sweep will do it")
    except Exception:
        # A join must not fail because a broker or a database connection is gone.
        log.exception("wake failed; the sweep will do it", extra={"connection": connection_id})


def _enqueue_or_reset(connection_id: int) -> None:
    try:
        enqueue_drain(connection_id)
    except Exception:
        # Left dirty, no later join would queue a drain either.
        IntercomConnection.objects.filter(pk=connection_id).update(dirty=False)
        raise
