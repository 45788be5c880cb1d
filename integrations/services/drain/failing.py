"""What becomes of a lead whose call failed. Decides only: no database, no HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from integrations.intercom.errors import ConflictError, RejectedError, TransientError
from integrations.logic.bodies import create_body, update_change
from integrations.logic.notes import Note, NoteCode
from integrations.logic.redact import vendor_message
from integrations.logic.refusals import refused_target
from integrations.logic.states import Order, Reason, State
from integrations.logic.types import Role
from integrations.services.drain.results import Result
from integrations.services.drain.stages import Failed, InHand, Moment, Next, Read, Search, Write, ended
from integrations.services.drain.verdicts import Circumstances, judge

MOST_FIELDS_REFUSED = 5
RULE_IS_LOOKED_AT_EVERY = timedelta(minutes=15)


def failed_to_find(hand: InHand, error: Exception, *, at: Moment) -> Failed:
    """Nothing was to be written yet: what was in doubt stays in doubt."""
    as_before = State.UNCERTAIN if hand.job.unanswered else State.WAITING
    return _failed(hand, error, creating=None, as_before=as_before, at=at)


def failed_to_write(write: Write, hand: InHand, error: Exception, *, at: Moment) -> Next:
    """Without the field that Intercom refuses the lead goes all the same, if we know which one it is."""
    if isinstance(error, RejectedError) and len(hand.refused) < MOST_FIELDS_REFUSED:
        target = refused_target(
            write.body,
            attribute_name=error.attribute_name,
            field=error.field,
            message=error.vendor_message,
        )
        if target is not None:
            return _without(write, hand, target=target, error=error, at=at)
    return not_written(write, hand, error, at=at)


def not_written(write: Write, hand: InHand, error: Exception, *, at: Moment) -> Failed:
    """The write failed as a whole."""
    role = hand.job.settings.role if write.creates else None
    ending = _failed(hand, error, creating=role, as_before=_as_before(write), at=at)
    result = replace(ending.result, sent=write.body)
    if not write.creates and maybe_written(error):
        # Should it have arrived, the next try finds our own values there: what was before is known only now.
        result = replace(result, before=hand.change.before, after=hand.change.after)
    return replace(ending, result=result)


def crashed(step: Search | Read | Write, error: Exception, *, at: Moment) -> Failed:
    """A bug of ours on the way: nobody is lost for it. What may have left is in doubt."""
    if not isinstance(step, Write):
        return failed_to_find(step.hand, error, at=at)
    role = step.hand.job.settings.role if step.creates else None
    failed = _failed(step.hand, error, creating=role, as_before=_as_before(step), at=at)
    change = step.hand.change
    return replace(failed, result=replace(failed.result, before=change.before, after=change.after))


def maybe_written(error: Exception) -> bool:
    """Whether a write that was answered with this may have been carried out."""
    return isinstance(error, TransientError) and error.maybe_acted


def _as_before(write: Write) -> State:
    """That this create did not happen says nothing about an earlier one that was never answered."""
    return State.UNCERTAIN if write.creates and write.hand.job.unanswered else State.WAITING


def never_left(write: Write, *, at: Moment) -> Result:
    """Its first form was refused, and its second stayed here: it stands as it stood."""
    state = _as_before(write)
    reason = Reason.UNCERTAIN if state is State.UNCERTAIN else Reason.RETRY
    return ended(write.hand, state, reason, due_at=at.now, tried=False)


def waits_for_its_rule(hand: InHand, *, at: Moment) -> Result:
    """Sent without the rule's first value, this lead could never qualify: it waits for the repair."""
    due_at = at.now + RULE_IS_LOOKED_AT_EVERY
    if hand.job.unanswered is not None:
        # An earlier create was never answered: waiting for the rule must not forget that.
        return ended(hand, State.UNCERTAIN, Reason.UNCERTAIN, due_at=due_at, tried=False)
    again = hand.job.reason is Reason.RULE_FIELD_PROBLEM
    return ended(hand, State.WAITING, Reason.RULE_FIELD_PROBLEM, due_at=due_at, tried=not again)


def _without(write: Write, hand: InHand, *, target: str, error: RejectedError, at: Moment) -> Next:
    job, words = hand.job, error.vendor_message
    message = vendor_message(words, keep=[job.email], others=job.others)
    mapped = job.mapped.without(target, note=Note(NoteCode.REFUSED, target, {"message": message}))
    # On the settings' page the field is meant, whoever it was refused for.
    refused = (*hand.refused, (target, vendor_message(words, others=[*job.names, *job.others])))
    hand = replace(hand, job=replace(hand.job, mapped=mapped), refused=refused)
    if target == hand.job.settings.rule_attribute:
        return waits_for_its_rule(hand, at=at)
    if write.creates:
        return replace(write, hand=hand, body=create_body(mapped, role=hand.job.settings.role))
    contact = hand.decision.contact
    change = update_change(mapped, contact=contact) if contact else hand.change
    if not change.body:
        return ended(hand, hand.job.settles_as, Reason.SAME_VALUES, contact=contact)
    return replace(write, hand=replace(hand, change=change), body=change.body)


def _failed(hand: InHand, error: Exception, *, creating: Role | None, as_before: State, at: Moment) -> Failed:
    job = hand.job
    circumstances = Circumstances(
        creating=creating,
        policy=job.settings.policy,
        attempts=job.attempts,
        failing_since=job.failing_since,
        now=at.now,
        search_lag=at.search_lag,
        in_doubt=as_before is State.UNCERTAIN,
    )
    verdict = judge(error, at=circumstances)
    state = verdict.state or as_before
    waits = state in {State.WAITING, State.UNCERTAIN}
    reason = Reason.UNCERTAIN if state is State.UNCERTAIN else verdict.reason
    if job.order is Order.UNDO and not waits:
        # It is still delivered, as it was before somebody asked for this.
        state, reason = job.settles_as, Reason.UNDO_FAILED
    result = ended(
        hand,
        state,
        reason,
        due_at=at.now + (verdict.wait or timedelta(0)) if waits else None,
        tried=verdict.counts,
        linked_id=(error.contact_id or "") if isinstance(error, ConflictError) else "",
    )
    drop_link = verdict.drop_link or hand.stale_link
    return Failed(replace(result, failed=True, error=error, drop_link=drop_link), verdict.trouble)
