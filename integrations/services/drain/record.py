"""Writes what the drain decided and learned, each time in one short transaction under the lease."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.logic.backoff import GIVE_UP_AFTER
from integrations.logic.states import DUE, OPEN, Intent, Order, Reason, State
from integrations.models import Attempt, ContactLink, Delivery
from integrations.services.bulk import update_many
from integrations.services.drain.results import Result, as_attempt
from integrations.services.field_problems import mark_refused
from integrations.services.queue import enqueue_refresh

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.drain.jobs import Job
    from integrations.services.lease import Lease

INTENT_FIELDS = (
    "state",
    "reason",
    "due_at",
    "connection",
    "email",
    "intent",
    "intent_at",
    "lease_token",
    "settings_revision",
)
DELIVERY_FIELDS = (
    "connection",
    "state",
    "reason",
    "due_at",
    "attempts",
    "failing_since",
    "email",
    "lease_token",
    "order",
    "settled_as",
    "contact_id",
    "settings_revision",
    "incomplete",
    "message",
    "settled_at",
)


class TwoWritesError(Exception):
    """The database has refused a second write in flight for one email: a bug, and nothing was sent."""


def commit_intents(jobs: Mapping[int, tuple[Job, Intent]], *, lease: Lease) -> set[int]:
    """Marks these deliveries as `sending`; returns the ids of those that may now be sent.

    A row that has moved meanwhile (cancelled, its tab pointed elsewhere, its participant deleted) is left
    alone. Raises LeaseLostError.
    """
    with transaction.atomic():
        lease.renew()
        now = timezone.now()
        rows = list(
            Delivery.objects.select_for_update(of=("self",))
            .filter(Q(state__in=DUE) | Q(state=State.SENDING, lease_token=lease.token), pk__in=jobs)
            .select_related("settings")
        )
        ready = [row for row in rows if _ours(row, lease=lease)]
        for row in ready:
            job, intent = jobs[row.pk]
            if row.state != State.UNCERTAIN or row.intent != intent:
                # Else the first intent stands: what that one made is ours too, should it show up late.
                row.intent, row.intent_at = intent, now
            row.state, row.reason, row.due_at = State.SENDING, Reason.SENDING, None
            row.connection_id, row.email = lease.connection_id, job.email
            row.lease_token = lease.token
            row.settings_revision = job.settings.revision
        try:
            update_many(ready, INTENT_FIELDS)
        except IntegrityError:
            # The database's own words quote the email.
            raise TwoWritesError("two writes to one email in one workspace") from None
    return {row.pk for row in ready}


def _ours(row: Delivery, *, lease: Lease) -> bool:
    """Whether this drain may decide about a row: what it is sending, what is in doubt in its workspace,
    and what waits under a tab that points to it."""
    if row.state == State.SENDING:
        return row.lease_token == lease.token
    if row.state == State.UNCERTAIN:
        return row.connection_id == lease.connection_id
    return row.settings is not None and row.settings.connection_id == lease.connection_id


def record(results: Collection[Result], *, lease: Lease) -> None:
    """Stores attempts, links and new states. Raises LeaseLostError, and has then stored nothing."""
    if not results:
        return
    with transaction.atomic():
        lease.renew()
        now, connection_id = timezone.now(), lease.connection_id
        kept = _update_deliveries(results, lease=lease, now=now)
        results = [result for result in results if result.job.delivery_id in kept]
        _forget_links(results, connection_id=connection_id)
        _remember_links(results, connection_id=connection_id, now=now)
        _mark_refused_fields(results, connection_id=connection_id)
        Attempt.objects.bulk_create(
            as_attempt(result, connection_id=connection_id, now=now) for result in results if result.tried
        )


def _update_deliveries(results: Collection[Result], *, lease: Lease, now: datetime) -> Collection[int]:
    """Leaves alone what is another workspace's by now: its tab may have been pointed there meanwhile."""
    by_id = {result.job.delivery_id: result for result in results}
    found = Delivery.objects.select_for_update(of=("self",)).select_related("settings")
    rows = [row for row in found.filter(pk__in=by_id, state__in=OPEN) if _ours(row, lease=lease)]
    for row in rows:
        _apply(by_id[row.pk], row, connection_id=lease.connection_id, now=now)
    update_many(rows, DELIVERY_FIELDS)
    return {row.pk for row in rows}


def _apply(result: Result, row: Delivery, *, connection_id: int, now: datetime) -> None:
    row.state, row.reason, row.due_at = result.state, result.reason, result.due_at
    row.lease_token = None
    if result.state not in {State.WAITING, State.UNCERTAIN}:
        row.connection_id, row.email = connection_id, result.job.email
        row.settled_at = now
        row.order, row.settled_as = Order.NONE, ""
    row.contact_id = result.contact_id or row.contact_id
    if result.tried:
        row.attempts += 1
        row.failing_since = (row.failing_since or now) if result.failed else None
        row.message = result.message
        row.settings_revision = result.job.settings.revision
    if result.state in {State.CREATED, State.UPDATED}:
        row.incomplete = result.incomplete


def _forget_links(results: Collection[Result], *, connection_id: int) -> None:
    gone = [result.job.email for result in results if result.drop_link]
    if gone:
        ContactLink.objects.filter(connection=connection_id, email__in=gone).delete()


def _remember_links(results: Collection[Result], *, connection_id: int, now: datetime) -> None:
    links = {
        result.job.email: ContactLink(
            connection_id=connection_id,
            email=result.job.email,
            contact_id=result.contact.id,
            role=result.contact.role,
            ours=result.state is State.CREATED,
            confirmed_at=now,
        )
        for result in results
        if result.contact is not None and result.remembers
    }
    ContactLink.objects.bulk_create(
        links.values(),
        update_conflicts=True,
        unique_fields=["connection", "email"],
        update_fields=["contact_id", "role", "confirmed_at"],
    )


def _mark_refused_fields(results: Collection[Result], *, connection_id: int) -> None:
    """One look at the workspace's fields for each field that turns out to be a problem, not for each lead."""
    refusals = {
        (result.job.settings_id, target): message for result in results for target, message in result.refused
    }
    news = [mark_refused(tab, target, message=text) for (tab, target), text in refusals.items() if tab]
    if any(news):
        transaction.on_commit(partial(enqueue_refresh, connection_id), robust=True)


def hold_overdue(settings_ids: Collection[int], *, lease: Lease) -> int:
    """Whoever has waited for more than 72 hours without a try is not sent by surprise.

    That happens when a person ends a long wait: completes the setup, connects again, resumes.
    """
    with transaction.atomic():
        lease.renew()
        return Delivery.objects.filter(
            settings__in=settings_ids,
            settings__connection=lease.connection_id,
            state=State.WAITING,
            order=Order.NONE,
            failing_since=None,
            owed_since__lt=timezone.now() - GIVE_UP_AFTER,
        ).update(state=State.HELD, reason=Reason.HELD, due_at=None)
