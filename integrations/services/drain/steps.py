"""From what Intercom answered to what comes next for one lead. Decides only: no database, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from integrations.logic.duplicates import Decision, Step, decide, matching
from integrations.logic.mapping import Change, create_body, update_change
from integrations.logic.states import Intent, Reason, State
from integrations.logic.types import Contact, Policy, Role
from integrations.services.drain.results import Result
from integrations.services.drain.verdicts import Circumstances, Verdict, judge

if TYPE_CHECKING:
    from integrations.intercom.exchange import Exchange
    from integrations.services.drain.calls import Found, Written
    from integrations.services.drain.jobs import Job

NOBODY = Decision(Step.CREATE, Reason.NEW)


@dataclass(frozen=True, slots=True)
class InHand:
    """A job on its way, with all that was learned so far."""

    job: Job
    exchanges: tuple[Exchange, ...] = ()
    decision: Decision = NOBODY
    change: Change = field(default_factory=Change)
    stale_link: bool = False

    def learned(self, exchanges: tuple[Exchange, ...]) -> InHand:
        return replace(self, exchanges=(*self.exchanges, *exchanges))


@dataclass(frozen=True, slots=True)
class Search:
    """Next: look for the email."""

    hand: InHand


@dataclass(frozen=True, slots=True)
class Read:
    """Next: read the contact that our link names."""

    hand: InHand
    contact_id: str


@dataclass(frozen=True, slots=True)
class Write:
    """Next: send `body`, to `contact_id` or, without one, as a new contact."""

    hand: InHand
    intent: Intent
    body: Mapping[str, Any]
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of this try, and what the failure says about the workspace."""

    result: Result
    verdict: Verdict


Next = Search | Read | Write | Failed | Result


def first_step(job: Job, *, now: datetime, search_lag: timedelta) -> Next:
    """Where a job begins: with our own memory, since Intercom's search lags."""
    hand = InHand(job)
    if job.broken:
        return _end(hand, State.NEEDS_ATTENTION, Reason.INTERNAL_ERROR)
    if not job.email:
        return _end(hand, State.NEEDS_ATTENTION, Reason.NOT_AN_EMAIL)
    if job.link is None:
        return Search(hand)
    fresh = job.link.confirmed_at > now - search_lag
    if fresh and job.settings.policy is Policy.SKIP:
        result = _end(hand, State.SKIPPED, Reason.EXISTS, decision=Step.SKIP)
        return replace(result, linked_id=job.link.contact_id, matches=(job.link.contact_id,))
    return Read(hand, contact_id=job.link.contact_id)


def after_reading(hand: InHand, found: Found, *, now: datetime, search_lag: timedelta) -> Next:
    """The linked contact is read; one that is gone, or is somebody else's by now, is looked for anew."""
    if not found.error and not matching(found.contacts, email=hand.job.email):
        return Search(replace(hand.learned(found.exchanges), stale_link=True))
    return after_searching(hand, found, now=now, search_lag=search_lag)


def after_searching(hand: InHand, found: Found, *, now: datetime, search_lag: timedelta) -> Next:
    hand = hand.learned(found.exchanges)
    if found.error is not None:
        return _failed(hand, found.error, creating=None, now=now, search_lag=search_lag, writing=False)
    job = hand.job
    decision = decide(
        found.contacts,
        email=job.email,
        policy=job.settings.policy,
        external_id=job.external_id,
        unanswered=job.unanswered,
    )
    if job.moved and decision.kind not in {Step.ADOPT, Step.CHOOSE}:
        # Not ours, so nothing has left here: it starts anew where it belongs now.
        return _end(hand, State.WAITING, Reason.QUEUED, due_at=now, tried=False)
    return _decided(replace(hand, decision=decision))


