"""What taking an update back would put back, field by field. Asks nobody, writes nothing.

A field goes back only while it has what we wrote. Who has changed it since keeps what they wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from integrations.logic.bodies import NEVER_UPDATED, Change, split
from integrations.logic.erased import ERASED
from integrations.logic.sameness import alike
from integrations.logic.targets import target_allowed
from integrations.logic.types import Contact

MISSING = object()
UNKNOWN = object()


class Fate(StrEnum):
    """What becomes of one field."""

    BACK = "back"
    """It has what we wrote: the value from before is put back."""
    CHANGED = "changed"
    """Somebody has changed it since: it stays."""
    BACK_ALREADY = "back_already"
    IMPOSSIBLE = "impossible"
    """The value from before is none that can be written."""
    FORGOTTEN = "forgotten"
    """It has what we wrote, and what was there before our first write is not kept any more."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """One write of ours to a contact that was there: its fields before and after, by full name.

    `received`: what Intercom answered to it, which may be spelled differently. `sure` is False where the
    write was never answered. `undo`: this has taken older writes back. `create`: the contact was made by it.
    `forgotten`: what it wrote, if anything, is not kept any more.
    """

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    received: Mapping[str, Any] = field(default_factory=dict)
    sure: bool = True
    undo: bool = False
    create: bool = False
    forgotten: bool = False

    def left(self, target: str, value: Any) -> bool:
        """Whether this write leaves the field with this value."""
        if target not in self.after:
            return False
        answered = self.received.get(target, MISSING)
        return alike(target, value, self.after[target]) or (
            answered is not MISSING and alike(target, value, answered)
        )


@dataclass(frozen=True, slots=True)
class FieldUndo:
    """One field: what we wrote last, what was there before (None also where that is `forgotten`), what is
    there now, and what becomes of it."""

    target: str
    wrote: Any
    before: Any
    now: Any
    fate: Fate
    forgotten: bool = False


def to_undo(history: Sequence[Wrote]) -> list[Wrote]:
    """The updates that have not been taken back; `history` is newest first, and so is what comes out.

    What is forgotten is among them: nobody knows what a later one found there.
    """
    return [one for one in _standing(history) if not one.create]


def plan(history: Sequence[Wrote], *, contact: Contact) -> list[FieldUndo]:
    """Each field that we wrote and have not taken back, as the contact is now."""
    writes = to_undo(history)
    return [_planned(target, writes, now=contact.value(target)) for target in _targets(writes)]


def foreseen(history: Sequence[Wrote]) -> list[FieldUndo]:
    """The same for a contact that nobody has touched since, where Intercom cannot be asked."""
    writes = to_undo(history)
    return [_planned(target, writes, now=_newest(target, writes)) for target in _targets(writes)]


def undo_change(found: Sequence[FieldUndo]) -> Change:
    """What is sent to put back what goes back; null empties a field.
    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/updatecontact
    """
    back = {one.target: one for one in found if one.fate is Fate.BACK}
    standard, custom = split({target: one.before for target, one in back.items()})
    return Change(
        body={**standard, "custom_attributes": custom} if custom else dict(standard),
        before={target: one.now for target, one in back.items()},
        after={target: one.before for target, one in back.items()},
    )


def still_ours(history: Sequence[Wrote], *, contact: Contact) -> frozenset[str]:
    """The fields, by full name, that have what we wrote last: nobody else's value is lost by writing anew."""
    writes = _standing(history)
    named = {target for one in writes for target in one.after}
    return frozenset(n for n in named if _before(n, writes, value=contact.value(n)) is not MISSING)


def _standing(history: Sequence[Wrote]) -> list[Wrote]:
    writes: list[Wrote] = []
    for one in history:
        if one.undo and one.sure:
            break
        if not one.undo:
            writes.append(one)
    return writes


def _targets(writes: Sequence[Wrote]) -> list[str]:
    """Standard fields first. What an update never touches is not touched here either."""
    named = {target for one in writes for target in one.after}
    allowed = [name for name in named if target_allowed(name) and name not in NEVER_UPDATED]
    return sorted(allowed, key=lambda name: ("." in name, name))


def _newest(target: str, writes: Sequence[Wrote]) -> Any:
    return next(one.after[target] for one in writes if target in one.after)


def _planned(target: str, writes: Sequence[Wrote], *, now: Any) -> FieldUndo:
    newest = _newest(target, writes)
    before = _before(target, writes, value=now)
    ours = before is not MISSING
    if not ours:
        before = _before(target, writes, value=newest)
    if before is UNKNOWN:
        return FieldUndo(target, newest, None, now, Fate.FORGOTTEN if ours else Fate.CHANGED, forgotten=True)
    if alike(target, now, before):
        fate = Fate.BACK_ALREADY
    elif not ours:
        fate = Fate.CHANGED
    else:
        fate = Fate.BACK if _writable(before) else Fate.IMPOSSIBLE
    return FieldUndo(target, newest, before, now, fate)


def _before(target: str, writes: Sequence[Wrote], *, value: Any) -> Any:
    """What was there before the first of our writes that led to this value; MISSING if none of them did,
    UNKNOWN if that may be a write that is forgotten.

    From write to write as far as each found what the one before had left: nobody came between them.
    """
    found: Any = MISSING
    for one in writes:
        if one.forgotten and found is not MISSING:
            return UNKNOWN
        if target not in one.after:
            continue
        if one.left(target, value):
            found = value = one.before.get(target)
        elif one.sure:
            break
    return found


def _writable(value: Any) -> bool:
    """Intercom takes single values, and null. What an erased person was taken out of is the value no more."""
    if isinstance(value, str):
        return ERASED not in value
    return value is None or isinstance(value, int | float | bool)
