"""Carries orders for many out, a batch in a transaction and a round a minute. Sets rows; the drain sends."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import BulkOrder, Delivery, LeftAs
from integrations.services.bulk_orders.chosen import chosen_by, people
from integrations.services.bulk_orders.words import entry_words
from integrations.services.repair import ORDERS
from integrations.services.repair_meanwhile import meanwhile_of
from integrations.services.repair_rules import Command, refused, unchanged_since
from integrations.services.rounds import AT_ONE_GO, BATCH, claim, is_due
from integrations.services.tabs import load_tabs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from django.db.models import QuerySet

    from integrations.services.tabs import Tab

log = logging.getLogger(__name__)


def running() -> QuerySet[BulkOrder]:
    return BulkOrder.objects.filter(finished_at=None, stopped_at=None)


def unasked() -> Q:
    """Those that wait for nobody's answer."""
    return Q(asked_at=None) | Q(answered_at__isnull=False)


def carry_on() -> int:
    """One round of every order that is due; returns for how many people something was ordered."""
    due = running().filter(unasked(), is_due(timezone.now())).order_by("pk").values_list("pk", flat=True)
    until = time.monotonic() + AT_ONE_GO
    number = 0
    for order_id in list(due):
        try:
            number += let_go(order_id, seconds=until - time.monotonic())
        except Exception:
            # One that fails must hold up neither the others nor the sweep.
            log.exception("an order for many failed; it goes on in a minute", extra={"order": order_id})
    return number


def let_go(order_id: int, *, seconds: float) -> int:
    """One minute's people of an order, if its turn has come; at least one batch, whatever the time."""
    now = timezone.now()
    if not claim(running().filter(unasked(), pk=order_id), now=now):
        return 0
    order = BulkOrder.objects.get(pk=order_id)
    tabs = load_tabs(now=now) if order.query is not None else {}
    left = order.per_minute or None
    until, number, more = time.monotonic() + seconds, 0, True
    while more and (left is None or number < left):
        at_most = BATCH if left is None else min(BATCH, left - number)
        done, more = _batch(order_id, at_most=at_most, tabs=tabs)
        number += done
        more = more and time.monotonic() < until
    return number


def _batch(order_id: int, *, at_most: int, tabs: Mapping[int, Tab]) -> tuple[int, bool]:
    """Orders for the next few; for how many, and whether to go on. Whoever stops it waits for one batch."""
    with transaction.atomic():
        order = running().filter(unasked(), pk=order_id).select_for_update(of=("self",)).first()
        if order is None:
            return 0, False
        sampling = bool(order.sample) and order.asked_at is None
        if sampling:
            at_most = min(at_most, order.sample - len(order.sample_ids))
        ids = list(_ahead(order, tabs=tabs).order_by("pk").values_list("pk", flat=True)[:at_most])
        changed = ORDERS[Command(order.command)](ids, seen_at=order.as_of)
        _record(order, changed)
        _count(order, ids, changed=changed)
        if sampling:
            order.sample_ids += changed
        more = _ahead(order, tabs=tabs).exists()
        if not more:
            order.finished_at = timezone.now()
        elif sampling and len(order.sample_ids) >= order.sample:
            order.asked_at = timezone.now()
        order.save(update_fields=["reached", "done", "left_alone", "sample_ids", "asked_at", "finished_at"])
    return len(changed), more and (order.asked_at is None or order.answered_at is not None)


def _ahead(order: BulkOrder, *, tabs: Mapping[int, Tab]) -> QuerySet[Delivery]:
    """Those who were not looked at yet.

    The named are cut first: there is no need to name them all again. Others are found anew, and whoever has
    come to be among them since they were chosen was never meant.
    """
    if order.ids:
        return Delivery.objects.filter(pk__in=[pk for pk in order.ids if pk > order.reached])
    found = people(chosen_by(order), tabs=tabs).filter(unchanged_since(order.as_of))
    return found.filter(pk__gt=order.reached, pk__lte=order.up_to)


def _count(order: BulkOrder, ids: Sequence[int], *, changed: Collection[int]) -> None:
    command, left = Command(order.command), set(ids) - set(changed)
    meanwhile = meanwhile_of(command, left, seen_at=order.as_of)
    left -= meanwhile.all
    numbers = Counter({str(why): number for why, number in refused(command, left).items()})
    numbers[LeftAs.UNFIT] = len(left) - numbers.total()
    numbers[LeftAs.THERE] = len(meanwhile.there)
    numbers[LeftAs.LEAVING] = len(meanwhile.leaving)
    numbers[LeftAs.MOVED_ON] = len(meanwhile.moved)
    order.left_alone = {str(why): number for why, number in (Counter(order.left_alone) + numbers).items()}
    order.done += len(changed)
    order.reached = ids[-1] if ids else order.reached


def _record(order: BulkOrder, changed: Sequence[int]) -> None:
    """Into the story of each: who ordered what."""
    if order.made_by_id is None or not changed:
        return
    rows = [Delivery(pk=pk) for pk in changed]
    LogEntry.objects.log_actions(order.made_by_id, rows, CHANGE, change_message=entry_words(order))
