"""What a failed call means for a lead and for its workspace: the table of failure classes, and no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from integrations.intercom.errors import (
    AuthError,
    ConflictError,
    ForbiddenError,
    MergedError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from integrations.logic.backoff import gives_up, retry_after
from integrations.logic.states import Reason, State
from integrations.logic.types import Policy, Role
from integrations.services.drain.calls import NotSentError

AT_ONCE = timedelta(0)


class Trouble(StrEnum):
    """What a failure says about the whole workspace."""

    NONE = ""
    RECONNECT = "reconnect"
    RATE_LIMIT = "rate_limit"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the lead stands now. `wait` is until the next try; `state` None means: as it stood before.

    `counts`: this was a try that failed, and not just bad luck of the whole workspace.
    """

    state: State | None
    reason: Reason
    wait: timedelta | None = None
    counts: bool = True
    trouble: Trouble = Trouble.NONE
    drop_link: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a verdict depends on besides the failure. `creating`: the role of a create that had left."""

    creating: Role | None
    policy: Policy
    attempts: int
    failing_since: datetime | None
    now: datetime
    search_lag: timedelta
    in_doubt: bool = False
    """An earlier create of ours is being looked for."""


def judge(error: Exception, *, at: Circumstances) -> Verdict:
    """The table of failure classes, row by row."""
    match error:
        case NotSentError():
            return _back(Trouble.NONE)
        case AuthError() | ForbiddenError():
            return _back(Trouble.RECONNECT)
        case RateLimitedError():
            return _back(Trouble.RATE_LIMIT)
        case _ if at.in_doubt and at.creating is None:
            return _again(at, creating=None)
        case ConflictError(archived=True):
            skips = at.policy is Policy.SKIP
            return Verdict(State.SKIPPED if skips else State.NEEDS_ATTENTION, Reason.ARCHIVED)
        case ConflictError(contact_id=None):
            return Verdict(State.NEEDS_ATTENTION, Reason.NO_ID_IN_CONFLICT)
        case NotFoundError() | MergedError():
            # Search may show for minutes what is gone: asking at once would pester Intercom till then.
            return replace(_again(at, creating=None), drop_link=True)
        case RejectedError():
            blocked = error.code == "not_restorable"
            return Verdict(State.NEEDS_ATTENTION, Reason.NOT_RESTORABLE if blocked else Reason.REJECTED)
        case TransientError(maybe_acted=False) | ConflictError():
            return _again(at, creating=None)
        case _:
            return _again(at, creating=at.creating)


def _back(trouble: Trouble) -> Verdict:
    """Nothing happened to this lead: it stands where it stood."""
    return Verdict(None, Reason.QUEUED, wait=AT_ONCE, counts=False, trouble=trouble)


def _again(at: Circumstances, *, creating: Role | None) -> Verdict:
    """Later, by itself. What may have been created is looked for once search can show it.

    Posting a user again is safe, since Intercom refuses a second one; a second lead it would take.
    """
    if at.failing_since is not None and gives_up(at.failing_since, now=at.now):
        reason = Reason.GAVE_UP_IN_DOUBT if at.in_doubt or creating is not None else Reason.GAVE_UP
        return Verdict(State.NEEDS_ATTENTION, reason)
    wait = retry_after(at.attempts + 1)
    if creating is None:
        return Verdict(None, Reason.RETRY, wait=wait)
    if creating is Role.LEAD:
        wait = max(wait, at.search_lag)
    return Verdict(State.UNCERTAIN, Reason.UNCERTAIN, wait=wait)
