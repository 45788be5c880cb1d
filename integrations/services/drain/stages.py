"""The stages of one lead on its way through a drain, as values. No decisions, no database, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from integrations.intercom.exchange import Exchange
from integrations.logic.bodies import Change
from integrations.logic.duplicates import Decision, Step
from integrations.logic.states import Intent, Reason, State
from integrations.logic.types import Contact
from integrations.services.drain.jobs import Job
from integrations.services.drain.results import Result
from integrations.services.drain.verdicts import Trouble

NOBODY = Decision(Step.CREATE, Reason.NEW)


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and how long Intercom's search may take to show what was written."""

    now: datetime
    search_lag: timedelta


@dataclass(frozen=True, slots=True)
class InHand:
    """A job on its way, with all that was learned so far. `refused`: fields, and Intercom's words."""

    job: Job
    exchanges: tuple[Exchange, ...] = ()
    decision: Decision = NOBODY
    change: Change = field(default_factory=Change)
    stale_link: bool = False
    refused: tuple[tuple[str, str], ...] = ()

    def learned(self, exchanges: tuple[Exchange, ...], *, decision: Decision | None = None) -> InHand:
        together = (*self.exchanges, *exchanges)
        return replace(self, exchanges=together, decision=decision or self.decision)


@dataclass(frozen=True, slots=True)
class Search:
    """Next: look for the email."""

    hand: InHand


@dataclass(frozen=True, slots=True)
class Read:
    """Next: read the contact that our link, or a person's order, names."""

    hand: InHand
    contact_id: str


@dataclass(frozen=True, slots=True)
class Write:
    """Next: send `body`, to `contact_id` or, without one, as a new contact."""

    hand: InHand
    intent: Intent
    body: Mapping[str, Any]
    contact_id: str = ""

    @property
    def creates(self) -> bool:
        return self.intent is not Intent.UPDATE

    @property
    def writes(self) -> Mapping[str, Any]:
        """The fields that are about to be written, by full name, each with what it will be."""
        if not self.creates:
            return self.hand.change.after
        job = self.hand.job
        return job.mapped.by_full_name | {"role": job.settings.role.value}


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of this try, and what the failure says about the workspace."""

    result: Result
    trouble: Trouble


Next = Search | Read | Write | Failed | Result


def ended(
    hand: InHand,
    state: State,
    reason: Reason,
    *,
    due_at: datetime | None = None,
    tried: bool = True,
    contact: Contact | None = None,
    linked_id: str = "",
    sent: Mapping[str, Any] | None = None,
) -> Result:
    """The end of a try, with everything that was learned on the way."""
    return Result(
        job=hand.job,
        state=state,
        reason=reason,
        due_at=due_at,
        tried=tried,
        decision=hand.decision.kind.value,
        contact=contact,
        linked_id=linked_id,
        matches=hand.decision.matches,
        sent=sent or {},
        exchanges=hand.exchanges,
        drop_link=hand.stale_link,
        refused=hand.refused,
    )
