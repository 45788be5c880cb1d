"""Takes what Intercom told us, in batches, each notification once. Two processors at once share the work.

A batch is used together, which costs a dozen queries; where one of it fails, each is used alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.models import ReceiptState, WebhookReceipt
from integrations.services.bulk import update_many
from integrations.services.qualify import topics
from integrations.services.qualify.desk import Desk, lock
from integrations.services.qualify.heard import Heard
from integrations.services.qualify.matching import Matches, match
from integrations.services.qualify.replay import replay_missed
from integrations.services.qualify.rules import watched_attributes
from integrations.services.receipts import take_wake, wake

log = logging.getLogger(__name__)

BATCH = 100
SECONDS = 10.0
MOST_TRIES = 5


def use_receipts() -> str:
    """Until nothing is left, ten seconds at most; then hands on. Running it twice changes nothing."""
    ends, used, failed = time.monotonic() + SECONDS, 0, set[int]()
    while time.monotonic() < ends:
        take_wake()
        receipts = _use_batch(failed)
        if not receipts:
            return f"{used} notifications used"
        used += len(receipts)
    wake()
    return f"{used} notifications used; handed on"


def use_again(receipt: WebhookReceipt) -> bool:
    """A person asks for it; False while it still has its turn to come. What it did already stays done."""
    rows = WebhookReceipt.objects.filter(pk=receipt.pk).exclude(state=ReceiptState.NEW)
    if not rows.update(state=ReceiptState.NEW, tries=0):
        return False
    transaction.on_commit(wake, robust=True)
    return True


def _use_batch(failed: set[int]) -> Collection[WebhookReceipt]:
    """Each in a savepoint of its own where not all go together; who fails is left for another run."""
    with transaction.atomic():
        receipts = _claim(but=failed)
        if receipts and not _try(use_together, receipts):
            # What the failure left in memory is not what is stored.
            receipts = list(WebhookReceipt.objects.filter(pk__in=[one.pk for one in receipts]))
            failed |= {one.pk for one in receipts if not _use_alone(one)}
    replay_missed([one for one in receipts if one.state == ReceiptState.UNUSED])
    return receipts


def _claim(*, but: Collection[int]) -> list[WebhookReceipt]:
    rows = WebhookReceipt.objects.filter(state=ReceiptState.NEW).exclude(pk__in=but).order_by("pk")
    skip = database.features.has_select_for_update_skip_locked
    return list(rows.select_for_update(skip_locked=skip)[:BATCH])


def _use_alone(receipt: WebhookReceipt) -> bool:
    if _try(use_together, [receipt]):
        return True
    receipt.refresh_from_db()
    receipt.tries += 1
    if receipt.tries >= MOST_TRIES:
        receipt.state, receipt.used_at = ReceiptState.FAILED, timezone.now()
    receipt.save(update_fields=["tries", "state", "used_at"])
    return False


def _try(use: Callable[[Collection[WebhookReceipt]], None], receipts: Collection[WebhookReceipt]) -> bool:
    try:
        with transaction.atomic():
            use(receipts)
    except Exception as err:  # noqa: BLE001  (whatever it is, the others go on; a database's words quote values)
        first = next(iter(receipts)).pk
        log.warning("%d notifications from %d on not used: %s", len(receipts), first, type(err).__name__)
        return False
    return True


def use_together(receipts: Collection[WebhookReceipt]) -> None:
    """For inside a transaction that has locked these receipts."""
    watched = watched_attributes({receipt.connection_id for receipt in receipts})
    batch = [Heard(receipt) for receipt in receipts]
    useful = {heard.receipt.pk: heard for heard in batch if heard.receipt.connection_id in watched}
    matches = match(useful.values()) if useful else Matches()
    desk = Desk(lock(matches.watches))
    for heard in batch:
        about_us = heard.receipt.pk in useful and topics.use(heard, desk=desk, matches=matches)
        _done(heard, used=about_us, attributes=watched.get(heard.receipt.connection_id, set()))
    desk.save()
    update_many(list(receipts), ["item", "state", "tries", "used_at"])


def _done(heard: Heard, *, used: bool, attributes: Collection[str]) -> None:
    receipt = heard.receipt
    receipt.item = heard.cut_down(attributes)
    receipt.state = ReceiptState.USED if used else ReceiptState.UNUSED
    receipt.used_at = timezone.now()
