"""Cleans the typed texts of a person before they are stored. It asks no database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from campaigns.text import one_line, refuse_unstorable

if TYPE_CHECKING:
    from campaigns.models import Participant

TEXT_FIELDS = ("email", "first_name", "last_name", "phone", "company", "source")
OURS = {"campaign", "audience", "referrer", "referral_code", "custom", "status", "joined_at", "qualified_at"}
"""Fields that no text is typed into, so there is nothing to validate."""


def clean_person(person: Participant) -> None:
    """Trims the texts, puts each on one line and sets the normalised email, on the given object.

    Raises a ValidationError keyed by field for what is too long, no email, or cannot be stored.
    """
    for name in TEXT_FIELDS:
        clean = str.strip if name == "email" else one_line
        setattr(person, name, clean(getattr(person, name)))
    person.set_email(person.email)
    together(partial(_refuse_unstorable, person), partial(_clean_fields, person))


def together(*checks: Callable[[], None]) -> None:
    """Runs every check, then raises one ValidationError with all that they found."""
    errors: dict[str, list[ValidationError]] = {}
    for check in checks:
        try:
            check()
        except ValidationError as err:
            errors = err.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _refuse_unstorable(person: Participant) -> None:
    errors: dict[str, ValidationError] = {}
    for name in TEXT_FIELDS:
        try:
            refuse_unstorable(getattr(person, name))
        except ValidationError as err:
            errors[name] = err
    if errors:
        raise ValidationError(errors)


def _clean_fields(person: Participant) -> None:
    try:
        person.clean_fields(exclude=OURS)
    except ValidationError as err:
        errors = err.error_dict
        # Lower-casing can lengthen a text; people know of one email only.
        normalized = errors.pop("email_normalized", None)
        raise ValidationError({"email": normalized} | errors if normalized else errors) from err
