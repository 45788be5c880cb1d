"""Takes an update of ours back, where a person has ordered that. Decides only: no database, no HTTP.

Whatever comes of it, the entry stays delivered: an undo that fails has changed nothing about that.
"""

from __future__ import annotations

from dataclasses import replace

from integrations.intercom.errors import RejectedError
from integrations.logic.backoff import gives_up
from integrations.logic.duplicates import Decision, Step
from integrations.logic.notes import Note, NoteCode
from integrations.logic.refusals import refused_target
from integrations.logic.sameness import alike
from integrations.logic.states import Intent, Reason
from integrations.logic.types import Contact
from integrations.logic.undo import Fate, FieldUndo, plan, undo_change
from integrations.services.drain.calls import Found, Written
from integrations.services.drain.failing import failed_to_find, not_written
from integrations.services.drain.stages import InHand, Moment, Next, Read, Write, ended

NOTES = {
    Fate.CHANGED: NoteCode.CHANGED_SINCE,
    Fate.BACK_ALREADY: NoteCode.BACK_ALREADY,
    Fate.IMPOSSIBLE: NoteCode.NOT_PUT_BACK,
    Fate.FORGOTTEN: NoteCode.FORGOTTEN,
}


def first_step(hand: InHand, *, at: Moment) -> Next:
    job = hand.job
    ordered = Decision(Step.UNDO, Reason.UNDONE, matches=(job.contact_id,))
    hand = replace(hand, decision=ordered)
    if job.failing_since is not None and gives_up(job.failing_since, now=at.now):
        return ended(hand, job.settles_as, Reason.UNDO_FAILED)
    return Read(hand, contact_id=job.contact_id)


def after_reading(hand: InHand, found: Found, *, at: Moment) -> Next:
    hand = hand.learned(found.exchanges)
    if found.error is not None:
        return failed_to_find(hand, found.error, at=at)
    contact = found.contacts[0] if found.contacts else None
    if contact is None or contact.id != hand.job.contact_id:
        # Of a contact that another was merged into we do not know whose values it has.
        return ended(hand, hand.job.settles_as, Reason.UNDO_NO_CONTACT)
    fields = plan(hand.job.history, contact=contact)
    notes = [Note(NOTES[one.fate], one.target) for one in fields if one.fate in NOTES]
    hand = _noted(replace(hand, decision=replace(hand.decision, contact=contact)), *notes)
    return _put_back(hand, fields, contact=contact)


def _put_back(hand: InHand, fields: list[FieldUndo], *, contact: Contact) -> Next:
    change = undo_change(fields)
    if change.body:
        return Write(replace(hand, change=change), Intent.UPDATE, change.body, contact.id)
    back = any(one.fate is Fate.BACK_ALREADY for one in fields)
    reason = Reason.UNDONE if back else Reason.NOTHING_TO_UNDO
    return ended(hand, hand.job.settles_as, reason, contact=contact)


def after_writing(write: Write, written: Written, *, at: Moment) -> Next:
    hand = write.hand.learned(written.exchanges)
    contact = written.contact
    if contact is None:
        return _refused(write, hand, written, at=at)
    ignored = [
        Note(NoteCode.NOT_PUT_BACK, target)
        for target, value in hand.change.after.items()
        if not alike(target, contact.value(target), value)
    ]
    result = ended(_noted(hand, *ignored), hand.job.settles_as, _reason(hand, ignored), contact=contact)
    return replace(result, sent=write.body, before=hand.change.before, after=hand.change.after)


def _reason(hand: InHand, ignored: list[Note]) -> Reason:
    return Reason.UNDO_FAILED if len(ignored) == len(hand.change.after) else Reason.UNDONE


def _refused(write: Write, hand: InHand, written: Written, *, at: Moment) -> Next:
    """Without the field that Intercom refuses the others go back all the same, if we know which one it is."""
    error = written.error or RuntimeError("a write without an answer")
    if not isinstance(error, RejectedError):
        return not_written(write, hand, error, at=at)
    target = refused_target(
        write.body, attribute_name=error.attribute_name, field=error.field, message=error.vendor_message
    )
    contact = hand.decision.contact
    if target is None or contact is None or len(hand.change.after) == 1:
        return not_written(write, hand, error, at=at)
    hand = _noted(hand, Note(NoteCode.NOT_PUT_BACK, target))
    refused = {note.target for note in hand.job.mapped.notes if note.code is NoteCode.NOT_PUT_BACK}
    fields = [one for one in plan(hand.job.history, contact=contact) if one.target not in refused]
    return _put_back(hand, fields, contact=contact)


def _noted(hand: InHand, *notes: Note) -> InHand:
    mapped = replace(hand.job.mapped, notes=(*hand.job.mapped.notes, *notes))
    return replace(hand, job=replace(hand.job, mapped=mapped))
