"""Commits what is about to leave, before it leaves; and holds back what waited too long to go unasked."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.logic.backoff import GIVE_UP_AFTER
from integrations.logic.states import DUE, Order, Reason, State
from integrations.models import Delivery
from integrations.services.drain.rows import locked, store
from integrations.services.qualify.own_writes import begin_anew

if TYPE_CHECKING:
    from integrations.services.drain.stages import Write
    from integrations.services.lease import Lease

INTENT_FIELDS = (
    "state",
    "reason",
    "due_at",
    "connection_id",
    "email",
    "intent",
    "intent_at",
    "lease_token",
    "settings_revision",
)


class TwoWritesError(Exception):
    """The database has refused a second write in flight for one email: a bug, and nothing was sent."""


def commit_intents(writes: Collection[Write], *, lease: Lease) -> set[int]:
    """Marks the deliveries of these writes as `sending`; returns the ids of those that may now be sent.

    A row that has moved meanwhile (cancelled, ordered otherwise, its tab pointed elsewhere, its participant
    deleted) is left alone. Raises LeaseLostError.
    """
    with transaction.atomic():
        lease.renew()
        now = timezone.now()
        mine = Q(state__in=DUE) | Q(state=State.SENDING, lease_token=lease.token)
        by_id = {write.hand.job.delivery_id: write for write in writes}
        ready = [row for row in locked(by_id, mine) if row.belongs_to(by_id[row.pk].hand.job, lease=lease)]
        for row in ready:
            job, intent = by_id[row.pk].hand.job, by_id[row.pk].intent
            if row.state != State.UNCERTAIN or row.intent != intent:
                # Else the first intent stands: what that one made is ours too, should it show up late.
                row.intent, row.intent_at = intent, now
            row.state, row.reason, row.due_at = State.SENDING, Reason.SENDING, None
            row.connection_id, row.email = lease.connection_id, job.email
            row.lease_token = lease.token
            row.settings_revision = job.settings.revision
        try:
            store(ready, INTENT_FIELDS)
        except IntegrityError:
            # The database's own words quote the email.
            raise TwoWritesError("two writes to one email in one workspace") from None
        begin_anew([by_id[row.pk] for row in ready], connection_id=lease.connection_id, now=now)
    return {row.pk for row in ready}


def hold_overdue(settings_ids: Collection[int], *, lease: Lease) -> int:
    """Whoever has waited for more than 72 hours without a try is not sent by surprise, and what was to be
    taken back for so long is left as it is.

    That happens when a person ends a long wait: completes the setup, connects again, resumes.
    """
    with transaction.atomic():
        lease.renew()
        now = timezone.now()
        overdue = Delivery.objects.filter(
            state=State.WAITING, failing_since=None, owed_since__lt=now - GIVE_UP_AFTER
        )
        undos = overdue.filter(connection=lease.connection_id, order=Order.UNDO)
        undos.update(
            state=F("settled_as"),
            reason=Reason.UNDO_FAILED,
            due_at=None,
            order=Order.NONE,
            settled_as="",
            settled_at=now,
        )
        return overdue.filter(
            settings__in=settings_ids, settings__connection=lease.connection_id, order=Order.NONE
        ).update(state=State.HELD, reason=Reason.HELD, due_at=None)
