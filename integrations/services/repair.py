"""What a person may order for deliveries. Sets rows; only the drain writes to Intercom.

Each order locks the rows that it fits (`repair_rules`), so it neither races a running drain nor minds a
second click: what has moved on meanwhile is left alone, and so is whom no order could bring to Intercom as
their tab is now. `seen_at` is when whoever orders saw how they stood: what somebody ordered, or what came of
a try, since then is newer, and holds. Every function returns the ids of those that were really changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.logic.states import DELIVERED, Order, Reason, State
from integrations.models import Attempt, Delivery, IntercomConnection, SyncSettings
from integrations.services.repair_rules import Command, dead_ends, fits, unchanged_since
from integrations.services.wake import wake

if TYPE_CHECKING:
    from datetime import datetime

CONTACT_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def send_again(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Owes these once more under the tab's present rules: not sent, held, skipped, needing attention."""
    return _order(_fitting(Command.SEND_AGAIN, ids, seen_at=seen_at), Order.NONE)


def retry_now(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Tries those at once that wait for their next try. What is in doubt keeps its time."""
    waiting, taken_back = _fitting(Command.RETRY_NOW, ids, seen_at=seen_at), Q(order=Order.UNDO)
    with transaction.atomic():
        return sorted([*_take_back(waiting.filter(taken_back)), *_order(waiting.exclude(taken_back), None)])


def update_anyway(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Updates the existing contact of these, although the policy said do nothing."""
    return _order(_fitting(Command.UPDATE_ANYWAY, ids, seen_at=seen_at), Order.UPDATE)


def restore_and_update(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Takes the archived contact of these out of the archive and updates it."""
    return _order(_fitting(Command.RESTORE_AND_UPDATE, ids, seen_at=seen_at), Order.RESTORE)


def send_present(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Updates the contacts of these, ours or not, to what the people's values and their tab say now."""
    return _order(_fitting(Command.SEND_PRESENT, ids, seen_at=seen_at), Order.UPDATE)


def undo(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Takes back what we wrote over in the contacts of these, field by field where it is still ours.

    Whatever their tab says by now: whoever finds that it overwrites too much switches it off first.
    """
    with transaction.atomic():
        chosen = _fitting(Command.UNDO, ids, seen_at=seen_at).select_for_update(of=("self",)).order_by("pk")
        fit = list(chosen.values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=fit).update(order=Order.UNDO, settled_as=F("state"))
        return _take_back(Delivery.objects.filter(pk__in=fit))


def choose_contact(delivery_id: int, *, contact_id: str) -> bool:
    """Says which of several contacts is the one that we created; False where it is none of them."""
    if not _may_be_chosen(delivery_id, contact_id):
        return False
    with transaction.atomic():
        rows = Delivery.objects.filter(
            pk=delivery_id, state=State.NEEDS_ATTENTION, reason=Reason.SEVERAL_MATCHES
        )
        ordered = _order(rows, Order.CHOOSE)
        return bool(Delivery.objects.filter(pk__in=ordered).update(contact_id=contact_id))


def complete(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Sends these the fields that could not be written before."""
    return _order(_fitting(Command.COMPLETE, ids, seen_at=seen_at), Order.COMPLETE)


def cancel(ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]:
    """Sends these no more. What is being sent, or in doubt, cannot be called back.

    Whoever was delivered before somebody ordered something more is delivered still, without that.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = _fitting(Command.CANCEL, ids, seen_at=seen_at)
        chosen = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        again = Q(settled_as__in=DELIVERED)
        ended = {"due_at": None, "order": Order.NONE, "settled_at": now}
        delivered = Delivery.objects.filter(again, pk__in=chosen)
        delivered.update(state=F("settled_as"), reason=_reason_before(), settled_as="", **ended)
        others = Delivery.objects.filter(~Q(state__in=DELIVERED), pk__in=chosen)
        others.update(state=State.NOT_SENT, reason=Reason.CANCELLED, settled_as="", **ended)
    return chosen


def _reason_before() -> Coalesce:
    """Why these stood as they did when they were last delivered."""
    tries = Attempt.objects.filter(delivery=OuterRef("pk"), state=OuterRef("settled_as")).order_by("-pk")
    return Coalesce(Subquery(tries.values("reason")[:1]), Value(Reason.EXISTS.value))


class Carried(Protocol):
    """How an order is carried out: for these, as far as it fits."""

    def __call__(self, ids: Iterable[int], *, seen_at: datetime | None = None) -> list[int]: ...


ORDERS: Mapping[Command, Carried] = {
    Command.SEND_AGAIN: send_again,
    Command.RETRY_NOW: retry_now,
    Command.UPDATE_ANYWAY: update_anyway,
    Command.RESTORE_AND_UPDATE: restore_and_update,
    Command.SEND_PRESENT: send_present,
    Command.COMPLETE: complete,
    Command.UNDO: undo,
    Command.CANCEL: cancel,
}


def _may_be_chosen(delivery_id: int, contact_id: str) -> bool:
    """One of those that we had found; any, where the details of that try have been removed by age."""
    known = Attempt.objects.filter(delivery=delivery_id, reason=Reason.SEVERAL_MATCHES).order_by("-pk")
    matches = known.values_list("matches", flat=True).first() or []
    return contact_id in matches if matches else CONTACT_ID.fullmatch(contact_id) is not None


def _fitting(command: Command, ids: Iterable[int], *, seen_at: datetime | None) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(fits(command), pk__in=list(ids))
    return rows if seen_at is None else rows.filter(unchanged_since(seen_at))


def _take_back(rows: QuerySet[Delivery]) -> list[int]:
    """Has what is ordered to be taken back taken back now, in the workspace that was written to, whatever the
    tab says by now. For inside a transaction."""
    now = timezone.now()
    rows = rows.select_for_update(of=("self",)).order_by("pk")
    chosen = dict(rows.values_list("pk", "connection"))
    Delivery.objects.filter(pk__in=chosen).update(
        state=State.WAITING,
        reason=Reason.UNDOING,
        due_at=now,
        owed_since=now,
        failing_since=None,
        settled_at=None,
    )
    for connection_id in set(chosen.values()) - {None}:
        transaction.on_commit(partial(wake, connection_id), robust=True)
    return list(chosen)


def _order(rows: QuerySet[Delivery], order: Order | None) -> list[int]:
    """Puts rows back into the outbox; None keeps whatever was ordered before."""
    now = timezone.now()
    with transaction.atomic():
        chosen = rows.select_for_update(of=("self",)).order_by("pk")
        reasons = dict(chosen.values_list("pk", "reason"))
        able = reasons.keys() - dead_ends(reasons.keys())
        _give_tabs(Delivery.objects.filter(pk__in=able, settings=None))
        owed = Delivery.objects.filter(pk__in=able).exclude(settings=None)
        ids = list(owed.values_list("pk", flat=True))
        again = Delivery.objects.filter(pk__in=ids)
        if order is not None:
            again.update(order=order, settled_as=F("state"))
        again.update(
            state=State.WAITING,
            reason=Reason.QUEUED,
            due_at=now,
            owed_since=now,
            failing_since=None,
            settled_at=None,
        )
        # What had left before we gave up is looked for first, as ours.
        doubtful = [pk for pk in ids if reasons[pk] == Reason.GAVE_UP_IN_DOUBT]
        Delivery.objects.filter(pk__in=doubtful).update(state=State.UNCERTAIN, reason=Reason.UNCERTAIN)
        connections = IntercomConnection.objects.filter(settings__deliveries__in=ids).distinct()
        for connection_id in list(connections.values_list("pk", flat=True)):
            transaction.on_commit(partial(wake, connection_id), robust=True)
    return ids


def _give_tabs(rows: QuerySet[Delivery]) -> None:
    """Who joined before their tab was set up is owed under the tab that there is now."""
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        return
    for tab in SyncSettings.objects.filter(campaign__participants__delivery__in=ids).distinct():
        Delivery.objects.filter(
            pk__in=ids, participant__campaign=tab.campaign_id, participant__audience=tab.audience
        ).update(settings=tab)
