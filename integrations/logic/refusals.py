"""Which of the fields that we sent Intercom refused, from its own words. Never guesses between two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.logic.targets import EMAIL
from integrations.logic.types import CUSTOM

NEVER_LEFT_OUT = frozenset({EMAIL, "role", "custom_attributes"})


def refused_target(
    body: Mapping[str, Any], *, attribute_name: str | None, field: str, message: str
) -> str | None:
    """The full name of the one field in `body` that a 400 is about, or None where that is not certain.

    `attribute_name` is the custom attribute of "Custom attribute 'x' does not exist", `field` what
    Intercom's error names, `message` its text. The email is never such a field: without it nothing goes.
    """
    sent = _sent(body)
    named = [CUSTOM + attribute_name] if attribute_name else []
    named += [field, CUSTOM + field] if field else []
    for target in named:
        if target in sent:
            return target
    mentioned = [target for target in sent if _mentions(message, target.removeprefix(CUSTOM))]
    return mentioned[0] if len(mentioned) == 1 else None


def _sent(body: Mapping[str, Any]) -> list[str]:
    standard = [name for name in body if name not in NEVER_LEFT_OUT]
    return standard + [CUSTOM + name for name in body.get("custom_attributes", {})]


def _mentions(message: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message, re.IGNORECASE) is not None
