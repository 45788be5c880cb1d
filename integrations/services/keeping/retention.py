"""Lets go of what is too old: details first, then whole lines. Outcomes and people stay.

A few rows in a transaction, a few seconds in a round: nobody who joins waits for it, and what is left is
found by the next round. Reads no clock but ours; asks Intercom nothing.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from integrations.logic.qualification import Verdict
from integrations.models import (
    PRUNED,
    Attempt,
    BlindSpot,
    BulkOrder,
    ReceiptState,
    Release,
    Sighting,
    SweepState,
    Trial,
    TrialState,
    Watch,
    WebhookReceipt,
)
from integrations.services.qualify.stored import OPEN, WAITS_FOR_LOOK
from integrations.services.queue import enqueue_prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from django.db.models import QuerySet

log = logging.getLogger(__name__)

BATCH = 1_000
"""Rows in one transaction at most."""

SECONDS = 20.0
"""For one round."""

EVERY = timedelta(hours=1)

ENDED = timedelta(days=90)
"""How long an order, a release or a test lead is shown after its end."""

EMPTY: dict[str, Any] = {
    **{name: [] for name in ("calls", "matches", "notes")},
    **{name: {} for name in ("sent", "received", "before", "after")},
    "message": "",
}
"""An attempt without what was written and read, and without Intercom's words, which may quote it."""


def prune_if_due(now: datetime) -> None:
    """For the sweep: queues a round, once an hour, and at once where the last one did not get through.

    One far in the future is of a clock that was set back.
    """
    due = Q(pruned_at=None) | Q(pruned_at__lte=now - EVERY) | Q(pruned_at__gt=now + EVERY)
    if SweepState.objects.filter(due, pk=SweepState.ONLY).update(pruned_at=now):
        enqueue_prune()


def prune(*, seconds: float = SECONDS) -> str:
    """One round; returns a short sentence. What it could not do in its time is left for the next minute."""
    ends, now, number = time.monotonic() + seconds, timezone.now(), 0
    done = True
    for batch in _batches(now):
        try:
            number, done = _all_of(batch, number=number, ends=ends)
        except Exception as err:  # noqa: BLE001  (a database's words may quote a value; the other tables go on)
            log.error("removing what is too old failed: %s", type(err).__name__)
        if not done:
            SweepState.objects.filter(pk=SweepState.ONLY).update(pruned_at=None)
            return f"{number} rows pruned; more are left"
    return f"{number} rows pruned"


def _all_of(batch: Callable[[], int], *, number: int, ends: float) -> tuple[int, bool]:
    while time.monotonic() < ends:
        some = batch()
        if not some:
            return number, True
        number += some
    return number, False


def _batches(now: datetime) -> Iterable[Callable[[], int]]:
    payloads = now - timedelta(days=settings.KEEP_PAYLOADS_DAYS)
    attempts = now - timedelta(days=settings.KEEP_ATTEMPTS_DAYS)
    yield lambda: _empty_attempts(payloads, now=now)
    yield lambda: _delete(superseded(attempts))
    yield lambda: _blank_sightings(payloads)
    yield lambda: _delete(used_receipts(payloads))
    for rows in (*_ended(now - ENDED), BlindSpot.objects.filter(until__lt=now)):
        yield lambda rows=rows: _delete(rows)  # type: ignore[misc]


def _empty_attempts(before: datetime, *, now: datetime) -> int:
    old = Attempt.objects.filter(started_at__lt=before, pruned_at__isnull=True).order_by("started_at")
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    return Attempt.objects.filter(pk__in=ids).update(**EMPTY, pruned_at=now) if ids else 0


def superseded(before: datetime) -> QuerySet[Attempt]:
    """Lines that are old, and not the last of their entry: that one says how it came to be as it is."""
    later = Attempt.objects.filter(delivery=OuterRef("delivery"), pk__gt=OuterRef("pk"))
    return Attempt.objects.filter(Exists(later), started_at__lt=before)


def _blank_sightings(before: datetime) -> int:
    old = Sighting.objects.filter(made_at__lt=before).exclude(value__in=["", PRUNED]).order_by("made_at")
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    return Sighting.objects.filter(pk__in=ids).update(value=PRUNED) if ids else 0


def used_receipts(before: datetime) -> QuerySet[WebhookReceipt]:
    """Notifications that were looked at, but for those that a watch still looks at once it has begun."""
    waiting = Watch.objects.filter(WAITS_FOR_LOOK, state__in=OPEN)
    watched = waiting.filter(connection=OuterRef("connection"), contact_id=OuterRef("contact_id"))
    lines = Sighting.objects.filter(receipt=OuterRef("pk"), verdict=Verdict.NO_FIRST_LOOK.value)
    too_early = lines.filter(Exists(waiting.filter(participant=OuterRef("participant"))))
    old = WebhookReceipt.objects.filter(received_at__lt=before).exclude(state=ReceiptState.NEW)
    return old.filter(~Exists(watched), ~Exists(too_early))


def _ended(before: datetime) -> tuple[QuerySet[Any], ...]:
    over = Q(finished_at__lt=before) | Q(stopped_at__lt=before)
    return (
        Release.objects.filter(over),
        BulkOrder.objects.filter(over),
        Trial.objects.filter(Q(deleted_at__lt=before) | Q(deleted_at=None, made_at__lt=before)).filter(
            state=TrialState.DONE
        ),
    )


def _delete(rows: QuerySet[Any]) -> int:
    """The next few. The condition is looked at once more while deleting: a row may have changed."""
    ids = list(rows.order_by().values_list("pk", flat=True)[:BATCH])
    if not ids:
        return 0
    with transaction.atomic():
        return rows.filter(pk__in=ids).delete()[0] or len(ids)
