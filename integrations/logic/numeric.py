"""Reads numbers as people write them. Refuses what could be read in two ways rather than guess."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import TYPE_CHECKING

from integrations.logic.notes import NoteCode
from integrations.logic.text import clean

if TYPE_CHECKING:
    from integrations.logic.types import SourceValue

LARGEST = 2**63 - 1

PLAIN = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?")
SPACED = re.compile(r"[+-]?\d{1,3}([ \u00a0\u2009\u202f]\d{3}){1,6}(\.\d{1,40})?")
WITH_COMMAS = re.compile(r"[+-]?\d{1,3}((,\d{3}){2,6}(\.\d{1,40})?|,\d{3}\.\d{1,40})")
ONE_COMMA = re.compile(r"[+-]?\d{1,20},\d{1,20}")
SEPARATORS = re.compile(r"[, \u00a0\u2009\u202f]")


def to_integer(value: SourceValue) -> int | NoteCode:
    """A whole number of at most 64 bits; "42.0" is one, 42.5 is not."""
    number = to_number(value)
    if isinstance(number, float):
        if not number.is_integer():
            return NoteCode.NOT_A_WHOLE_NUMBER
        number = int(number)
    if isinstance(number, int) and abs(number) > LARGEST:
        return NoteCode.NOT_A_NUMBER
    return number


def to_float(value: SourceValue) -> float | NoteCode:
    """A finite number with a decimal point."""
    number = to_number(value)
    if isinstance(number, NoteCode):
        return number
    return float(number) if abs(number) <= LARGEST or isinstance(number, float) else NoteCode.NOT_A_NUMBER


def to_number(value: SourceValue) -> int | float | NoteCode:
    """The number that is meant, True and False being 1 and 0; a code where none is, or where two may be.

    "1 000" and "1,234,567" are read; "1,000" is not, since half of the world reads it as one.
    """
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else NoteCode.NOT_A_NUMBER
    if value is None or isinstance(value, date):
        return NoteCode.NOT_A_NUMBER
    return _parse(clean(value))


def _parse(text: str) -> int | float | NoteCode:
    if ONE_COMMA.fullmatch(text):
        return NoteCode.NUMBER_AMBIGUOUS
    if not any(pattern.fullmatch(text) for pattern in (PLAIN, SPACED, WITH_COMMAS)):
        return NoteCode.NOT_A_NUMBER
    digits = SEPARATORS.sub("", text)
    return float(digits) if "." in digits else int(digits)
