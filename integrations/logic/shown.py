"""Values of a rule as the text that stands for them in a form and in sentences."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.logic.coerce import to_text
from integrations.logic.notes import NoteCode
from integrations.logic.types import Attribute, WireValue

DAY = 86_400
DATES = frozenset({"date", "datetime"})


def shown(value: WireValue, *, attribute: Attribute | None) -> str:
    """The value as a person types it: yes or no, a day for a date."""
    kind = attribute.data_type if attribute else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind in DATES and isinstance(value, int) and value % DAY == 0 and abs(value) < 10**11:
        return datetime.fromtimestamp(value, UTC).date().isoformat()
    text = to_text(value)
    return str(value) if isinstance(text, NoteCode) else text
