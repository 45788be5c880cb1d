"""Says in which parts two versions of a tab differ, and pairs the rows of their field maps. Has no words for
it: those are `services.settings_changes`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

from integrations.logic.types import MapRow, TabSettings


class Part(StrEnum):
    """What can change in a tab besides single rows; each but ORDER is the name of a field of TabSettings."""

    ACTION = "action"
    ORDER = "order"
    POLICY = "policy"
    MARKS = "marks"
    QUALIFIES = "qualifies"
    RULE_ATTRIBUTE = "rule_attribute"
    RULE_INITIAL = "rule_initial"
    QUALIFYING_VALUES = "qualifying_values"


RULE = (Part.RULE_ATTRIBUTE, Part.RULE_INITIAL, Part.QUALIFYING_VALUES)
"""Parts of the rule, which mean nothing where there is none."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row: added (nothing before), removed (nothing after), or changed."""

    before: MapRow | None
    after: MapRow | None


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything in which a tab differs; false when nothing does."""

    parts: tuple[Part, ...]
    rows: tuple[RowChange, ...]

    def __bool__(self) -> bool:
        return bool(self.parts or self.rows)


def differences(before: TabSettings, after: TabSettings) -> Differences:
    """What became of `before`. The number of the revision is not compared."""
    rows = _row_changes(before.rows, after.rows)
    return Differences(tuple(part for part in Part if _differs(part, before, after)), rows)


def _differs(part: Part, before: TabSettings, after: TabSettings) -> bool:
    if part is Part.ORDER:
        return _kept(before.rows, after.rows) != _kept(after.rows, before.rows)
    if part in RULE and not (before.qualifies and after.qualifies):
        return False
    return _exact(getattr(before, part)) != _exact(getattr(after, part))


def _exact(value: object) -> Hashable:
    """For comparing: 1 and true are equal in Python, and two different values in Intercom."""
    if isinstance(value, tuple):
        return tuple(_exact(item) for item in value)
    return type(value), value


def _kept(rows: tuple[MapRow, ...], others: tuple[MapRow, ...]) -> list[MapRow]:
    """The rows that stand in both, each once, in the order that they have here."""
    return [row for row in dict.fromkeys(rows) if row in others]


def _row_changes(before: tuple[MapRow, ...], after: tuple[MapRow, ...]) -> tuple[RowChange, ...]:
    """Pairs what is the same row: first by where it writes to, then by what it writes."""
    gone, came = _without(before, after), _without(after, before)
    pairs: list[RowChange] = []
    for likeness in (_target, _supply):
        for old in list(gone):
            key = likeness(old)
            twin = next((new for new in came if key is not None and likeness(new) == key), None)
            if twin is not None:
                pairs.append(RowChange(old, twin))
                gone.remove(old)
                came.remove(twin)
    pairs += [RowChange(old, None) for old in gone]
    return (*pairs, *(RowChange(None, new) for new in came))


def _without(rows: tuple[MapRow, ...], others: tuple[MapRow, ...]) -> list[MapRow]:
    """The rows that have no equal among the others; of two equal ones, each needs an equal of its own."""
    left, rest = list(others), []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            rest.append(row)
    return rest


def _target(row: MapRow) -> Hashable | None:
    return row.target or None


def _supply(row: MapRow) -> Hashable | None:
    supply = (row.data_type, row.source, row.value)
    return supply if row.source or row.value else None
