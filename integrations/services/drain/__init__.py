"""Sends what is due in one workspace: the outbox's only way to Intercom."""

from __future__ import annotations

import logging

from django.utils import timezone

from integrations.models import DrainLease
from integrations.services.drain.jobs import next_due
from integrations.services.drain.slice import Slice
from integrations.services.lease import Lease, LeaseLostError, acquire
from integrations.services.queue import enqueue_drain
from integrations.services.tabs import load_tabs

__all__ = ["drain"]

log = logging.getLogger(__name__)


def drain(connection_id: int) -> str:
    """One slice (about ten seconds at most, then the calls that are still out); then hands on.

    Returns a short sentence for django-q2's list. Running it twice, or too often, changes nothing.
    """
    lease = acquire(connection_id)
    if lease is None:
        return "another drain holds the workspace"
    try:
        return _run(lease)
    except LeaseLostError:
        log.warning("lost the lease of a workspace", extra={"connection": connection_id})
        return "lost the lease"
    except Exception:
        # What was on its way is in doubt now; giving the lease back lets the next drain look at once.
        lease.abandon()
        raise


def _run(lease: Lease) -> str:
    tries = 0
    while True:
        lease.clear_dirty()
        part = Slice(lease)
        tries += part.run()
        if part.may_go_on and _hands_on(lease):
            return f"{tries} tries; handed on"
        if lease.release():
            return f"{tries} tries; nothing more to do now"
        # Somebody joined between the last look and the release: look once more.


def _hands_on(lease: Lease) -> bool:
    """When something is due already, a new task goes on with it: other workspaces get their turn first."""
    now = timezone.now()
    due_at = next_due(lease.connection_id, tabs=load_tabs(connection_id=lease.connection_id, now=now))
    if due_at is None or due_at > now:
        return False
    lease.abandon()
    try:
        enqueue_drain(lease.connection_id)
    except Exception:
        # Left dirty, no later join would queue a drain either. The sweep finds the rest.
        DrainLease.objects.filter(connection_id=lease.connection_id).update(dirty=False)
        log.exception("handing on failed; the sweep will do it")
    return True
