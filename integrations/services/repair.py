"""What a person may order for deliveries. Sets rows; only the drain writes to Intercom.

Each order locks the rows that it fits, so it neither races a running drain nor minds a second click: what has
moved on meanwhile is left alone. Every function returns the ids of those that were really changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.logic.states import Order, Reason, State
from integrations.models import ConnectionStatus, Delivery, IntercomConnection, SyncSettings
from integrations.services.field_problems import forget_refusals
from integrations.services.wake import wake

AGAIN = (State.NOT_SENT, State.NEEDS_ATTENTION, State.HELD, State.SKIPPED)
DELIVERED = (State.CREATED, State.UPDATED)
CANCELLABLE = (State.WAITING, State.HELD, State.NEEDS_ATTENTION)


def send_again(ids: Iterable[int]) -> list[int]:
    """Owes these once more under the tab's present rules: not sent, held, skipped, needing attention."""
    rows = Delivery.objects.filter(Q(state__in=AGAIN) | _in_doubt_for_good(), pk__in=list(ids))
    return _order(rows, Order.NONE)


def retry_now(ids: Iterable[int]) -> list[int]:
    """Tries those at once that wait for their next try. What is in doubt keeps its time."""
    rows = Delivery.objects.filter(pk__in=list(ids), state=State.WAITING)
    return _order(rows, None)


def update_anyway(ids: Iterable[int]) -> list[int]:
    """Updates the existing contact of these, although the policy said do nothing."""
    rows = Delivery.objects.filter(pk__in=list(ids), state=State.SKIPPED).exclude(contact_id="")
    return _order(rows, Order.UPDATE)


def restore_and_update(ids: Iterable[int]) -> list[int]:
    """Takes the archived contact of these out of the archive and updates it."""
    rows = Delivery.objects.filter(
        pk__in=list(ids), state__in=(State.NEEDS_ATTENTION, State.SKIPPED), reason=Reason.ARCHIVED
    ).exclude(contact_id="")
    return _order(rows, Order.RESTORE)


def choose_contact(delivery_id: int, *, contact_id: str) -> bool:
    """Says which of several contacts is the one that we created."""
    with transaction.atomic():
        rows = Delivery.objects.filter(
            pk=delivery_id, state=State.NEEDS_ATTENTION, reason=Reason.SEVERAL_MATCHES
        )
        rows.update(contact_id=contact_id)
        return bool(_order(rows, Order.CHOOSE))


def complete(settings: SyncSettings) -> list[int]:
    """Sends the fields that could not be written before to all whose contact is incomplete for it."""
    forget_refusals(settings.pk)
    rows = Delivery.objects.filter(settings=settings, incomplete=True, state__in=DELIVERED)
    return _order(rows, Order.COMPLETE)


def cancel(ids: Iterable[int]) -> list[int]:
    """Sends these no more. What is being sent, or in doubt, cannot be called back."""
    with transaction.atomic():
        rows = Delivery.objects.filter(Q(state__in=CANCELLABLE) | _in_doubt_for_good(), pk__in=list(ids))
        chosen = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=chosen).update(
            state=State.NOT_SENT,
            reason=Reason.CANCELLED,
            due_at=None,
            order=Order.NONE,
            settled_at=timezone.now(),
        )
    return chosen


def _in_doubt_for_good() -> Q:
    """In doubt in a workspace that nobody can ask any more: a person may decide without knowing."""
    asked = Q(connection__status=ConnectionStatus.CONNECTED)
    return Q(state=State.UNCERTAIN, due_at__lte=timezone.now()) & ~asked


def _order(rows: QuerySet[Delivery], order: Order | None) -> list[int]:
    """Puts rows back into the outbox; None keeps whatever was ordered before."""
    now = timezone.now()
    with transaction.atomic():
        _give_tabs(rows.filter(settings=None))
        chosen = rows.exclude(settings=None).select_for_update(of=("self",))
        reasons = dict(chosen.values_list("pk", "reason"))
        ids = list(reasons)
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
        doubtful = [pk for pk, reason in reasons.items() if reason == Reason.GAVE_UP_IN_DOUBT]
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
