"""Where a test lead stands, what it may hear, and what its next call writes. Calls nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from integrations.logic.bodies import Mapped, create_body, split
from integrations.logic.targets import EMAIL
from integrations.logic.trial_findings import Finding, Outcome, passed

if TYPE_CHECKING:
    from integrations.logic.types import Contact, Role

AT_ONCE = timedelta(0)


class Step(StrEnum):
    """What is to be done next."""

    CREATE = "create"
    """Create the contact with everything that is mapped."""
    CREATE_BARE = "create_bare"
    """Intercom refused that: create it with its email alone."""
    WRITE = "write"
    """Write the next field, alone, to find out which ones are refused."""
    READ = "read"
    DELETE = "delete"
    LOOK = "look"
    """The create was never answered: search for the contact and delete what is found."""
    END = "end"


CREATES = frozenset({Step.CREATE, Step.CREATE_BARE})
CLEANS_UP = frozenset({Step.DELETE, Step.LOOK})


class Failure(StrEnum):
    """Why a test ended before every field was looked at."""

    NONE = ""
    NO_ACCESS = "no_access"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    """Even with its email alone."""
    TOGETHER = "together"
    """Each field is taken alone, but not all of them at once."""
    UNREACHABLE = "unreachable"
    """No request ever left."""
    UNCERTAIN = "uncertain"
    """The create was never answered."""
    NO_ANSWER = "no_answer"
    GONE = "gone"
    """Somebody or something took the contact away while it was tested."""
    EXPIRED = "expired"
    """Nobody started it in time."""
    MOVED = "moved"
    """The campaign left the workspace meanwhile."""
    INTERNAL = "internal"
    """A bug of ours."""


class Heard(StrEnum):
    """How a call ended, as far as a test is concerned."""

    DONE = "done"
    REFUSED = "refused"
    GONE = "gone"
    NO_ACCESS = "no_access"
    FORBIDDEN = "forbidden"
    STAYED = "stayed"
    """It had no effect, through no fault of its own: not its turn, or a rate limit."""
    UNREACHABLE = "unreachable"
    LOST = "lost"
    """It may have had its effect."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `message`: Intercom's own words, fit to be stored and shown."""

    heard: Heard
    contact: Contact | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a test stands; `wait` is until its next step."""

    step: Step
    findings: tuple[Finding, ...]
    contact_id: str = ""
    tries: int = 0
    looks: int = 0
    failure: Failure = Failure.NONE
    message: str = ""
    wait: timedelta = AT_ONCE

    @property
    def tested(self) -> bool:
        """Whether there is a verdict: all that is left is to clean up."""
        return self.step in CLEANS_UP or self.step is Step.END

    @property
    def pending(self) -> list[Finding]:
        """What was not written yet."""
        return [finding for finding in self.findings if finding.outcome is Outcome.PENDING]

    @property
    def passed(self) -> bool:
        return not self.failure and passed(self.findings)


def body_of(course: Course, *, email: str, role: Role) -> dict[str, Any]:
    """What the next call writes: the body of a create, or of an update with one field."""
    pending = {f.target: f.sent for f in course.pending if f.sent is not None}
    if course.step is Step.WRITE:
        pending = dict(list(pending.items())[:1])
        standard, custom = split(pending)
        return {**standard, **({"custom_attributes": custom} if custom else {})}
    standard, custom = split(pending if course.step is Step.CREATE else {})
    return create_body(Mapped({**standard, EMAIL: email}, custom), role=role)
