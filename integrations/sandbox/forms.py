"""A contact as a form: what a teammate may change in the vendor's own screens. Says nothing to a store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from integrations.sandbox.attributes import Attribute, Kind
from integrations.sandbox.fields import LONGEST

if TYPE_CHECKING:
    from integrations.sandbox.messages import Json

STANDARD = ("name", "email", "phone")
DATES = {Kind.DATE, Kind.DATETIME}
WIDEST = 2**53
"""Beyond this, browsers round numbers."""


class ContactForm(forms.Form):
    """Its fields are the workspace's: three of every contact, and one for each attribute of its own."""

    def __init__(
        self, data: Any = None, *, contact: Json, attributes: Mapping[str, Attribute], **options: Any
    ) -> None:
        super().__init__(data, auto_id="contact-%s", **options)
        self.contact = contact
        self.attributes = [each for each in attributes.values() if not each.archived]
        labels = {"name": _("Name"), "email": _("Email"), "phone": _("Phone")}
        for name in STANDARD:
            self.fields[name] = forms.CharField(
                label=labels[name], initial=contact[name], required=False, max_length=LONGEST
            )
        for attribute in self.attributes:
            value = contact["custom_attributes"].get(attribute.name)
            self.fields[_key(attribute)] = _field(attribute, value)

    def changes(self) -> Json:
        """What differs from the contact, by the vendor's names; {} if nothing does."""
        given, custom = self.cleaned_data, self.attributes
        changed: Json = {name: given[name] or None for name in STANDARD if name in self.changed_data}
        own = {
            each.name: _value(each, given[_key(each)]) for each in custom if _key(each) in self.changed_data
        }
        return changed | ({"custom_attributes": own} if own else {})


def _key(attribute: Attribute) -> str:
    return f"attribute-{attribute.id}"


def _field(attribute: Attribute, value: Any) -> forms.Field:
    """`value` is shown as it can be typed; one that the type does not fit starts empty."""
    common: dict[str, Any] = {"label": attribute.name, "required": False}
    match attribute.kind:
        case Kind.OPTIONS:
            options = [(each, each) for each in attribute.options]
            return forms.ChoiceField(choices=[("", "–"), *options], initial=value, **common)
        case Kind.BOOLEAN:
            choices = [("", "–"), ("yes", _("Yes")), ("no", _("No"))]
            initial = {True: "yes", False: "no"}.get(value, "")
            return forms.ChoiceField(choices=choices, initial=initial, **common)
        case Kind.INTEGER:
            return forms.IntegerField(min_value=-WIDEST, max_value=WIDEST, initial=value, **common)
        case Kind.FLOAT:
            step = forms.NumberInput({"step": "any"})
            return forms.FloatField(widget=step, initial=value, **common)
        case Kind.DATE | Kind.DATETIME:
            widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
            return forms.DateField(widget=widget, initial=_day(value), **common)
        case _:
            return forms.CharField(max_length=LONGEST, initial=value, **common)


def _day(seconds: Any) -> date | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (TypeError, OverflowError, ValueError, OSError):
        return None


def _value(attribute: Attribute, given: Any) -> Any:
    """As the vendor keeps it; null clears, and a day is the second in which it begins in UTC."""
    if given in (None, ""):
        return None
    if attribute.kind is Kind.BOOLEAN:
        return given == "yes"
    if attribute.kind in DATES:
        return int(datetime(given.year, given.month, given.day, tzinfo=UTC).timestamp())
    return given
