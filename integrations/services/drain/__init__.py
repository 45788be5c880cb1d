"""Sends what is due in one workspace: the outbox's only way to Intercom."""

from __future__ import annotations

import gc
import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.utils import timezone

from integrations.models import IntercomConnection
from integrations.services.drain.due import next_due
from integrations.services.drain.slice import LONGEST_PAUSE, Slice
from integrations.services.lease import Lease, LeaseLostError, acquire, somebody_joined
from integrations.services.queue import enqueue_drain, unless_it_waits
from integrations.services.tabs import load_tabs

__all__ = ["drain"]

log = logging.getLogger(__name__)


def drain(connection_id: int) -> str:
    """One slice (about ten seconds at most, then the calls that are still out); then hands on.

    Returns a short sentence for django-q2's list. Running it twice, or too often, changes nothing.
    """
    _settle()
    tries = 0
    while (lease := acquire(connection_id)) is not None:
        try:
            part = _run(lease)
        except LeaseLostError:
            log.warning("lost the lease of workspace %d", connection_id)
            return f"{tries} tries; lost the lease"
        except Exception:
            # What was on its way is in doubt now; giving the lease back lets the next drain look at once.
            lease.clear_dirty()
            lease.release()
            raise
        tries += part.tries
        if part.handed_on:
            return f"{tries} tries; handed on"
        if not somebody_joined(connection_id):
            return f"{tries} tries; nothing more to do now"
    return f"{tries} tries; another drain holds the workspace"


@cache
def _settle() -> None:
    """Once for a process: what it has loaded stays for as long as it lives, and is most of what the garbage
    collector would look through again and again while leads are sent."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one slice."""

    tries: int
    handed_on: bool


def _run(lease: Lease) -> Ran:
    """One slice; the lease is given back in any case."""
    lease.stay_dirty()
    part = Slice(lease)
    tries = part.run()
    lease.clear_dirty()
    goes_on = part.may_go_on() and _something_is_due(lease)
    lease.release()
    if goes_on:
        _hand_on(lease.connection_id)
    return Ran(tries, handed_on=goes_on)


def _something_is_due(lease: Lease) -> bool:
    """A rest that the next slice waits out itself holds nobody back."""
    now = timezone.now()
    tabs = load_tabs(connection_id=lease.connection_id, now=now + timedelta(seconds=LONGEST_PAUSE))
    due_at = next_due(lease.connection_id, tabs=tabs)
    return due_at is not None and due_at <= now


def _hand_on(connection_id: int) -> None:
    """A new task goes on with what is due already, at the end of the line: others get their turn first.

    One that waits there already will do. That the workspace is dirty would not: whoever joined at the last
    moment may have woken a drain that found this one still at work, and went away.
    """
    workspace = IntercomConnection.objects.filter(pk=connection_id)
    workspace.update(dirty=True)
    try:
        with unless_it_waits():
            enqueue_drain(connection_id)
    except Exception:
        # Left dirty, no later join would queue a drain either. The sweep finds the rest.
        workspace.update(dirty=False)
        log.exception("handing on failed; the sweep will do it")
