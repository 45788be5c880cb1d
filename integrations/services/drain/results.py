"""How one try of one delivery ended, and the line that the log gets of it. Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.intercom.errors import IntercomError
from integrations.intercom.exchange import Exchange
from integrations.logic.notes import FIELD_PROBLEMS, Note
from integrations.logic.redact import received_contact, sent_fields, vendor_message
from integrations.logic.states import Reason, State
from integrations.logic.types import CUSTOM, Contact
from integrations.models import Attempt
from integrations.services.drain.jobs import Job


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
    refused: Sequence[tuple[str, str]] = ()
    """Fields that Intercom refused, by full name, each with its words."""

    @property
    def contact_id(self) -> str:
        return self.contact.id if self.contact else self.linked_id

    @property
    def remembers(self) -> bool:
        """Whether the contact is now known to be this email's."""
        return self.contact is not None and self.state in {State.CREATED, State.UPDATED, State.SKIPPED}

    @property
    def message(self) -> str:
        """Intercom's own words, fit to be stored and shown."""
        words = self.error.vendor_message if isinstance(self.error, IntercomError) else ""
        return vendor_message(words, keep=[self.job.email])

    @property
    def incomplete(self) -> bool:
        """Whether a mapped field could not be written, through no fault of the person's values."""
        return any(note.code in FIELD_PROBLEMS for note in self.job.mapped.notes)


def as_attempt(result: Result, *, connection_id: int, now: datetime) -> Attempt:
    """The unsaved log line: allow-lists decide what of the exchange may be in it."""
    last = result.exchanges[-1] if result.exchanges else None
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
        code=getattr(result.error, "code", "")[:100],
        message=result.message,
        request_id=last.request_id[:100] if last else "",
        contact_id=result.contact_id,
        calls=[_call(exchange) for exchange in result.exchanges],
        matches=list(result.matches),
        sent=sent_fields(result.sent),
        received=_received(result),
        before=dict(result.before),
        after=dict(result.after),
        notes=[_note(note) for note in result.job.mapped.notes],
    )


def _received(result: Result) -> dict[str, Any]:
    if result.contact is None:
        return {}
    mapped = result.job.mapped
    return received_contact(
        result.contact, keys={*mapped.standard, *(CUSTOM + name for name in mapped.custom)}
    )


def _call(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "ms": exchange.duration_ms,
        "request_id": exchange.request_id,
    }


def _note(note: Note) -> dict[str, Any]:
    return {"code": note.code.value, "target": note.target, "params": dict(note.params)}
