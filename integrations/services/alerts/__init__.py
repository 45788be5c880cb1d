"""E-mail alerts: what is wrong, since when, whom it is told, once for each change. Nothing here may fail or
delay the sweep."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from integrations.services.alerts.mailing import mail_is_due, send_due
from integrations.services.alerts.watching import watch
from integrations.services.queue import enqueue_alerts

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["look_for_trouble", "send_due"]

log = logging.getLogger(__name__)


def look_for_trouble(now: datetime, *, swept_at: datetime | None) -> None:
    """For the sweep: notes what has begun and what is over, and queues the e-mails that are owed.

    `swept_at` is when the sweep last ran. Never raises.
    """
    try:
        watch(now, swept_at=swept_at)
        if mail_is_due(now):
            enqueue_alerts()
    except Exception:
        log.exception("trouble could not be looked for; the next sweep tries again")
