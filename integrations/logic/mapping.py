"""From a tab's rows and a person's values to what is written to Intercom. Asks nothing, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from integrations.logic.bodies import Change, Mapped, Writes, create_body, split, update_change
from integrations.logic.coerce import Coerced, coerce
from integrations.logic.notes import Note, NoteCode
from integrations.logic.setup import OWN_EMAIL, SetupCode, SetupProblem, setup_problems
from integrations.logic.targets import (
    EMAIL,
    EXTERNAL_ID,
    FORBIDDEN_TARGETS,
    MARKS,
    find,
    mark_available,
    target_allowed,
)
from integrations.logic.text import normal_email
from integrations.logic.types import (
    CUSTOM,
    Attribute,
    DataType,
    IfPresent,
    MapRow,
    Role,
    SourceValue,
    TabSettings,
)

__all__ = [
    "FORBIDDEN_TARGETS",
    "MARKS",
    "OWN_EMAIL",
    "Change",
    "Mapped",
    "SetupCode",
    "SetupProblem",
    "create_body",
    "map_values",
    "normal_email",
    "referrer_targets",
    "setup_problems",
    "source_keys",
    "target_allowed",
    "update_change",
]

CAMPAIGN_NAME = "campaign.name"
REFERRER = "referrer."
REFERRER_NAME = "referrer.full_name"

INTERNATIONAL_PHONE = re.compile(r"\+[\d\s().\-/]{6,}")

Fitted = tuple[str, Coerced]
"""A field by its full name, and what became of the value meant for it."""


def source_keys(settings: TabSettings) -> frozenset[str]:
    """The sources whose values `map_values` wants for this tab."""
    rows = {r.source for r in settings.rows if r.data_type is DataType.DYNAMIC and r.source}
    return frozenset(rows | {OWN_EMAIL} | ({CAMPAIGN_NAME, REFERRER_NAME} if settings.marks else set()))


def referrer_targets(settings: TabSettings) -> dict[str, str]:
    """The fields that say something about who brought somebody in, by full name, with what it is."""
    mark = CUSTOM + "referrer_name"
    found = {mark: REFERRER_NAME} if settings.marks and mark not in _claimed(settings) else {}
    rows = (r for r in settings.rows if r.data_type is DataType.DYNAMIC and r.target)
    return found | {r.target: r.source for r in rows if r.source.startswith(REFERRER)}


def map_values(
    settings: TabSettings,
    *,
    values: Mapping[str, SourceValue],
    attributes: Mapping[str, Attribute],
) -> Mapped:
    """What this tab writes for one person. `attributes`: the workspace's, by full name; empty if unknown.

    The email is the person's own, in one spelling, whatever the rows say. A row wins over a mark and over
    the rule's first value for the same attribute, even when it has no value this time; of two rows for one
    field the first that has a value wins. What can't be written is left out with a note, never guessed.
    """
    rows = _rows(settings, values=values, attributes=attributes)
    marks = _marks(settings, values=values, attributes=attributes)
    initial = _initial(settings, attributes=attributes)
    writes = _written([*rows, *marks]) | _email(values)
    standard, custom = split(writes)
    notes = [c.note for _, c in (*rows, *marks, *initial) if c.note]
    if settings.role is Role.LEAD and EXTERNAL_ID in writes:
        notes.append(Note(NoteCode.EXTERNAL_ID_USERS_ONLY, EXTERNAL_ID))
    return Mapped(standard, custom, tuple(notes), _written(initial), _overwritten(settings))


def _rows(
    settings: TabSettings, *, values: Mapping[str, SourceValue], attributes: Mapping[str, Attribute]
) -> list[Fitted]:
    rows = [r for r in settings.rows if r.target and r.target != EMAIL]
    return [(r.target, _fit(_value(r, values=values), r.target, attributes=attributes)) for r in rows]


def _marks(
    settings: TabSettings, *, values: Mapping[str, SourceValue], attributes: Mapping[str, Attribute]
) -> list[Fitted]:
    if not settings.marks:
        return []
    wanted: dict[str, SourceValue] = {
        "referred": True,
        "referral_campaign": values.get(CAMPAIGN_NAME),
        "referrer_name": values.get(REFERRER_NAME),
    }
    mine = [name for name in MARKS if CUSTOM + name not in _claimed(settings)]
    return [(CUSTOM + name, _fit_mark(wanted[name], name, attributes=attributes)) for name in mine]


def _initial(settings: TabSettings, *, attributes: Mapping[str, Attribute]) -> list[Fitted]:
    target = settings.rule_attribute
    if settings.rule_initial is None or target in _claimed(settings) | {"", EMAIL, EXTERNAL_ID}:
        return []
    return [(target, _fit(settings.rule_initial, target, attributes=attributes))]


def _fit(value: SourceValue, target: str, *, attributes: Mapping[str, Attribute]) -> Coerced:
    attribute = find(target, attributes=attributes)
    if isinstance(attribute, NoteCode):
        missing = coerce(value, None).value is None
        return Coerced() if missing else Coerced(note=Note(attribute, target))
    fitted = coerce(value, attribute, target=target)
    if target == "phone" and fitted.value and not INTERNATIONAL_PHONE.fullmatch(str(fitted.value)):
        return Coerced(fitted.value, fitted.note or Note(NoteCode.PHONE_NOT_INTERNATIONAL, target))
    return fitted


def _fit_mark(value: SourceValue, name: str, *, attributes: Mapping[str, Attribute]) -> Coerced:
    if value is None or mark_available(name, attributes=attributes):
        return _fit(value, CUSTOM + name, attributes=attributes)
    return Coerced(note=Note(NoteCode.MARK_UNAVAILABLE, CUSTOM + name))


def _value(row: MapRow, *, values: Mapping[str, SourceValue]) -> SourceValue:
    return row.value if row.data_type is DataType.FIXED else values.get(row.source)


def _email(values: Mapping[str, SourceValue]) -> Writes:
    own = values.get(OWN_EMAIL)
    email = normal_email(own) if isinstance(own, str) else ""
    return {EMAIL: email} if email else {}


def _written(fitted: Iterable[Fitted]) -> Writes:
    writes: Writes = {}
    for target, coerced in fitted:
        if coerced.value is not None:
            writes.setdefault(target, coerced.value)
    return writes


def _claimed(settings: TabSettings) -> set[str]:
    return {row.target for row in settings.rows}


def _overwritten(settings: TabSettings) -> frozenset[str]:
    return frozenset(r.target for r in settings.rows if r.if_present is IfPresent.OVERWRITE)
