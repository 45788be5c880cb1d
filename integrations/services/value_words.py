"""Values as people read them: yes or no, dates in a time zone. For showing only; nothing here is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from integrations.logic.coerce import to_text
from integrations.logic.dates import in_utc
from integrations.logic.notes import NoteCode
from integrations.logic.text import shorten

if TYPE_CHECKING:
    from integrations.models import IntercomConnection

LONGEST = 300
DATES = frozenset({"date", "datetime"})


def zone_of(connection: IntercomConnection | None) -> tzinfo:
    """The time zone in which the workspace's own pages show dates; ours where it is not known."""
    try:
        if connection is not None and connection.time_zone:
            return ZoneInfo(connection.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    return timezone.get_current_timezone()


def value_in_words(value: Any, *, data_type: str = "", zone: tzinfo) -> str:
    """A value from here or from Intercom; `data_type` is the field's, and tells dates from numbers.

    "" for no value.
    """
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, datetime):
        return _moment(in_utc(value), zone=zone)
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if data_type in DATES and isinstance(value, int | float):
        return _seconds(value, zone=zone)
    return _plain(value)


def _seconds(value: float, *, zone: tzinfo) -> str:
    try:
        return _moment(datetime.fromtimestamp(value, UTC), zone=zone)
    except (ValueError, OverflowError, OSError):
        return _plain(value)


def _moment(value: datetime, *, zone: tzinfo) -> str:
    try:
        local = value.astimezone(zone)
    except OverflowError:
        local = value
    return f"{date_format(local, 'SHORT_DATETIME_FORMAT')} {local.tzname() or ''}".strip()


def _plain(value: Any) -> str:
    if value is None or isinstance(value, str | int | float):
        text = to_text(value)
        return shorten(str(value) if isinstance(text, NoteCode) else text, limit=LONGEST)
    return shorten(str(value), limit=LONGEST)
