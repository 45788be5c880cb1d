"""The values of a qualification rule between the text that people type and the type that Intercom keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.logic.coerce import coerce
from integrations.logic.shown import shown
from integrations.logic.text import clean, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integrations.logic.types import Attribute, WireValue


def typed_value(
    text: str, *, attribute: Attribute | None, before: Iterable[WireValue] = ()
) -> WireValue | None:
    """The text in the attribute's type; the text itself where it does not fit, None where there is none.

    What stands in `before` and still reads the same stays exactly as it was. Nothing is respelled like an
    option: a rule compares exactly, and a near miss is told instead.
    """
    for old in before:
        if shown(old, attribute=attribute) == text:
            return old
    if is_blank(clean(text)):
        return None
    if attribute is None or attribute.options or attribute.data_type == "string":
        return text.strip()
    value = coerce(text, attribute).value
    return text.strip() if value is None else value


def lines(text: str) -> list[str]:
    """One value a line, blank lines left out, none of them twice."""
    found = (line.strip() for line in text.split("\n"))
    return list(dict.fromkeys(line for line in found if not is_blank(clean(line)) or "\0" in line))
