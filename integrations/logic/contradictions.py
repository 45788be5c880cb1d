"""Says what in a tab's settings can never be right, for every way of saving them. Incomplete is not wrong:
what is only missing is `setup`'s business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from integrations.logic.coerce import coerce, to_text
from integrations.logic.identity import is_shared_id
from integrations.logic.notes import NoteCode
from integrations.logic.setup import SetupCode, setup_problems
from integrations.logic.targets import MARKS, WATCHABLE, find, target_allowed, watchable
from integrations.logic.text import clean, is_blank, shorten
from integrations.logic.types import CUSTOM, Action, Attribute, DataType, MapRow, TabSettings, WireValue
from integrations.logic.wrong import (
    LONGEST_NAME,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    Contradiction,
    Known,
    Place,
    Wrong,
    unstorable,
    value_problem,
)

SHOWN = 60
"""Characters of a text in a message."""

KNOWN_STANDARD = ", ".join(sorted(WATCHABLE))


def contradictions(settings: TabSettings, *, known: Known, before: TabSettings) -> Iterator[Contradiction]:
    """Everything that is wrong, in the order of the tab.

    A row or a rule that stands in `before` already may go on naming what has disappeared since: that is a
    field problem, to be repaired at leisure, and must not block every other change.
    """
    yield from _row_structure(settings)
    for number, row in enumerate(settings.rows):
        yield from _row_texts(row, number)
        yield from _row_names(row, number, known=known, standing=row in before.rows)
        if row not in before.rows:
            yield from _row_value(row, number, known=known)
    if settings.qualifies:
        same_rule = before.qualifies and before.rule_attribute == settings.rule_attribute
        yield from _rule_names(settings, known=known, standing=same_rule)
        yield from _rule_values(settings)
        yield from _rule_types(settings, known=known, before=before if same_rule else TabSettings())
        yield from _qualifying_by_itself(settings, attribute=known.attributes.get(settings.rule_attribute))


STRUCTURE: Mapping[SetupCode, Wrong] = MappingProxyType(
    {SetupCode.EMAIL_NOT_OWN: Wrong.EMAIL_NOT_OWN, SetupCode.DUPLICATE_TARGET: Wrong.MAPPED_TWICE}
)
"""What `setup` finds and no further row can complete."""


def _row_structure(settings: TabSettings) -> Iterator[Contradiction]:
    # A tab that does nothing is judged by the same rules: switching it on later must not find it broken.
    for problem in setup_problems(replace(settings, action=Action.CREATE_LEAD)):
        if problem.code in STRUCTURE and problem.row is not None:
            twice = problem.code is SetupCode.DUPLICATE_TARGET
            place = Place.TARGET if twice else _supply(settings.rows[problem.row])
            params = {"name": shorten(problem.target, limit=SHOWN)}
            yield Contradiction(STRUCTURE[problem.code], place, problem.row, params)
    for number, row in enumerate(settings.rows):
        if is_shared_id(row):
            yield Contradiction(Wrong.ID_NOT_OWN, _supply(row), number)


def _supply(row: MapRow) -> Place:
    """Where a row says what is sent."""
    return Place.SOURCE if row.data_type is DataType.DYNAMIC else Place.DATA_TYPE


def _row_texts(row: MapRow, number: int) -> Iterator[Contradiction]:
    texts = (
        (Place.SOURCE, row.source, LONGEST_SOURCE),
        (Place.VALUE, row.value, LONGEST_TEXT),
        (Place.TARGET, row.target, LONGEST_NAME),
    )
    for place, text, longest in texts:
        if len(text) > longest:
            yield Contradiction(Wrong.TOO_LONG, place, number, {"longest": longest})
        elif unstorable(text):
            yield Contradiction(Wrong.UNSTORABLE, place, number)


def _row_names(row: MapRow, number: int, *, known: Known, standing: bool) -> Iterator[Contradiction]:
    if row.source and row.source not in known.sources and not standing:
        params = {"name": shorten(row.source, limit=SHOWN), "known": ", ".join(known.sources)}
        yield Contradiction(Wrong.SOURCE_UNKNOWN, Place.SOURCE, number, params)
    if not row.target:
        return
    if not target_allowed(row.target):
        yield Contradiction(
            Wrong.TARGET_FORBIDDEN, Place.TARGET, number, {"name": shorten(row.target, limit=SHOWN)}
        )
    elif isinstance(find(row.target, attributes=known.attributes), NoteCode) and not standing:
        yield Contradiction(
            Wrong.TARGET_NOT_WRITABLE, Place.TARGET, number, {"name": shorten(row.target, limit=SHOWN)}
        )


def _row_value(row: MapRow, number: int, *, known: Known) -> Iterator[Contradiction]:
    """A fixed value that the field cannot take would be left out of every single contact."""
    attribute = known.attributes.get(row.target)
    if row.data_type is not DataType.FIXED or attribute is None or is_blank(clean(row.value)):
        return
    note = coerce(row.value, attribute).note
    if note is not None and note.left_out:
        params = {"name": shorten(row.target, limit=SHOWN), "type": attribute.data_type}
        params |= {"options": ", ".join(attribute.options)} if attribute.options else {}
        code = Wrong.VALUE_NOT_AN_OPTION if attribute.options else Wrong.VALUE_DOES_NOT_FIT
        yield Contradiction(code, Place.VALUE, number, params)


def _rule_names(settings: TabSettings, *, known: Known, standing: bool) -> Iterator[Contradiction]:
    name = settings.rule_attribute
    params = {"name": shorten(name, limit=SHOWN)}
    unwritable = isinstance(find(name, attributes=known.attributes), NoteCode)
    if len(name) > LONGEST_NAME:
        yield Contradiction(Wrong.TOO_LONG, Place.ATTRIBUTE, params={"longest": LONGEST_NAME})
    elif unstorable(name):
        yield Contradiction(Wrong.UNSTORABLE, Place.ATTRIBUTE)
    elif settings.marks and name.removeprefix(CUSTOM) in MARKS:
        yield Contradiction(Wrong.ATTRIBUTE_IS_A_MARK, Place.ATTRIBUTE, params=params)
    elif standing or not name:
        return
    elif not watchable(name):
        yield Contradiction(
            Wrong.ATTRIBUTE_NOT_WATCHABLE, Place.ATTRIBUTE, params=params | {"known": KNOWN_STANDARD}
        )
    elif known.attributes and (name not in known.attributes or known.attributes[name].archived):
        yield Contradiction(Wrong.ATTRIBUTE_UNKNOWN, Place.ATTRIBUTE, params=params)
    elif unwritable and settings.rule_initial is not None:
        yield Contradiction(Wrong.INITIAL_NOT_WRITABLE, Place.INITIAL, params=params)


def _rule_values(settings: TabSettings) -> Iterator[Contradiction]:
    if (problem := value_problem(settings.rule_initial)) is not None:
        yield Contradiction(problem, Place.INITIAL, params={"longest": LONGEST_TEXT})
    for number, value in enumerate(settings.qualifying_values):
        problem = Wrong.EMPTY if _plain(value, attribute=None) is None else value_problem(value)
        if problem is not None:
            yield Contradiction(problem, Place.QUALIFYING, number, {"longest": LONGEST_TEXT})


def _rule_types(settings: TabSettings, *, known: Known, before: TabSettings) -> Iterator[Contradiction]:
    """A value of another type than the attribute's would never be met: the rule would wait for ever."""
    attribute = known.attributes.get(settings.rule_attribute)
    if attribute is None or attribute.options:
        return  # an option may still be added in Intercom
    standing = (before.rule_initial, *before.qualifying_values)
    values = [(Place.QUALIFYING, number, value) for number, value in enumerate(settings.qualifying_values)]
    if settings.rule_initial is not None:
        values.insert(0, (Place.INITIAL, 0, settings.rule_initial))
    params = {"name": shorten(attribute.full_name, limit=SHOWN), "type": attribute.data_type}
    for place, number, value in values:
        note = None if value in standing or value_problem(value) else coerce(value, attribute).note
        if note is not None and note.left_out:
            yield Contradiction(Wrong.VALUE_DOES_NOT_FIT, place, number, params)


def _qualifying_by_itself(settings: TabSettings, *, attribute: Attribute | None) -> Iterator[Contradiction]:
    """Nobody may qualify by being created: that would be a referral reward for nothing."""
    qualifying = {_plain(value, attribute=attribute) for value in settings.qualifying_values} - {None, ""}
    if settings.rule_initial is not None and _plain(settings.rule_initial, attribute=attribute) in qualifying:
        yield Contradiction(Wrong.INITIAL_QUALIFIES, Place.INITIAL)
    for number, row in enumerate(settings.rows):
        fixed = row.data_type is DataType.FIXED and row.target == settings.rule_attribute
        if fixed and row.target and _plain(row.value, attribute=attribute) in qualifying:
            yield Contradiction(Wrong.ROW_QUALIFIES, Place.VALUE, number)


def _plain(value: WireValue, *, attribute: Attribute | None) -> str | None:
    """The value as Intercom would keep it, as text: so 5, "5" and 5.0 are one, and yes is true."""
    if value_problem(value) is not None:
        return ""
    sent = coerce(value, attribute).value
    text = to_text(value if sent is None else sent)
    return None if isinstance(text, NoteCode) or not text else text
