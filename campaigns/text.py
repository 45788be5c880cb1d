"""One way to clean what people type: names, emails, codes. Pure; it stores and refuses nothing silently."""

from __future__ import annotations

import secrets
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# No vowels (no words by accident) and nothing that is mistaken for something else when read aloud.
CODE_ALPHABET = "BCDFGHJKMNPQRSTVWXZ23456789"
CODE_LENGTH = 10


def new_code() -> str:
    """A referral code that nobody can guess: 27^10, about 2 × 10^14, so a clash is not to be expected."""
    return "".join(secrets.choice(CODE_ALPHABET) for _position in range(CODE_LENGTH))


def normalized_code(code: str) -> str:
    """Codes are made in capitals only; people may type them as they like."""
    return code.strip().upper()


def normalized_email(email: str) -> str:
    """The spelling by which one person is known: trimmed and lower-cased."""
    return email.strip().lower()


def one_line(value: str) -> str:
    """Trimmed, and every run of white space (line breaks and no-break spaces too) as one space."""
    return " ".join(value.split())


def refuse_unstorable(value: str) -> None:
    """Raises ValidationError for what a database refuses (NUL, half a character) or nobody can see.

    Line breaks and tabs may stay; so may the marks that steer right-to-left text and join emoji.
    """
    for character in value:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in "\n\r\t"):
            raise ValidationError(_("This contains characters that cannot be stored."), code="unstorable")
