"""What tells several contacts of one email apart, asked of Intercom for who has to choose. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from integrations.intercom.errors import IntercomError
from integrations.intercom.hurry import PATIENCE, HurriedSession
from integrations.models import SecretUnreadableError
from integrations.services.access import asking
from integrations.services.vendor_words import cannot_ask, failure_in_words

if TYPE_CHECKING:
    from integrations.logic.types import Contact
    from integrations.models import IntercomConnection


@dataclass(frozen=True, slots=True)
class Seen:
    """A contact as it is now. Times are aware, in UTC; None where Intercom names none."""

    role: str
    name: str
    created_at: datetime | None
    updated_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Those that were found, by id, or a sentence that says why we do not know (`trouble`)."""

    found: Mapping[str, Seen] = field(default_factory=dict)
    trouble: str = ""


def compare(
    connection: IntercomConnection, *, email: str, ids: Sequence[str], seconds: float = PATIENCE
) -> Compared:
    """One search by the email, which is in its one spelling. What it does not show is archived, deleted,
    merged, or has another email by now.

    Ends within so many seconds, and never raises for what Intercom does.
    """
    if refusal := cannot_ask(connection):
        return Compared(trouble=refusal)
    try:
        with HurriedSession(seconds=seconds) as session, asking(connection, session=session) as client:
            contacts = client.search_contacts([email]).value
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        return Compared(trouble=failure_in_words(err, keep=[email]))
    return Compared({one.id: _seen(one) for one in contacts if one.id in ids})


def _seen(contact: Contact) -> Seen:
    return Seen(
        role=contact.role,
        name=contact.name or "",
        created_at=_moment(contact.created_at),
        updated_at=_moment(contact.updated_at),
        last_seen_at=_moment(contact.value("last_seen_at")),
    )


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
