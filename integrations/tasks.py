"""What django-q2 runs. Found by dotted path: renaming one of these loses what is queued."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from integrations.services import alerts, qualify
from integrations.services import drain as drain_service
from integrations.services import sweep as sweep_service
from integrations.services.access_check import check_access as access_check
from integrations.services.attribute_look import refresh_by_task
from integrations.services.health import snapshot
from integrations.services.heartbeat import beat
from integrations.services.keeping import retention
from integrations.services.qualify.reconcile import look_round

log = logging.getLogger(__name__)
P = ParamSpec("P")


class TaskFailedError(Exception):
    """All that django-q2 may keep of a failure; the log tells the rest."""


def quiet(work: Callable[P, str]) -> Callable[P, str]:
    """django-q2 stores a failure's text and traceback for good, and a database's words quote values."""

    @wraps(work)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return work(*args, **kwargs)
        except Exception as err:
            log.exception("task %s failed", work.__name__)
            failure = type(err).__name__
        raise TaskFailedError(failure)

    return wrapped


@quiet
def drain(connection_id: int) -> str:
    """Sends what is due in one workspace; returns a short sentence for django-q2's task list."""
    beat()
    return drain_service.drain(connection_id)


@quiet
def refresh_attributes(connection_id: int) -> str:
    """Reads a workspace's fields again: now and then, and after Intercom refused one."""
    beat()
    return refresh_by_task(connection_id)


@quiet
def check_access(connection_id: int) -> str:
    """Asks Intercom whether our token still works, after it was said that it does not."""
    beat()
    return access_check(connection_id)


@quiet
def use_receipts() -> str:
    """Looks at what Intercom has told us; returns a short sentence."""
    beat()
    return qualify.use_receipts()


@quiet
def look(connection_id: int) -> str:
    """Asks Intercom for the present values of contacts that may qualify a lead; returns a short sentence."""
    beat()
    return look_round(connection_id)


@quiet
def take_snapshot() -> str:
    """Counts everybody, for pages that cannot wait for it; returns a short sentence."""
    beat()
    return snapshot.take()


@quiet
def send_alerts() -> str:
    """Sends the e-mails that are owed about trouble; returns a short sentence."""
    beat()
    return alerts.send_due()


@quiet
def prune() -> str:
    """Lets go of what is too old; returns a short sentence."""
    beat()
    return retention.prune()


@quiet
def sweep() -> str:
    """Once a minute: finds what a lost wake, a dead worker or a failed receiver left behind."""
    beat()
    return sweep_service.sweep()
