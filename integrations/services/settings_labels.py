"""What the parts of a tab are called, and what they say, in words. Labels are handed in; asks no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.logic.changes import Part
from integrations.logic.shown import shown
from integrations.logic.text import shorten
from integrations.logic.types import CUSTOM, Attribute, DataType, MapRow, Policy, TabSettings, WireValue
from integrations.models import Action, QualificationRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from campaigns.fields import SourceField

SHOWN = 60
MOST_VALUES = 10
"""Limits: characters of one value, qualifying values in a line."""

POLICIES: Mapping[Policy, _StrPromise] = {
    Policy.SKIP: _("do nothing"),
    Policy.UPDATE: _("update the contact to mark it as referred"),
}

NAMES: Mapping[Part, _StrPromise] = {
    Part.ACTION: _("Action"),
    Part.POLICY: _("If the contact already exists"),
    Part.MARKS: _("Mark as referred"),
    Part.QUALIFIES: _("Qualification"),
    Part.RULE_ATTRIBUTE: _("Data attribute that qualifies"),
    Part.RULE_INITIAL: _("Data attribute when the contact is created"),
    Part.QUALIFYING_VALUES: _("Values that qualify"),
}


def source_labels(sources: Iterable[SourceField]) -> dict[str, str]:
    """The labels of a campaign's sources by key."""
    return {source.key: str(source.label) for source in sources}


def target_label(target: str, *, attributes: Mapping[str, Attribute]) -> str:
    """What people call a field of Intercom."""
    known = attributes.get(target)
    return shorten((known.label if known else "") or target.removeprefix(CUSTOM), limit=SHOWN)


class TabWords:
    """The words for tabs of one campaign. What has lost its label since is called by its key."""

    def __init__(self, *, sources: Mapping[str, str], attributes: Mapping[str, Attribute]) -> None:
        self.sources, self.attributes = sources, attributes

    def says(self, part: Part, settings: TabSettings) -> str:
        """What one part of a tab says, after its name."""
        return f"{NAMES[part]}: {self.value(part, settings)}"

    def value(self, part: Part, settings: TabSettings) -> str:
        """What one part of a tab says."""
        if part is Part.ACTION:
            return str(Action(settings.action.value).label)
        if part is Part.POLICY:
            return str(POLICIES[settings.policy])
        if part is Part.MARKS:
            return gettext("yes") if settings.marks else gettext("no")
        if part is Part.QUALIFIES:
            methods = QualificationRule.Method
            return str((methods.ATTRIBUTE_CHANGES if settings.qualifies else methods.NONE).label)
        if part is Part.RULE_ATTRIBUTE:
            return self.target(settings.rule_attribute)
        if part is Part.RULE_INITIAL:
            return self._value(settings.rule_initial, of=settings.rule_attribute)
        return self._values(settings.qualifying_values, of=settings.rule_attribute)

    def row(self, row: MapRow) -> str:
        """One row of the field map, such as "First Name → Name"."""
        if row.data_type is DataType.FIXED:
            supply = _quoted(row.value)
        else:
            known = self.sources.get(row.source, row.source)
            supply = shorten(known, limit=SHOWN) or gettext("nothing chosen yet")
        return f"{supply} → {self.target(row.target)}"

    def target(self, target: str) -> str:
        return target_label(target, attributes=self.attributes) or gettext("nothing chosen yet")

    def _value(self, value: WireValue | None, *, of: str) -> str:
        """A value of one of Intercom's fields, as it is typed in the panel."""
        return _quoted("" if value is None else shown(value, attribute=self.attributes.get(of)))

    def _values(self, values: tuple[WireValue, ...], *, of: str) -> str:
        words = ", ".join(self._value(value, of=of) for value in values[:MOST_VALUES]) or gettext("none")
        return f"{words}, …" if len(values) > MOST_VALUES else words


def _quoted(text: str) -> str:
    """What is typed stands in quotes, so that blanks show."""
    return f"“{shorten(text, limit=SHOWN)}”" if text else gettext("empty")
