"""What the fields of a tab and their values are called on a page. Asks no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from integrations.logic.notes import NoteCode
from integrations.logic.targets import find
from integrations.services.type_words import type_in_words
from integrations.services.value_words import value_in_words

if TYPE_CHECKING:
    from datetime import tzinfo

    from integrations.logic.types import Attribute, SourceValue


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called: a field of Intercom, a source of the campaign; and in which time zone."""

    attributes: Mapping[str, Attribute]
    target: Callable[[str], str]
    source: Callable[[str], str]
    zone: tzinfo

    def kind(self, target: str) -> str:
        return type_in_words(self.attribute(target))

    def value(self, value: Any, target: str, *, made_of: SourceValue = None) -> str:
        """A value of this field in words; a date is told by the field, or by what it was made of."""
        attribute = self.attribute(target)
        data_type = attribute.data_type if attribute else "date" if isinstance(made_of, date) else ""
        return value_in_words(value, data_type=data_type, zone=self.zone)

    def attribute(self, target: str) -> Attribute | None:
        found = find(target, attributes=self.attributes)
        return self.attributes.get(target) if isinstance(found, NoteCode) else found
