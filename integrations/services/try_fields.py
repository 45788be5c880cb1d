"""The fields of one try: what was sent, what Intercom showed then, and what did not go. Asks no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.logic.duplicates import Step
from integrations.logic.states import State
from integrations.logic.targets import EMAIL
from integrations.logic.types import CUSTOM
from integrations.services.explain import note_in_words

if TYPE_CHECKING:
    from integrations.models import Attempt
    from integrations.services.field_names import Names

ROLE = "role"
DELIVERED = (State.CREATED, State.UPDATED)
NOT_MAPPED = frozenset({"id", ROLE, "created_at", "updated_at", EMAIL})
"""What comes back of every contact, and was not to be written."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One field that was sent. `before` is None where a new contact was to be created, `shows` is what
    Intercom's answer shows instead, None where it shows what was sent or there is no answer."""

    label: str
    value: str
    before: str | None
    shows: str | None = None


def arrived(attempt: Attempt) -> bool:
    """Whether Intercom answered a write with the contact as it is then."""
    return bool(attempt.sent and attempt.received) and attempt.state in DELIVERED


def sent_fields(attempt: Attempt, *, names: Names) -> Iterator[Sent]:
    """The email first, then the other fields of Intercom's own; the database keeps no order."""
    updates, answered = bool(attempt.before), arrived(attempt)
    for target in sorted(attempt.sent.keys() - {ROLE}, key=_place):
        sent = attempt.sent[target]
        before = names.value(attempt.before.get(target), target) if updates else None
        shows = attempt.received.get(target, sent) if answered else sent
        differs = shows != sent and names.value(shows, target) != names.value(sent, target)
        yield Sent(
            names.target(target),
            names.value(sent, target),
            before,
            shows=names.value(shows, target) if differs else None,
        )


def remarks(attempt: Attempt, *, names: Names) -> Iterator[str]:
    """What did not go, and why; then what was left as it was."""
    for note in attempt.notes:
        remark = note_in_words(note, field=names.target(str(note.get("target", ""))))
        said = (note.get("params") or {}).get("message")
        yield (
            _("%(remark)s Intercom says: “%(message)s”") % {"remark": remark, "message": said}
            if said
            else remark
        )
    kept = [names.target(target) for target in sorted(_kept(attempt), key=_place)]
    if kept:
        text = ngettext(
            "Left as it was, because the contact has a value there: %(fields)s.",
            "Left as they were, because the contact has values there: %(fields)s.",
            len(kept),
        )
        yield text % {"fields": ", ".join(kept)}


def _kept(attempt: Attempt) -> set[str]:
    """Mapped fields that an update did not have to, or was not to, write."""
    if attempt.decision != Step.UPDATE or attempt.state not in DELIVERED:
        return set()
    noted = {str(note.get("target", "")) for note in attempt.notes}
    full: set[str] = {target for target, value in attempt.received.items() if value not in (None, "")}
    return full - set(attempt.sent) - noted - NOT_MAPPED


def _place(target: str) -> tuple[bool, bool, str]:
    return target.startswith(CUSTOM), target != EMAIL, target
