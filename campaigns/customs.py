"""Values of a campaign's custom lead fields: checked on the way in, typed on the way out. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from campaigns.models import LeadFieldType
from campaigns.text import refuse_unstorable

if TYPE_CHECKING:
    from campaigns.models import LeadField

Stored = str | int | float | bool
"""What JSON keeps. A date is kept as YYYY-MM-DD."""
Typed = str | float | bool | date

MAX_TEXT = 2000
MAX_NUMBER = 10**15
"""Beyond this a floating-point number no longer tells two whole numbers apart."""

PREFIX = "custom."
"""How the name of a custom field begins wherever it stands beside others: errors, columns, the map."""

YES = frozenset({"true", "yes", "y", "1", "on"})
NO = frozenset({"false", "no", "n", "0", "off"})


def checked(values: Mapping[str, object], *, lead_fields: Iterable[LeadField]) -> dict[str, Stored]:
    """The values as they are stored; empty ones (None, "") are left out.

    Takes str for text, int or float for number, bool for boolean, a date or YYYY-MM-DD for date.
    Whether a field is required is the public form's business: other callers may know less.
    Raises ValidationError keyed by `custom.<key>` for unknown keys and values of a wrong type.
    """
    known = {lead_field.key: LeadFieldType(lead_field.type) for lead_field in lead_fields}
    stored: dict[str, Stored] = {}
    errors: dict[str, ValidationError] = {}
    for key, value in values.items():
        try:
            if key not in known:
                raise ValidationError(_("This campaign has no such field."), code="unknown")
            if not _empty(value):
                stored[key] = _CHECKS[known[key]](value)
        except ValidationError as err:
            errors[f"{PREFIX}{key}"] = err
    if errors:
        raise ValidationError(errors)
    return stored


def from_text(text: str, *, kind: LeadFieldType) -> Stored | None:
    """The value that a text such as a CSV cell stands for; None when it is empty.

    What cannot be read is returned as it is, for `checked` to refuse in one place.
    """
    text = text.strip()
    if not text:
        return None
    if kind is LeadFieldType.NUMBER:
        return _read_number(text)
    if kind is LeadFieldType.BOOLEAN and text.lower() in YES | NO:
        return text.lower() in YES
    return text


def typed(value: object, *, kind: LeadFieldType) -> Typed | None:
    """A stored value in the field's declared type: str, float, bool or date.

    None for nothing, and for a value that no longer fits because the field was given another type.
    """
    if _empty(value):
        return None
    try:
        kept = _CHECKS[kind](value)
    except ValidationError:
        return None
    if kind is LeadFieldType.NUMBER:
        return float(kept)
    return date.fromisoformat(str(kept)) if kind is LeadFieldType.DATE else kept


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _read_number(text: str) -> Stored:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _text(value: object) -> Stored:
    if not isinstance(value, str):
        raise ValidationError(_("Enter a text."), code="type")
    refuse_unstorable(value)
    value = value.strip()
    if len(value) > MAX_TEXT:
        raise ValidationError(
            _("Enter at most %(limit)d characters (you entered %(length)d)."),
            code="max_length",
            params={"limit": MAX_TEXT, "length": len(value)},
        )
    return value


def _number(value: object) -> Stored:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(_("Enter a number."), code="type")
    # Written so that NaN is refused as well, and no whole number is too large to be looked at.
    if not abs(value) <= MAX_NUMBER:
        raise ValidationError(_("This number is too large."), code="range")
    return value


def _boolean(value: object) -> Stored:
    if not isinstance(value, bool):
        raise ValidationError(_("Answer yes or no."), code="type")
    return value


def _date(value: object) -> Stored:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        parsed = parse_date(value.strip()) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise ValidationError(_("Enter a date as YYYY-MM-DD."), code="type")
    return parsed.isoformat()


_CHECKS: dict[LeadFieldType, Callable[[object], Stored]] = {
    LeadFieldType.TEXT: _text,
    LeadFieldType.NUMBER: _number,
    LeadFieldType.BOOLEAN: _boolean,
    LeadFieldType.DATE: _date,
}
