"""What a person orders on the page of one entry of the sync log. Each order is recorded with who gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.http import HttpRequest

from integrations.models import Delivery
from integrations.services.repair import ORDERS
from integrations.services.repair_rules import Command
from integrations.services.repair_words import LABELS, told
from integrations.views.times import as_moment

if TYPE_CHECKING:
    from collections.abc import Collection


def carry_out(request: HttpRequest, command: Command, *, ids: Collection[int]) -> None:
    """Does what it can of an order, records it, and tells what became of everybody it was for.

    The form says when its page was made (`seen_at`); without that the order is for whoever it fits now.
    """
    seen_at = as_moment(request.POST.get("seen_at", ""))
    changed = ORDERS[command](ids, seen_at=seen_at)
    if isinstance(request.user, User):
        rows = Delivery.objects.filter(pk__in=changed)
        LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, change_message=str(LABELS[command]))
    for said in told(command, asked=ids, changed=changed, seen_at=seen_at):
        messages.add_message(request, messages.SUCCESS if said.good else messages.WARNING, said.text)
