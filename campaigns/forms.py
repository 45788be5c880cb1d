"""The form of the public join page, with the campaign's own fields. It stores nothing."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout, Submit
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.customs import MAX_NUMBER, MAX_TEXT, PREFIX
from campaigns.models import Campaign, LeadField, LeadFieldType

TRAP = "website"
"""The field that only programs fill in."""


def text_input(autocomplete: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput({"autocomplete": autocomplete, "dir": "auto", **attrs})


class TakesErrors(forms.Form):
    """A form whose person a service judges as well."""

    def take_errors(self, error: ValidationError) -> None:
        """Shows the errors of a service beside their fields; those of no field above the form."""
        for name, errors in error.update_error_dict({}).items():
            known = name in self.fields and name != NON_FIELD_ERRORS
            self.add_error(name if known else None, errors)


class JoinForm(TakesErrors):
    """Asks a person for their name, email and the campaign's own fields.

    Custom fields are called `custom.<key>`, as in the errors of `services.join_lead`.
    """

    first_name = forms.CharField(label=_("First name"), max_length=150, widget=text_input("given-name"))
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, required=False, widget=text_input("family-name")
    )
    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput({"autocomplete": "email", "dir": "auto"})
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=50,
        required=False,
        widget=forms.TextInput({"autocomplete": "tel", "type": "tel", "dir": "auto"}),
    )
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, data: QueryDict | None = None, *, campaign: Campaign) -> None:
        super().__init__(data)
        custom = list(campaign.lead_fields.all())
        for lead_field in custom:
            self.fields[f"{PREFIX}{lead_field.key}"] = custom_field(lead_field, required=lead_field.required)
        self.order_fields([name for name in self.fields if name != TRAP])
        self.helper = _helper(list(self.fields))

    @property
    def is_trapped(self) -> bool:
        """Whether a program filled in what people don't see. Only for a valid form."""
        return bool(self.cleaned_data[TRAP])

    @property
    def person(self) -> dict[str, Any]:
        """What `services.join_lead` takes. Only for a valid form."""
        data = self.cleaned_data
        custom = {name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)}
        plain = {name: data[name] for name in ("first_name", "last_name", "email", "phone")}
        return {**plain, "custom": custom}


def _helper(names: list[str]) -> FormHelper:
    helper = FormHelper()
    helper.form_class = "form"
    # The server's own messages: whole, linked to their fields and in the page's language.
    helper.attrs = {"novalidate": True}
    helper.show_optional = True
    shown = [name for name in names if name != TRAP]
    helper.layout = Layout(*shown, Div(TRAP, css_class="apart", aria_hidden="true"))
    helper.add_input(Submit("join", _("Join"), css_class="button--wide"))
    return helper


def custom_field(lead_field: LeadField, *, required: bool) -> forms.Field:
    """A question of the campaign's own."""
    common: dict[str, Any] = {"label": lead_field.label, "required": required}
    match LeadFieldType(lead_field.type):
        case LeadFieldType.TEXT:
            return forms.CharField(max_length=MAX_TEXT, widget=text_input("on"), **common)
        case LeadFieldType.NUMBER:
            return forms.FloatField(min_value=-MAX_NUMBER, max_value=MAX_NUMBER, **common)
        case LeadFieldType.BOOLEAN:
            return forms.TypedChoiceField(
                choices=[("", _("Choose")), ("yes", _("Yes")), ("no", _("No"))],
                coerce="yes".__eq__,
                empty_value=None,
                **common,
            )
        case LeadFieldType.DATE:
            return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **common)
