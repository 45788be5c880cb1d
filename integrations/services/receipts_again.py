"""Has notifications looked at once more, because a person asked. Decides nothing about leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from integrations.models import ReceiptState, WebhookReceipt
from integrations.services.receipts import wake

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOKED_AT = (ReceiptState.USED, ReceiptState.UNUSED, ReceiptState.FAILED)


def look_again(receipts: Iterable[int]) -> list[int]:
    """Which of them are looked at again: not those whose first turn is still to come.

    A lead qualifies once, however often a notification is looked at.
    """
    with transaction.atomic():
        rows = WebhookReceipt.objects.select_for_update().filter(pk__in=list(receipts), state__in=LOOKED_AT)
        found = list(rows.order_by("pk").values_list("pk", flat=True))
        WebhookReceipt.objects.filter(pk__in=found).update(state=ReceiptState.NEW, tries=0)
        if found:
            transaction.on_commit(wake, robust=True)
    return found
