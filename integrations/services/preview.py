"""What a tab would send for one person, field by field: the very bodies that are sent, put into words.

Stores nothing, asks nobody, and decides nothing that the drain does not decide in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from integrations.logic.mapping import (
    CAMPAIGN_NAME,
    OWN_EMAIL,
    REFERRER_NAME,
    Mapped,
    create_body,
    map_values,
    setup_problems,
)
from integrations.logic.notes import FIELD_PROBLEMS, Note, NoteCode
from integrations.logic.targets import EMAIL, MARKS
from integrations.logic.types import CUSTOM, DataType, MapRow, Role, TabSettings
from integrations.services.preview_words import remark_on
from integrations.services.value_words import value_in_words

if TYPE_CHECKING:
    from integrations.logic.types import SourceValue, WireValue
    from integrations.services.field_names import Names


class Fate(StrEnum):
    """What becomes of one mapped field."""

    SENT = "sent"
    CHANGED = "changed"
    DOUBTFUL = "doubtful"
    LEFT_OUT = "left_out"
    NO_VALUE = "no_value"


FATES: Mapping[NoteCode, Fate] = {
    NoteCode.CUT: Fate.CHANGED,
    NoteCode.OPTION_SPELLED_DIFFERENTLY: Fate.CHANGED,
    NoteCode.PHONE_NOT_INTERNATIONAL: Fate.DOUBTFUL,
}
"""Any other note says that the field is left out."""

MARK_SOURCES: Mapping[str, str] = {"referral_campaign": CAMPAIGN_NAME, "referrer_name": REFERRER_NAME}


@dataclass(frozen=True, slots=True)
class Line:
    """One field. `wire` is the value as it is sent, `value` the same in words, `given` what it was made of
    where it is not sent."""

    target: str
    source: str
    label: str
    kind: str
    fate: Fate
    wire: WireValue | None = None
    value: str = ""
    given: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a new contact would be created with; `mapped` is what an update would choose from.

    `body` is empty for a person without an email, who is never sent. `unfinished` counts the rows that lack
    something. `waits_for_rule`: nobody is sent until the rule's attribute is repaired.
    """

    role: Role
    lines: tuple[Line, ...]
    mapped: Mapped
    body: Mapping[str, Any] = field(default_factory=dict)
    unfinished: int = 0
    waits_for_rule: bool = False

    @property
    def left_out(self) -> int:
        return sum(line.fate is Fate.LEFT_OUT for line in self.lines)


def preview(settings: TabSettings, *, values: Mapping[str, SourceValue], names: Names) -> Preview:
    """What the drain would create for a person with these values, and why it would leave something out."""
    mapped = map_values(settings, values=values, attributes=names.attributes)
    body = create_body(mapped, role=settings.role) if EMAIL in mapped.standard else {}
    unfinished = {problem.row for problem in setup_problems(settings) if problem.row is not None}
    reading = _Reading(settings, values, names, mapped, body)
    rows = [row for number, row in enumerate(settings.rows) if number not in unfinished]
    return Preview(
        role=settings.role,
        lines=(*map(reading.row, rows), *reading.marks(), *reading.first_value()),
        mapped=mapped,
        body=body,
        unfinished=len(unfinished),
        waits_for_rule=any(
            note.target == settings.rule_attribute and note.code in FIELD_PROBLEMS for note in mapped.notes
        ),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads lines off a body that is made already."""

    settings: TabSettings
    values: Mapping[str, SourceValue]
    names: Names
    mapped: Mapped
    body: Mapping[str, Any]

    def row(self, row: MapRow) -> Line:
        if row.data_type is DataType.FIXED:
            return self._line(row.target, source=gettext("Fixed Value"), given=row.value)
        source = self.names.source(row.source)
        given = self.values.get(OWN_EMAIL if row.target == EMAIL else row.source)
        return self._line(row.target, source=source, given=given)

    def marks(self) -> Iterator[Line]:
        """Those that no row writes in their place."""
        claimed = {row.target for row in self.settings.rows}
        for name in MARKS if self.settings.marks else ():
            if CUSTOM + name not in claimed:
                given = self.values.get(MARK_SOURCES[name]) if name in MARK_SOURCES else True
                yield self._line(CUSTOM + name, source=gettext("Mark as referred"), given=given)

    def first_value(self) -> Iterator[Line]:
        """What the rule writes once, when the contact is created."""
        target = self.settings.rule_attribute
        if target in self.mapped.initial or self._about_first_value(target):
            yield self._line(
                target, source=gettext("Qualification Rules"), given=self.settings.rule_initial, once=True
            )

    def _about_first_value(self, target: str) -> bool:
        claimed = {row.target for row in self.settings.rows}
        return self.settings.rule_initial is not None and target not in claimed and bool(self._note(target))

    def _line(self, target: str, *, source: str, given: SourceValue, once: bool = False) -> Line:
        wire, note = self._sent(target), self._note(target)
        fate = _fate(wire, note)
        shown = self.names.value(wire, target, made_of=given)
        kept_back = value_in_words(given, zone=self.names.zone) if fate is Fate.LEFT_OUT else ""
        remark = remark_on(note, attribute=self.names.attribute(target)) if note else ""
        if once and wire is not None:
            remark = f"{remark} {gettext('Written once, when the contact is created.')}".strip()
        return Line(
            target=target,
            source=source,
            label=self.names.target(target),
            kind=self.names.kind(target),
            fate=fate,
            wire=wire,
            value=shown,
            given=kept_back,
            remark=remark,
        )

    def _sent(self, target: str) -> WireValue | None:
        if target.startswith(CUSTOM):
            value: WireValue | None = self.body.get("custom_attributes", {}).get(target.removeprefix(CUSTOM))
        else:
            value = self.body.get(target)
        return value

    def _note(self, target: str) -> Note | None:
        """What says that the field is left out comes before what was changed in it."""
        notes = [note for note in self.mapped.notes if note.target == target]
        return max(notes, key=lambda note: note.left_out, default=None)


def _fate(wire: WireValue | None, note: Note | None) -> Fate:
    if note is not None:
        return FATES.get(note.code, Fate.LEFT_OUT)
    return Fate.NO_VALUE if wire is None else Fate.SENT
