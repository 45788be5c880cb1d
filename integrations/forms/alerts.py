"""Who is told of trouble, and from when on something is trouble, as a form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.text import refuse_unstorable

if TYPE_CHECKING:
    from integrations.models import AlertSettings

MOST_ADDRESSES = 20
SHOWN = 60
LONGEST_ADDRESS = 254


class AddressesField(forms.CharField):
    """Addresses with line breaks, commas or spaces between; cleaned, a list with each of them once."""

    widget = forms.Textarea(
        attrs={"rows": 3, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    )

    def prepare_value(self, value: object) -> object:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: object) -> list[str]:
        text = super().clean(value)
        refuse_unstorable(text)
        found = {address.lower(): address for address in re.split(r"[\s,;]+", text) if address}
        if len(found) > MOST_ADDRESSES:
            raise ValidationError(_("These are too many: at most 20 addresses."))
        for address in found.values():
            _check(address)
        return list(found.values())


class AlertForm(forms.Form):
    """The settings of the alerts."""

    mailed = forms.BooleanField(label=gettext_lazy("Send alerts by e-mail"), required=False)
    to_group = forms.BooleanField(
        label=gettext_lazy("To everybody in the group Integration admin who has an e-mail address"),
        required=False,
    )
    others = AddressesField(
        label=gettext_lazy("Other addresses"),
        required=False,
        max_length=MOST_ADDRESSES * (LONGEST_ADDRESS + 2),
        help_text=gettext_lazy("One on each line: people or lists that should know as well."),
    )
    failures = forms.IntegerField(
        label=gettext_lazy("Say so when this many people fail within an hour"),
        min_value=1,
        max_value=100_000,
        help_text=gettext_lazy("In one workspace. It is over when there are fewer than half of it."),
    )
    backlog_minutes = forms.IntegerField(
        label=gettext_lazy("Say so when somebody waits for this many minutes"),
        min_value=5,
        max_value=1440,
        help_text=gettext_lazy(
            "Counts only people who could be sent: not those that a pause or a missing setting holds."
        ),
    )

    def __init__(self, *values: Any, group: Sequence[str], **options: Any) -> None:
        super().__init__(*values, **options)
        self.fields["to_group"].help_text = _in_words(group)


def form_of(wanted: AlertSettings, *, group: Sequence[str]) -> AlertForm:
    """The settings as they are; `group` are the addresses that its people have."""
    return AlertForm(initial={name: getattr(wanted, name) for name in AlertForm.base_fields}, group=group)


def _in_words(group: Sequence[str]) -> str:
    if not group:
        return _("Nobody in the group has one yet.")
    return format_html(_("Now: {}"), format_html_join(", ", "<bdi>{}</bdi>", ((one,) for one in group)))


def _check(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        text = _("“%(address)s” is not an e-mail address.")
        raise ValidationError(text % {"address": address[:SHOWN]}) from None
