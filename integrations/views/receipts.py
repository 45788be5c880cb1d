"""What became of a notification in a word, and having it looked at again by a person's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.logic.qualification import Verdict
from integrations.models import ReceiptState, WebhookReceipt
from integrations.services.outcome_words import Badge, Look
from integrations.services.receipts_again import look_again
from integrations.views.access import RECEIPTS, REPAIR, require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE = "admin:integrations_webhookreceipt_change"

STANDINGS: Mapping[ReceiptState, Badge] = {
    ReceiptState.NEW: Badge(_("Not looked at yet"), Look.INFO),
    ReceiptState.USED: Badge(_("About a lead"), Look.INFO),
    ReceiptState.UNUSED: Badge(_("About nobody we watch"), Look.MUTED),
    ReceiptState.FAILED: Badge(_("Could not be used"), Look.ERROR),
}
QUALIFIED = Badge(_("Qualified a lead"), Look.OK)


def standing_of(receipt: WebhookReceipt) -> Badge:
    """With the sightings of the receipt loaded, this asks nothing."""
    if any(sighting.verdict == Verdict.QUALIFIES for sighting in receipt.sightings.all()):
        return QUALIFIED
    return STANDINGS[ReceiptState(receipt.state)]


def again(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """The button on a receipt's page."""
    require(request, RECEIPTS)
    require(request, REPAIR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    receipt = get_object_or_404(WebhookReceipt.objects.only("pk"), pk=receipt_id)
    level, text = order_again(request, [receipt.pk])
    messages.add_message(request, level, text)
    return redirect(PAGE, receipt.pk)


def order_again(request: HttpRequest, receipts: Sequence[int]) -> tuple[int, str]:
    """Has them looked at again, records who asked, and says what happens now."""
    user = require(request, REPAIR)
    found = look_again(receipts)
    if not found:
        return messages.INFO, gettext("Nothing to do: this is about to be looked at anyway.")
    rows = WebhookReceipt.objects.filter(pk__in=found).only("pk", "topic")
    LogEntry.objects.log_actions(user.pk, rows, CHANGE, change_message=gettext("Looked at again"))
    text = ngettext(
        "%(number)d notification is looked at again. It takes a few seconds; nobody qualifies twice.",
        "%(number)d notifications are looked at again. It takes a few seconds; nobody qualifies twice.",
        len(found),
    )
    return messages.SUCCESS, text % {"number": len(found)}
