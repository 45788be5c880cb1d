"""Decides between create, update and skip from the contacts that Intercom has. Never asks Intercom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from integrations.logic.states import Reason
from integrations.logic.text import normal_email
from integrations.logic.types import Contact, Policy, Role

CLOCK_SKEW = 60
"""Seconds by which Intercom's clock may be behind ours."""


class Step(StrEnum):
    """What to do about one person."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    ADOPT = "adopt"
    CHOOSE = "choose"
    UNDO = "undo"
    """Put back what we wrote over; never decided here, only ordered."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A create of ours that left and was never answered: when (Unix seconds) and in which role."""

    at: int
    role: Role


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, with which contact, and why.

    `contact` is None for CREATE and CHOOSE. `matches` are the ids of all contacts with this email; for
    CHOOSE only of those between which a person chooses.
    """

    kind: Step
    why: Reason
    contact: Contact | None = None
    matches: tuple[str, ...] = ()


def choose(contacts: Sequence[Contact], *, email: str, external_id: str | None = None) -> Contact | None:
    """The contact that is meant by this email, None if none has it.

    A fixed rule: the one with our external id, then a user before a lead, then the one updated last, then
    the smallest id. The order in which Intercom listed them plays no part.
    """
    return min(matching(contacts, email=email), key=lambda c: _rank(c, external_id=external_id), default=None)


def decide(
    contacts: Sequence[Contact],
    *,
    email: str,
    policy: Policy,
    external_id: str | None = None,
    unanswered: Unanswered | None = None,
) -> Decision:
    """What to do about one person, given every contact that a search or our links found.

    With an unanswered create, a contact created since then in its role is ours: it is adopted whatever
    the policy says, since that is about contacts that were there before. Several: a person chooses.
    """
    found = matching(contacts, email=email)
    ours = [c for c in found if unanswered and _is_ours(c, unanswered=unanswered)]
    if len(ours) > 1:
        return Decision(Step.CHOOSE, Reason.SEVERAL_MATCHES, matches=_ids(ours))
    if ours:
        return Decision(Step.ADOPT, Reason.OURS, ours[0], _ids(found))
    contact = choose(found, email=email, external_id=external_id)
    if contact is None:
        return Decision(Step.CREATE, Reason.NEW)
    step = Step.UPDATE if policy is Policy.UPDATE else Step.SKIP
    return Decision(step, Reason.EXISTS, contact, _ids(found))


def matching(contacts: Sequence[Contact], *, email: str) -> list[Contact]:
    """The contacts with this email, compared without case, each id once."""
    wanted = normal_email(email) if contacts else ""
    same = [c for c in contacts if wanted and c.email and normal_email(c.email) == wanted]
    return list({c.id: c for c in same}.values())


def _rank(contact: Contact, *, external_id: str | None) -> tuple[bool, bool, int, str]:
    known = bool(external_id) and contact.external_id == external_id
    return (not known, contact.role != Role.USER, -contact.updated_at, contact.id)


def _is_ours(contact: Contact, *, unanswered: Unanswered) -> bool:
    return contact.role == unanswered.role and contact.created_at >= unanswered.at - CLOCK_SKEW


def _ids(contacts: Sequence[Contact]) -> tuple[str, ...]:
    return tuple(sorted(c.id for c in contacts))
