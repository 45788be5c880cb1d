"""How one try of one delivery ended, and the line that the log gets of it. Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.intercom.errors import IntercomError
from integrations.intercom.exchange import Exchange
from integrations.logic.notes import FIELD_PROBLEMS, Note, NoteCode
from integrations.logic.redact import received_contact, sent_fields, vendor_message
from integrations.logic.states import Reason, State
from integrations.logic.text import normal_email
from integrations.logic.types import CUSTOM, Contact
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
    """Fields that Intercom refused, by full name, each with its words, which name nobody."""

    @property
    def contact_id(self) -> str:
        return self.contact.id if self.contact else self.linked_id

    @property
    def remembers(self) -> bool:
        """Whether the contact is now known to be this email's. One that an order names may have another."""
        if self.contact is None or self.state not in {State.CREATED, State.UPDATED, State.SKIPPED}:
            return False
        return not self.contact.email or normal_email(self.contact.email) == self.job.email

    @property
    def message(self) -> str:
        """Intercom's own words, fit to be stored and shown."""
        words = self.error.vendor_message if isinstance(self.error, IntercomError) else ""
        return vendor_message(words, keep=[self.job.email], others=self.job.others)

    @property
    def incomplete(self) -> bool:
        """Whether a mapped field could not be written, through no fault of the person's values."""
        lacking = FIELD_PROBLEMS | {NoteCode.WAS_LEFT_OUT}
        return any(note.code in lacking for note in self.job.mapped.notes)


ATTEMPT_FIELDS = (
    "delivery",
    "connection",
    "settings_revision",
    "started_at",
    "duration_ms",
    "decision",
    "state",
    "reason",
    "status",
    "code",
    "message",
    "request_id",
    "contact_id",
    "calls",
    "matches",
    "sent",
    "received",
    "before",
    "after",
    "notes",
)


def as_attempt(result: Result, *, connection_id: int, now: datetime) -> tuple[Any, ...]:
    """The log line, a value for each of ATTEMPT_FIELDS. Allow-lists decide what of the exchange is in it."""
    exchanges, job = result.exchanges, result.job
    last = exchanges[-1] if exchanges else None
    return (
        job.delivery_id,
        connection_id,
        job.settings.revision,
        exchanges[0].started_at if exchanges else now,
        sum(exchange.duration_ms for exchange in exchanges),
        result.decision,
        result.state.value,
        result.reason.value,
        last.status if last else None,
        getattr(result.error, "code", "")[:100],
        result.message,
        last.request_id[:100] if last else "",
        result.contact_id,
        [_call(exchange) for exchange in exchanges],
        list(result.matches),
        sent_fields(result.sent),
        _received(result),
        dict(result.before),
        dict(result.after),
        [_note(note) for note in job.mapped.notes],
    )


def _received(result: Result) -> dict[str, Any]:
    if result.contact is None:
        return {}
    mapped = result.job.mapped
    custom = (CUSTOM + name for name in mapped.custom)
    return received_contact(result.contact, keys={*mapped.standard, *custom, *result.after})


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
