"""From what Intercom answered to what comes next for one lead. Decides only: no database, no HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from integrations.intercom.errors import NotFoundError, RejectedError
from integrations.logic.backoff import gives_up
from integrations.logic.bodies import Mapped, create_body, update_change
from integrations.logic.duplicates import Decision, Step, Unanswered, decide, matching
from integrations.logic.notes import FIELD_PROBLEMS, Note, NoteCode
from integrations.logic.states import Intent, Order, Reason, State
from integrations.logic.targets import EMAIL
from integrations.logic.types import Contact, Policy, Role
from integrations.logic.undo import still_ours
from integrations.services.drain import undoing
from integrations.services.drain.calls import Found, Written
from integrations.services.drain.failing import failed_to_find, failed_to_write, waits_for_its_rule
from integrations.services.drain.jobs import Job
from integrations.services.drain.results import Result
from integrations.services.drain.stages import InHand, Moment, Next, Read, Search, Write, ended
from integrations.services.drain.values import as_found


def first_step(job: Job, *, at: Moment) -> Next:
    """Where a job begins: with a person's order, else with our own memory, since Intercom's search lags."""
    hand = InHand(job)
    if job.order is Order.UNDO:
        return undoing.first_step(hand, at=at)
    if job.broken:
        return ended(hand, State.NEEDS_ATTENTION, Reason.INTERNAL_ERROR)
    if not job.email:
        return ended(hand, State.NEEDS_ATTENTION, Reason.NOT_AN_EMAIL)
    if job.unanswered is not None:
        # Whatever else there is to say: first we must know what became of it.
        return Search(hand)
    if job.failing_since is not None and gives_up(job.failing_since, now=at.now):
        return ended(hand, State.NEEDS_ATTENTION, Reason.GAVE_UP)
    if _rule_attribute_is_missing(job):
        return waits_for_its_rule(hand, at=at)
    if job.order and job.contact_id:
        return Read(hand, contact_id=job.contact_id)
    if job.link is None:
        return _look_for(hand, at=at)
    fresh = job.link.confirmed_at > at.now - at.search_lag
    if fresh and job.settings.policy is Policy.SKIP:
        known = Decision(Step.SKIP, Reason.EXISTS, matches=(job.link.contact_id,))
        hand = replace(hand, decision=known)
        return ended(hand, State.SKIPPED, Reason.POLICY, linked_id=job.link.contact_id)
    return Read(hand, contact_id=job.link.contact_id)


def _look_for(hand: InHand, *, at: Moment) -> Next:
    """Nobody knows their contact; who was erased a moment ago may have one that search does not show yet."""
    blind_until = hand.job.blind_until
    if blind_until is not None and blind_until > at.now:
        return ended(hand, State.WAITING, Reason.SEARCH_LAG, due_at=blind_until, tried=False)
    return Search(hand)


def _rule_attribute_is_missing(job: Job) -> bool:
    attribute, notes = job.settings.rule_attribute, job.mapped.notes
    return bool(notes) and any(note.target == attribute and note.code in FIELD_PROBLEMS for note in notes)


def after_reading(hand: InHand, found: Found, *, at: Moment) -> Next:
    """The contact that our link, or an order, names was asked for."""
    if hand.job.order is Order.UNDO:
        return undoing.after_reading(hand, found, at=at)
    if hand.job.order and hand.job.contact_id:
        return _ordered(hand.learned(found.exchanges), found, at=at)
    if not found.error and not matching(found.contacts, email=hand.job.email):
        # Gone, or somebody else's by now: looked for anew.
        return Search(replace(hand.learned(found.exchanges), stale_link=True))
    return after_searching(hand, found, at=at)


def _ordered(hand: InHand, found: Found, *, at: Moment) -> Next:
    order = hand.job.order
    if order is Order.RESTORE and isinstance(found.error, RejectedError | NotFoundError):
        return ended(hand, State.NEEDS_ATTENTION, Reason.NOT_RESTORABLE)
    if found.error is not None:
        return failed_to_find(hand, found.error, at=at)
    if not found.contacts:
        return ended(hand, State.NEEDS_ATTENTION, Reason.CONTACT_GONE)
    contact = found.contacts[0]
    step = Step.ADOPT if order is Order.CHOOSE else Step.UPDATE
    decision = Decision(step, Reason.EXISTS, contact, (contact.id,))
    job = replace(hand.job, mapped=_mapped_for(hand.job, contact))
    return _decided(replace(hand, job=job, decision=decision))


def _mapped_for(job: Job, contact: Contact) -> Mapped:
    """Where a field is only filled if it is empty, what we wrote there ourselves may be written anew."""
    ours = still_ours(job.history, contact=contact)
    mapped = replace(job.mapped, overwrite=job.mapped.overwrite | ours)
    if not contact.email or matching([contact], email=job.email):
        return mapped
    return replace(mapped, notes=(*mapped.notes, Note(NoteCode.EMAIL_KEPT, EMAIL)))


def after_searching(hand: InHand, found: Found, *, at: Moment) -> Next:
    job = hand.job
    if found.error is not None:
        return failed_to_find(hand.learned(found.exchanges), found.error, at=at)
    decision = decide(
        found.contacts,
        email=job.email,
        policy=job.settings.policy,
        external_id=job.external_id,
        unanswered=job.unanswered,
    )
    hand = hand.learned(found.exchanges, decision=decision)
    if job.unanswered is not None and decision.kind not in {Step.ADOPT, Step.CHOOSE}:
        return _nothing_of_ours(hand, job.unanswered, at=at)
    return _decided(hand)


def _nothing_of_ours(hand: InHand, unanswered: Unanswered, *, at: Moment) -> Next:
    """A search within its own lag proves nothing. Only the very same user may be posted again before that,
    since Intercom refuses a second one."""
    job, creates = hand.job, hand.decision.kind is Step.CREATE
    same_user = unanswered.role is Role.USER and job.settings.role is Role.USER and not job.moved
    shown_at = datetime.fromtimestamp(unanswered.at, tz=UTC) + at.search_lag
    if at.now < shown_at and not (same_user and creates):
        return ended(hand, State.UNCERTAIN, Reason.UNCERTAIN, due_at=shown_at, tried=False)
    if job.moved:
        # Nothing has left here, so it starts anew where it belongs now.
        return ended(hand, State.WAITING, Reason.QUEUED, due_at=at.now, tried=False)
    if creates and _rule_attribute_is_missing(job):
        return waits_for_its_rule(hand, at=at)
    return _decided(hand)


def _decided(hand: InHand) -> Next:
    job, decision = hand.job, hand.decision
    match decision.kind, decision.contact:
        case Step.ADOPT, Contact() as contact:
            hand = replace(hand, job=replace(job, mapped=as_found(job.mapped, contact=contact)))
            return ended(hand, State.CREATED, Reason.OURS, contact=contact)
        case Step.SKIP, contact:
            return ended(hand, State.SKIPPED, Reason.POLICY, contact=contact)
        case Step.UPDATE, Contact() as contact:
            change = update_change(job.mapped, contact=contact)
            if change.body:
                return Write(replace(hand, change=change), Intent.UPDATE, change.body, contact.id)
            return _updated(hand, contact, reason=Reason.SAME_VALUES)
        case Step.CREATE, _:
            role = job.settings.role
            intent = Intent.CREATE_USER if role is Role.USER else Intent.CREATE_LEAD
            return Write(hand, intent, create_body(job.mapped, role=role))
        case _:
            return ended(hand, State.NEEDS_ATTENTION, Reason.SEVERAL_MATCHES)


def after_writing(write: Write, written: Written, *, at: Moment) -> Next:
    if write.hand.job.order is Order.UNDO:
        return undoing.after_writing(write, written, at=at)
    hand = write.hand.learned(written.exchanges)
    if written.existing is not None:
        return _stood_in_the_way(hand, written.existing)
    if written.error is not None:
        return failed_to_write(write, hand, written.error, at=at)
    if write.creates:
        return ended(hand, State.CREATED, Reason.NEW, contact=written.contact, sent=write.body)
    result = _updated(hand, written.contact, reason=Reason.EXISTS)
    return replace(result, sent=write.body, before=hand.change.before, after=hand.change.after)


def _updated(hand: InHand, contact: Contact | None, *, reason: Reason) -> Result:
    """What is sent later adds to what was done before: a contact that we created stays created."""
    if hand.job.order is Order.COMPLETE:
        reason = Reason.COMPLETED
    elif hand.job.delivered:
        reason = Reason.PRESENT_VALUES
    return ended(hand, hand.job.settles_as, reason, contact=contact)


def _stood_in_the_way(hand: InHand, existing: Contact) -> Next:
    """Intercom refused a create and named this contact: it is the match, whatever search shows.

    Unless it carries another email: Intercom also refuses a second user of one external id, and that is
    another person, who must not be written over.
    """
    job = hand.job
    if existing.email and not matching([existing], email=job.email):
        hand = replace(hand, decision=Decision(Step.CHOOSE, Reason.EXTERNAL_ID_TAKEN, matches=(existing.id,)))
        return ended(hand, State.NEEDS_ATTENTION, Reason.EXTERNAL_ID_TAKEN)
    same = replace(existing, email=job.email)
    decision = decide([same], email=job.email, policy=job.settings.policy, unanswered=job.unanswered)
    return _decided(replace(hand, decision=decision))
