"""What can be wrong in a tab's settings, by name; and values that can't be kept, whatever they are for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from integrations.logic.numeric import LARGEST
from integrations.logic.types import Attribute, WireValue

MOST_ROWS = 250
"""How many fields a tab may map: Intercom itself has no more data attributes than that."""

LONGEST_SOURCE = 100
LONGEST_NAME = 300
LONGEST_TEXT = 10_000
"""Limits in characters: of a source's key, a field's full name, any other text."""


class Place(StrEnum):
    """Where in a tab something is wrong: the first four in a row of the field map, the rest in the rule."""

    DATA_TYPE = "data_type"
    SOURCE = "source"
    VALUE = "value"
    TARGET = "target"
    ATTRIBUTE = "attribute"
    INITIAL = "initial_value"
    QUALIFYING = "qualifying_values"


class Wrong(StrEnum):
    """What is wrong."""

    EMAIL_NOT_OWN = "email_not_own"
    ID_NOT_OWN = "id_not_own"
    MAPPED_TWICE = "mapped_twice"
    SOURCE_UNKNOWN = "source_unknown"
    TARGET_FORBIDDEN = "target_forbidden"
    TARGET_NOT_WRITABLE = "target_not_writable"
    ATTRIBUTE_UNKNOWN = "attribute_unknown"
    ATTRIBUTE_IS_A_MARK = "attribute_is_a_mark"
    ATTRIBUTE_NOT_WATCHABLE = "attribute_not_watchable"
    INITIAL_NOT_WRITABLE = "initial_not_writable"
    INITIAL_QUALIFIES = "initial_qualifies"
    ROW_QUALIFIES = "row_qualifies"
    VALUE_DOES_NOT_FIT = "value_does_not_fit"
    VALUE_NOT_AN_OPTION = "value_not_an_option"
    TOO_LONG = "too_long"
    UNSTORABLE = "unstorable"
    TOO_LARGE = "too_large"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that is wrong. `number` counts rows, or qualifying values, from 0."""

    code: Wrong
    place: Place
    number: int = 0
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What may be named: the campaign's sources; the workspace's fields by full name (empty: not known)."""

    sources: Collection[str]
    attributes: Mapping[str, Attribute]


def value_problem(value: WireValue | None) -> Wrong | None:
    """Why a value can't be kept: neither the database nor Intercom takes NUL, half a character, NaN."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return Wrong.TOO_LONG
        return Wrong.UNSTORABLE if unstorable(value) else None
    # Written so that NaN, which compares with nothing, is refused as well.
    return None if value is None or abs(value) <= LARGEST else Wrong.TOO_LARGE


def unstorable(text: str) -> bool:
    if "\0" in text:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a character.
        return True
    return False