def _decided(hand: InHand) -> Next:
    job, decision = hand.job, hand.decision
    match decision.kind, decision.contact:
        case Step.ADOPT, contact:
            return _end(hand, State.CREATED, Reason.OURS, contact=contact)
        case Step.SKIP, contact:
            return _end(hand, State.SKIPPED, Reason.EXISTS, contact=contact)
        case Step.UPDATE, Contact() as contact:
            change = update_change(job.mapped, contact=contact)
            if not change.body:
                return _end(hand, State.UPDATED, Reason.SAME_VALUES, contact=contact)
            return Write(replace(hand, change=change), Intent.UPDATE, change.body, contact.id)
        case Step.CREATE, _:
            role = job.settings.role
            intent = Intent.CREATE_USER if role is Role.USER else Intent.CREATE_LEAD
            return Write(hand, intent, create_body(job.mapped, role=role))
        case _:
            return _end(hand, State.NEEDS_ATTENTION, Reason.SEVERAL_MATCHES)


def after_writing(write: Write, written: Written, *, now: datetime, search_lag: timedelta) -> Next:
    hand = write.hand.learned(written.exchanges)
    if written.existing is not None:
        return _stood_in_the_way(hand, written.existing)
    if written.error is not None:
        creating = None if write.intent is Intent.UPDATE else hand.job.settings.role
        ended = _failed(hand, written.error, creating=creating, now=now, search_lag=search_lag, writing=True)
        return replace(ended, result=replace(ended.result, sent=write.body))
    if write.intent is Intent.UPDATE:
        result = _end(hand, State.UPDATED, Reason.EXISTS, contact=written.contact)
        return replace(result, sent=write.body, before=hand.change.before, after=hand.change.after)
    return replace(_end(hand, State.CREATED, Reason.NEW, contact=written.contact), sent=write.body)


def _stood_in_the_way(hand: InHand, existing: Contact) -> Next:
    """Intercom refused a create and named this contact: it is the match, whatever search shows.

    It may carry another email: Intercom also refuses a second user of one external id.
    """
    job = hand.job
    same = replace(existing, email=job.email)
    decision = decide([same], email=job.email, policy=job.settings.policy, unanswered=job.unanswered)
    return _decided(replace(hand, decision=decision))


def after_a_crash(
    step: Search | Read | Write, error: Exception, *, now: datetime, search_lag: timedelta
) -> Failed:
    """A bug of ours on the way: nobody is lost for it. What may have left is in doubt."""
    writing = isinstance(step, Write)
    creates = isinstance(step, Write) and step.intent is not Intent.UPDATE
    role = step.hand.job.settings.role if creates else None
    return _failed(step.hand, error, creating=role, now=now, search_lag=search_lag, writing=writing)


def _failed(
    hand: InHand,
    error: Exception,
    *,
    creating: Role | None,
    now: datetime,
    search_lag: timedelta,
    writing: bool,
) -> Failed:
    job = hand.job
    at = Circumstances(
        creating=creating,
        policy=job.settings.policy,
        attempts=job.attempts,
        failing_since=job.failing_since,
        now=now,
        search_lag=search_lag,
    )
    verdict = judge(error, at=at)
    as_before = State.UNCERTAIN if job.unanswered and not writing else State.WAITING
    state = verdict.state or as_before
    due_at = now + (verdict.wait or timedelta(0)) if state in {State.WAITING, State.UNCERTAIN} else None
    reason = Reason.UNCERTAIN if state is State.UNCERTAIN else verdict.reason
    result = _end(hand, state, reason, due_at=due_at, tried=verdict.counts)
    result = replace(result, failed=True, error=error, drop_link=verdict.drop_link or hand.stale_link)
    return Failed(result, verdict)


def _end(
    hand: InHand,
    state: State,
    reason: Reason,
    *,
    due_at: datetime | None = None,
    tried: bool = True,
    contact: Contact | None = None,
    decision: Step | None = None,
) -> Result:
    return Result(
        job=hand.job,
        state=state,
        reason=reason,
        due_at=due_at,
        tried=tried,
        decision=(decision or hand.decision.kind).value,
        contact=contact,
        matches=hand.decision.matches,
        exchanges=hand.exchanges,
        drop_link=hand.stale_link,
    )
