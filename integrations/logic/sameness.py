"""Whether two values are one as a person sees them, however Intercom answers them. Decides nothing."""

from __future__ import annotations

from typing import Any

from integrations.logic.bodies import is_empty
from integrations.logic.targets import EMAIL
from integrations.logic.text import clean, normal_email


def alike(target: str, one: Any, other: Any) -> bool:
    """Of the field `target` (full name): a phone number by its digits, 12 and 12.0 alike, true never 1, and
    everything empty alike."""
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        if target == EMAIL:
            return normal_email(one) == normal_email(other)
        if target == "phone":
            return _digits(one) == _digits(other)
        return clean(one) == clean(other)
    return bool(one == other)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())
