"""What a test lead found out about each field: what was meant, what was sent, what Intercom shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from integrations.logic.bodies import Mapped, create_body
from integrations.logic.notes import Note, NoteCode
from integrations.logic.sameness import alike
from integrations.logic.targets import EXTERNAL_ID, MARKS
from integrations.logic.text import clean, shorten
from integrations.logic.types import CUSTOM, Contact, TabSettings, WireValue

SHOWN = 300
"""How much of a value is kept, in characters."""


class Outcome(StrEnum):
    """What became of one field."""

    PENDING = "pending"
    """Not written yet; in the end: not tested."""
    SENT = "sent"
    """Intercom took it, and it was not read back yet."""
    WRITTEN = "written"
    DIFFERENT = "different"
    MISSING = "missing"
    """Intercom took it without a word, and does not show it."""
    REFUSED = "refused"
    LEFT_OUT = "left_out"
    """Left out by us before anything was sent: `note` says why."""
    EMPTY = "empty"
    """The made-up person has no value for it."""
    SKIPPED = "skipped"
    """Never written by a test: an External ID."""


class Origin(StrEnum):
    """Why a field is written at all."""

    ROW = "row"
    MARK = "mark"
    FIRST_VALUE = "first_value"


SETTLED = frozenset({Outcome.WRITTEN, Outcome.EMPTY, Outcome.SKIPPED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One field. `row` counts the rows of the field map from 0; None for what no row writes. `note` with its
    `params` says what was done to the value on its way, or why it stayed here."""

    target: str
    origin: Origin = Origin.ROW
    row: int | None = None
    outcome: Outcome = Outcome.PENDING
    sent: WireValue | None = None
    shown: WireValue | None = None
    note: NoteCode | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "origin": self.origin.value,
            "row": self.row,
            "outcome": self.outcome.value,
            "sent": self.sent,
            "shown": self.shown,
            "note": self.note.value if self.note else "",
            "params": dict(self.params),
            "message": self.message,
        }


def from_json(stored: Mapping[str, Any]) -> Finding:
    """What `as_json` has written."""
    return Finding(
        target=stored["target"],
        origin=Origin(stored["origin"]),
        row=stored["row"],
        outcome=Outcome(stored["outcome"]),
        sent=stored["sent"],
        shown=stored["shown"],
        note=NoteCode(stored["note"]) if stored["note"] else None,
        params=stored["params"],
        message=stored["message"],
    )


def planned(settings: TabSettings, *, mapped: Mapped) -> tuple[Finding, ...]:
    """What a test of this tab will write: exactly what a real person's create would, External ID apart."""
    body = create_body(mapped, role=settings.role)
    custom = {CUSTOM + name: value for name, value in body.pop("custom_attributes", {}).items()}
    writes: dict[str, WireValue] = {name: v for name, v in body.items() if name != "role"} | custom
    notes = {note.target: note for note in reversed(mapped.notes)}
    return tuple(
        _planned(bare, value=writes.get(bare.target), note=notes.get(bare.target)) for bare in _bare(settings)
    )


def _bare(settings: TabSettings) -> Iterator[Finding]:
    """Every field that the tab means to write, each once: the rows first."""
    named = set()
    for number, row in enumerate(settings.rows):
        if row.target and row.target not in named:
            named.add(row.target)
            yield Finding(row.target, row=number)
    if settings.marks:
        marks = [CUSTOM + name for name in MARKS if CUSTOM + name not in named]
        named.update(marks)
        yield from (Finding(target, origin=Origin.MARK) for target in marks)
    rule = settings.rule_attribute
    if settings.qualifies and settings.rule_initial is not None and rule and rule not in named:
        yield Finding(rule, origin=Origin.FIRST_VALUE)


def _planned(bare: Finding, *, value: WireValue | None, note: Note | None) -> Finding:
    if bare.target == EXTERNAL_ID:
        return replace(bare, outcome=Outcome.SKIPPED)
    if note is not None:
        bare = replace(bare, note=note.code, params=note.params)
    if value is not None:
        return replace(bare, sent=value)
    return replace(bare, outcome=Outcome.LEFT_OUT if note else Outcome.EMPTY)


def judged(finding: Finding, *, contact: Contact) -> Finding:
    """The finding after the contact was read back."""
    if finding.outcome is not Outcome.SENT:
        return finding
    shown = contact.value(finding.target)
    if shown is None or shown == "":
        return replace(finding, outcome=Outcome.MISSING)
    outcome = Outcome.WRITTEN if alike(finding.target, finding.sent, shown) else Outcome.DIFFERENT
    return replace(finding, outcome=outcome, shown=_plain(shown))


def _plain(value: Any) -> WireValue:
    """Something that can be stored and shown, whatever Intercom answered."""
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return shorten(clean(value if isinstance(value, str) else repr(value)), limit=SHOWN)


def passed(findings: Iterable[Finding]) -> bool:
    """Whether every field arrived as it was meant."""
    return all(finding.outcome in SETTLED for finding in findings)
