"""What must have become of a lead: worked out from Intercom's books and the scene, never from our rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.logic.states import State
from integrations.logic.types import Policy, Role
from tests.chaos.people import Before, Lead, Person

if TYPE_CHECKING:
    from tests.chaos.books import Books


@dataclass(frozen=True, slots=True)
class Expected:
    """Where a delivery must stand. `archived`: because its contact is in Intercom's archive."""

    state: State
    contact_id: str
    archived: bool = False


def expected_of(person: Person, lead: Lead, *, books: Books) -> Expected | None:
    """None when nothing was ever made for this lead, nor was there anything to find: it is lost."""
    made = books.made_for(person)
    own = next((each for each in made if tag_of(each.written) == lead.tag), None)
    if own is not None:
        return Expected(State.CREATED, own.contact)
    skips = lead.panel.policy is Policy.SKIP
    known = books.known(person)
    if person.before is Before.ARCHIVED and lead.panel.role is Role.USER:
        return Expected(State.SKIPPED if skips else State.NEEDS_ATTENTION, known[-1], archived=True)
    if person.before.findable:
        # Of two contacts the user is the one meant; it was added after the lead.
        return Expected(State.SKIPPED if skips else State.UPDATED, known[-1])
    if made:
        return Expected(State.SKIPPED if skips else State.UPDATED, made[0].contact)
    return None


def tag_of(body: Any) -> str:
    """The tag in what a call wrote; "" without one."""
    custom = body.get("custom_attributes") if isinstance(body, dict) else None
    return str(custom.get("lead_source", "")) if isinstance(custom, dict) else ""
