"""Writes what the drain decided and learned, each time in one short transaction under the lease."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.intercom.errors import IntercomError
from integrations.logic.redact import received_contact, sent_fields, vendor_message
from integrations.logic.states import DUE, OPEN, Intent, Reason, State
from integrations.models import Attempt, ContactLink, Delivery

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.intercom.exchange import Exchange
    from integrations.logic.notes import Note
    from integrations.logic.types import Contact
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
    "contact_id",
    "settings_revision",
    "incomplete",
    "message",
    "settled_at",
)


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one try of one delivery.

    `tried` is False where nothing happened that is worth a line in the log (a rate limit, a lost lease).
    """

    job: Job
    state: State
    reason: Reason
    due_at: datetime | None = None
    tried: bool = True
    failed: bool = False
    decision: str = ""
    contact: Contact | None = None
    linked_id: str = ""
    """The contact as our link has it, where Intercom was not asked."""
    matches: Sequence[str] = ()
    sent: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    exchanges: Sequence[Exchange] = ()
    error: Exception | None = None
    drop_link: bool = False

    @property
    def contact_id(self) -> str:
        return self.contact.id if self.contact else self.linked_id

    @property
    def remembers(self) -> bool:
        """Whether the contact is now known to be this email's."""
        return self.contact is not None and self.state in {State.CREATED, State.UPDATED, State.SKIPPED}


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
        ready = [row for row in rows if _still_here(row, lease=lease)]
        for row in ready:
            job, intent = jobs[row.pk]
            row.state, row.reason, row.due_at = State.SENDING, Reason.SENDING, None
            row.connection_id, row.email = lease.connection_id, job.email
            row.intent, row.intent_at, row.lease_token = intent, now, lease.token
            row.settings_revision = job.settings.revision
        Delivery.objects.bulk_update(
            ready,
            INTENT_FIELDS,
        )
    return {row.pk for row in ready}


def _still_here(row: Delivery, *, lease: Lease) -> bool:
    if row.state != State.WAITING:
        return row.connection_id == lease.connection_id
    return row.settings is not None and row.settings.connection_id == lease.connection_id


def record(results: Collection[Result], *, lease: Lease) -> None:
    """Stores attempts, links and new states. Raises LeaseLostError, and has then stored nothing."""
    if not results:
        return
    with transaction.atomic():
        lease.renew()
        now = timezone.now()
        _forget_links(results, connection_id=lease.connection_id)
        _remember_links(results, connection_id=lease.connection_id, now=now)
        kept = _update_deliveries(results, connection_id=lease.connection_id, now=now)
        Attempt.objects.bulk_create(
            _attempt(result, connection_id=lease.connection_id, now=now)
            for result in results
            if result.tried and result.job.delivery_id in kept
        )


def _update_deliveries(results: Collection[Result], *, connection_id: int, now: datetime) -> Collection[int]:
    by_id = {result.job.delivery_id: result for result in results}
    rows = list(Delivery.objects.select_for_update().filter(pk__in=by_id, state__in=OPEN))
    for row in rows:
        _apply(by_id[row.pk], row, connection_id=connection_id, now=now)
    Delivery.objects.bulk_update(rows, DELIVERY_FIELDS)
    return {row.pk for row in rows}


def _apply(result: Result, row: Delivery, *, connection_id: int, now: datetime) -> None:
    row.state, row.reason, row.due_at = result.state, result.reason, result.due_at
    row.lease_token = None
    if result.state not in {State.WAITING, State.UNCERTAIN}:
        row.connection_id, row.email = connection_id, result.job.email
        row.settled_at = now
    row.contact_id = result.contact_id or row.contact_id
    if result.tried:
        row.attempts += 1
        row.failing_since = (row.failing_since or now) if result.failed else None
        row.message = vendor_message(_vendor_message(result.error), keep=[result.job.email])
        row.settings_revision = result.job.settings.revision
    if result.state in {State.CREATED, State.UPDATED}:
        row.incomplete = any(note.left_out for note in _notes(result))


def _attempt(result: Result, *, connection_id: int, now: datetime) -> Attempt:
    last = result.exchanges[-1] if result.exchanges else None
    error = result.error if isinstance(result.error, IntercomError) else None
    return Attempt(
        delivery_id=result.job.delivery_id,
        connection_id=connection_id,
        settings_revision=result.job.settings.revision,
        started_at=result.exchanges[0].started_at if result.exchanges else now,
        duration_ms=sum(exchange.duration_ms for exchange in result.exchanges),
        decision=result.decision,
        state=result.state.value,
        reason=result.reason.value,
        status=last.status if last else None,
        code=error.code[:100] if error else "",
        message=vendor_message(_vendor_message(result.error), keep=[result.job.email]),
        request_id=last.request_id[:100] if last else "",
        contact_id=result.contact_id,
        calls=[_call(exchange) for exchange in result.exchanges],
        matches=list(result.matches),
        sent=sent_fields(result.sent),
        received=_received(result),
        before=dict(result.before),
        after=dict(result.after),
        notes=[_note(note) for note in _notes(result)],
    )


def _vendor_message(error: Exception | None) -> str:
    return error.vendor_message if isinstance(error, IntercomError) else ""


def _received(result: Result) -> dict[str, Any]:
    if result.contact is None:
        return {}
    keys = {*result.job.mapped.standard, *(f"custom_attributes.{name}" for name in result.job.mapped.custom)}
    return received_contact(result.contact, keys=keys)


def _call(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "ms": exchange.duration_ms,
        "request_id": exchange.request_id,
    }


def _notes(result: Result) -> Sequence[Note]:
    return result.job.mapped.notes


def _note(note: Note) -> dict[str, Any]:
    return {"code": note.code.value, "target": note.target, "params": dict(note.params)}


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
