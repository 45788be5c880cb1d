"""Counts what came to our addresses and was not believed. Nothing of its content is kept.

A flood of forgeries costs the database one statement a second from each process, however large it is: what
comes within that second is counted in memory and written at its end. A process that ends loses so much.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock, Timer
from typing import TYPE_CHECKING

from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from integrations.models import IntercomConnection, WebhookHealth

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two writes of one count."""


class Refusal(StrEnum):
    """Why something that came to our address was not believed, or not taken."""

    TOO_LARGE = "too_large"
    NO_LENGTH = "no_length"
    NO_SECRET = "no_secret"  # noqa: S105
    NOT_SIGNED = "not_signed"
    WRONG_SIGNATURE = "wrong_signature"
    NO_NOTIFICATION = "no_notification"
    OTHER_WORKSPACE = "other_workspace"


@dataclass(slots=True)
class Tally:
    """What was refused of one workspace and is not written yet."""

    why: Refusal
    at: datetime
    number: int = 0
    rests_until: float = 0.0
    waits: bool = False
    """Whether somebody writes it at the end of the rest."""


_lock = Lock()
_tallies: dict[int | None, Tally] = {}


def refuse(connection_id: int | None, why: Refusal) -> None:
    """None for what can be laid to no workspace. The first is written at once, the others soon."""
    with _lock:
        tally = _tallies.setdefault(connection_id, Tally(why, timezone.now()))
        tally.number, tally.why, tally.at = tally.number + 1, why, timezone.now()
        rest = tally.rests_until - time.monotonic()
        if rest > 0:
            _write_after(rest, connection_id, tally)
            return
    _write(connection_id)


def _write_after(seconds: float, connection_id: int | None, tally: Tally) -> None:
    if not tally.waits:
        tally.waits = True
        timer = Timer(seconds, _write_by_itself, [connection_id])
        timer.daemon = True
        timer.start()


def _write_by_itself(connection_id: int | None) -> None:
    try:
        _write(connection_id)
    except Exception:
        log.exception("refused notifications were not counted")
    finally:
        # The thread ends here, and its connection would be left open.
        database.close()


def _write(connection_id: int | None) -> None:
    with _lock:
        tally = _tallies[connection_id]
        number, tally.number, tally.waits = tally.number, 0, False
        tally.rests_until = time.monotonic() + EVERY
        latest = {"last_refused_at": tally.at, "last_refusal": tally.why.value}
    rows = WebhookHealth.objects.filter(connection=connection_id)
    if number and not rows.update(refused=F("refused") + number, **latest) and _is_there(connection_id):
        WebhookHealth.objects.get_or_create(connection_id=connection_id)
        rows.update(refused=F("refused") + number, **latest)


def _is_there(connection_id: int | None) -> bool:
    """A workspace may be deleted before what was refused of it is written."""
    return connection_id is None or IntercomConnection.objects.filter(pk=connection_id).exists()
