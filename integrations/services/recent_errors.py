"""The last errors of a tab, for somebody who helps: Intercom's words without anybody's data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from integrations.logic.redact import vendor_message
from integrations.logic.states import Reason, State
from integrations.models import Attempt, SyncSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaigns.models import Participant

SHOWN = 10
LOOKED_BACK = timedelta(days=14)
"""Older ones help nobody, and looking for them would read the whole log."""

SHORTEST = 2
"""Characters of a name that is worth masking: a letter would be masked everywhere."""

PERSONAL = ("first_name", "last_name", "full_name", "email", "phone", "company", "referral_code")


@dataclass(frozen=True, slots=True)
class TroubleLine:
    """One try that went wrong. `message` names nobody."""

    at: datetime
    reason: Reason
    status: int | None
    message: str
    request_id: str


def recent_errors(row: SyncSettings) -> list[TroubleLine]:
    """The newest first. One query."""
    wrong = Q(status__gte=400) | Q(state=State.NEEDS_ATTENTION) | Q(reason=Reason.RETRY)
    since = timezone.now() - LOOKED_BACK
    tries = Attempt.objects.filter(wrong, delivery__settings=row, started_at__gte=since)
    found = tries.select_related("delivery__participant__referrer").order_by("-started_at", "-pk")[:SHOWN]
    return [_line(attempt) for attempt in found]


def _line(attempt: Attempt) -> TroubleLine:
    return TroubleLine(
        at=attempt.started_at,
        reason=Reason(attempt.reason),
        status=attempt.status,
        message=without_persons(vendor_message(attempt.message), attempt=attempt),
        request_id=attempt.request_id,
    )


def without_persons(text: str, *, attempt: Attempt) -> str:
    """The text without what is known of the person, of whoever brought them in, and of the contact."""
    words = sorted(_known_of(attempt), key=len, reverse=True)
    if not words:
        return text
    pattern = "|".join(re.escape(word) for word in words)
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "[person]", text, flags=re.IGNORECASE)


def _known_of(attempt: Attempt) -> set[str]:
    person = attempt.delivery.participant
    values = [*_of_person(person), *_of_person(person.referrer), *_texts(person.custom)]
    for kept in (attempt.sent, attempt.received, attempt.before, attempt.after):
        values += _texts(kept)
    return {value.strip() for value in values if len(value.strip()) >= SHORTEST}


def _of_person(person: Participant | None) -> Iterator[str]:
    if person is not None:
        yield from (str(getattr(person, name)) for name in PERSONAL)


def _texts(kept: Mapping[str, Any]) -> Iterator[str]:
    yield from (value for value in kept.values() if isinstance(value, str))
