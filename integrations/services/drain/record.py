"""Writes what the drain decided and learned, each time in one short transaction under the lease."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.logic.states import DELIVERED, OPEN, Intent, Order, Reason, State
from integrations.models import Attempt, ContactLink
from integrations.services.bulk import insert_rows
from integrations.services.drain.results import ATTEMPT_FIELDS, Result, as_attempt
from integrations.services.drain.rows import Row, locked, store
from integrations.services.field_problems import mark_refused
from integrations.services.qualify.baselines import watch_delivered
from integrations.services.queue import enqueue_refresh

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.lease import Lease

NOT_UNDONE = (Reason.NOTHING_TO_UNDO, Reason.UNDO_FAILED, Reason.UNDO_NO_CONTACT)
"""An undo that has changed nothing: what is missing in the contact is missing still."""

DELIVERY_FIELDS = (
    "connection_id",
    "state",
    "reason",
    "due_at",
    "attempts",
    "failing_since",
    "email",
    "intent",
    "lease_token",
    "order",
    "settled_as",
    "contact_id",
    "settings_revision",
    "incomplete",
    "message",
    "settled_at",
)


def record(results: Collection[Result], *, lease: Lease) -> int:
    """Stores attempts, links and new states; returns how many tries that were.

    Raises LeaseLostError, and has then stored nothing.
    """
    if not results:
        return 0
    with transaction.atomic():
        lease.renew()
        now, connection_id = timezone.now(), lease.connection_id
        kept = _update_deliveries(results, lease=lease, now=now)
        results = [result for result in results if result.job.delivery_id in kept]
        # Before the links, as whoever uses a notification: so nobody waits for each other.
        watch_delivered(results, connection_id=connection_id, now=now)
        _forget_links(results, connection_id=connection_id)
        _remember_links(results, connection_id=connection_id, now=now)
        _mark_refused_fields(results, connection_id=connection_id)
        tries = [result for result in results if result.tried]
        insert_rows(
            Attempt,
            ATTEMPT_FIELDS,
            [as_attempt(result, connection_id=connection_id, now=now) for result in tries],
        )
    return len(tries)


def _update_deliveries(results: Collection[Result], *, lease: Lease, now: datetime) -> Collection[int]:
    """Leaves alone what is another workspace's by now: its tab may have been pointed there meanwhile."""
    by_id = {result.job.delivery_id: result for result in results}
    found = locked(by_id, Q(state__in=OPEN))
    rows = [row for row in found if row.belongs_to(by_id[row.pk].job, lease=lease)]
    for row in rows:
        _apply(by_id[row.pk], row, connection_id=lease.connection_id, now=now)
    store(rows, DELIVERY_FIELDS)
    return {row.pk for row in rows}


def _apply(result: Result, row: Row, *, connection_id: int, now: datetime) -> None:
    row.state, row.reason, row.due_at = result.state, result.reason, result.due_at
    if row.order == Order.UNDO and result.state is State.WAITING:
        row.reason = Reason.UNDOING
    row.lease_token = None
    if row.intent == Intent.UPDATE and (result.state in DELIVERED or not (result.after or result.job.begun)):
        # It has arrived, or surely no field has left: whatever comes next is bound by nothing.
        row.intent = ""
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
    if result.state in DELIVERED and result.reason not in NOT_UNDONE:
        row.incomplete = result.incomplete


def _forget_links(results: Collection[Result], *, connection_id: int) -> None:
    gone = [result.job.email for result in results if result.drop_link]
    if gone:
        ContactLink.objects.filter(connection=connection_id, email__in=gone).delete()


def _remember_links(results: Collection[Result], *, connection_id: int, now: datetime) -> None:
    links = {
        result.job.email: (
            connection_id,
            result.job.email,
            result.contact.id,
            result.contact.role,
            result.state is State.CREATED,
            now,
        )
        for result in results
        if result.contact is not None and result.remembers
    }
    insert_rows(
        ContactLink,
        ("connection", "email", "contact_id", "role", "ours", "confirmed_at"),
        list(links.values()),
        unique=("connection", "email"),
        update=("contact_id", "role", "confirmed_at"),
    )


def _mark_refused_fields(results: Collection[Result], *, connection_id: int) -> None:
    """One look at the workspace's fields for each field that turns out to be a problem, not for each lead."""
    refusals = {
        (result.job.settings_id, target): message for result in results for target, message in result.refused
    }
    news = [mark_refused(tab, target, message=text) for (tab, target), text in refusals.items() if tab]
    if any(news):
        transaction.on_commit(partial(enqueue_refresh, connection_id), robust=True)
