"""Turns dates into whole Unix seconds. Refuses milliseconds and anything that reads as two dates."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from integrations.logic.notes import NoteCode
from integrations.logic.text import clean

if TYPE_CHECKING:
    from integrations.logic.types import SourceValue

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MILLISECONDS_FROM = 10**11
"""A number this large is the year 5138 in seconds, and 1973 in milliseconds: surely milliseconds."""

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[^ ]*")
SECONDS = re.compile(r"-?\d{9,40}")


def to_seconds(value: SourceValue) -> int | NoteCode:
    """Whole Unix seconds, rounded down; negative before 1970. Without a time zone UTC is meant.

    A day is its midnight in UTC. Text is read when it is ISO 8601 with dashes, or Unix seconds of nine
    digits and more (fewer may be a year). Intercom takes seconds alone:
    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact
    """
    if isinstance(value, bool) or value is None:
        return NoteCode.NOT_A_DATE
    if isinstance(value, str):
        return _from_text(clean(value))
    if isinstance(value, date):
        return _from_date(value)
    return _from_number(value)


def in_utc(value: datetime) -> datetime:
    """The date-time itself, taken as UTC if it has no time zone."""
    return value if value.utcoffset() is not None else value.replace(tzinfo=UTC)


def _from_date(value: date) -> int:
    moment = (
        value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    )
    return (in_utc(moment) - EPOCH) // SECOND


def _from_number(value: int | float) -> int | NoteCode:
    if isinstance(value, float) and not math.isfinite(value):
        return NoteCode.NOT_A_DATE
    return math.floor(value) if abs(value) < MILLISECONDS_FROM else NoteCode.DATE_IN_MILLISECONDS


def _from_text(text: str) -> int | NoteCode:
    if SECONDS.fullmatch(text):
        return _from_number(int(text))
    try:
        if DAY.fullmatch(text):
            return _from_date(date.fromisoformat(text))
        if MOMENT.fullmatch(text):
            return _from_date(datetime.fromisoformat(text))
    except ValueError:
        return NoteCode.NOT_A_DATE
    return NoteCode.NOT_A_DATE
