"""Brings one value to the type of one Intercom field, or leaves it out and says why. Never raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from integrations.logic.dates import in_utc, to_seconds
from integrations.logic.notes import Note, NoteCode
from integrations.logic.numeric import LARGEST, to_float, to_integer, to_number
from integrations.logic.text import clean, fold, is_blank, shorten

if TYPE_CHECKING:
    from integrations.logic.types import Attribute, SourceValue, WireValue

LONGEST_TEXT = 255
"""Intercom's limit, in characters, for the text of a data attribute."""

SHOWN = 60
"""How much of a refused value a note repeats, in characters."""

TRUE_WORDS = frozenset({"yes", "true", "on", "1"})
FALSE_WORDS = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class Coerced:
    """A value as Intercom takes it; None when it is left out. The note says what was changed, or why not."""

    value: WireValue | None = None
    note: Note | None = None


def coerce(value: SourceValue, attribute: Attribute | None, *, target: str = "") -> Coerced:
    """The value in the type of the attribute, or in its own type if the attribute is unknown (None).

    A missing value (None, empty, nothing visible) is left out without a note and is never null; False and
    0 are values. Text is trimmed and cut at 255 characters; dates become whole Unix seconds (UTC if they
    have no time zone); a list attribute takes one of its options. `target` names the field in the note if
    the attribute can't. Rules: https://www.intercom.com/help/en/articles/179
    """
    name = attribute.full_name if attribute else target
    if value is None or (isinstance(value, str) and is_blank(clean(value))):
        return Coerced()
    if attribute and attribute.options:
        return _to_option(value, options=attribute.options, target=name)
    if attribute and attribute.data_type == "string":
        return _to_text(value, target=name)
    convert = CONVERTERS.get(attribute.data_type) if attribute else None
    if convert is None:
        return _natural(value, target=name)
    return _coerced(convert(value), value=value, target=name)


def to_boolean(value: SourceValue) -> bool | NoteCode:
    """True or False from a boolean, 1 or 0, or yes/no, true/false, on/off in any case."""
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    word = clean(value).lower() if isinstance(value, str) else ""
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    return NoteCode.NOT_A_BOOLEAN


def to_text(value: SourceValue) -> str | NoteCode:
    """The value as text: "true" and "false", ISO 8601 for dates, 42 for 42.0."""
    if value is None or isinstance(value, str):
        return clean(value or "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return in_utc(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    number = to_number(value)
    if isinstance(number, NoteCode) or (isinstance(number, int) and abs(number) > LARGEST):
        return NoteCode.NOT_A_NUMBER
    return str(int(number)) if number == int(number) and abs(number) < 10**15 else str(number)


CONVERTERS: dict[str, Callable[[SourceValue], WireValue | NoteCode]] = {
    "integer": to_integer,
    "float": to_float,
    "boolean": to_boolean,
    "date": to_seconds,
    "datetime": to_seconds,
}


def _natural(value: SourceValue, *, target: str) -> Coerced:
    if isinstance(value, bool):
        return Coerced(value)
    if isinstance(value, str):
        return _to_text(value, target=target)
    if isinstance(value, date):
        return _coerced(to_seconds(value), value=value, target=target)
    number = to_integer(value) if isinstance(value, int) else to_float(value)
    return _coerced(number, value=value, target=target)


def _to_text(value: SourceValue, *, target: str) -> Coerced:
    text = to_text(value)
    if isinstance(text, NoteCode) or len(text) <= LONGEST_TEXT:
        return _coerced(text, value=value, target=target)
    cut = text[:LONGEST_TEXT].rstrip()
    return Coerced(cut, Note(NoteCode.CUT, target, {"length": len(text), "limit": LONGEST_TEXT}))


def _to_option(value: SourceValue, *, options: tuple[str, ...], target: str) -> Coerced:
    text = to_text(value)
    if text in options and not isinstance(text, NoteCode):
        return Coerced(text)
    near = [option for option in options if fold(option) == fold(text)]
    if isinstance(text, NoteCode) or len(near) != 1:
        return _coerced(NoteCode.NOT_AN_OPTION, value=value, target=target)
    params: dict[str, str | int] = {"value": _shown(value), "option": shorten(near[0], limit=SHOWN)}
    return Coerced(near[0], Note(NoteCode.OPTION_SPELLED_DIFFERENTLY, target, params))


def _coerced(result: WireValue | NoteCode, *, value: SourceValue, target: str) -> Coerced:
    if isinstance(result, NoteCode):
        return Coerced(note=Note(result, target, {"value": _shown(value)}))
    return Coerced(result)


def _shown(value: SourceValue) -> str:
    text = to_text(value)
    return "" if isinstance(text, NoteCode) else shorten(text, limit=SHOWN)
