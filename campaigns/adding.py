"""The forms by which staff add somebody to a campaign. They store nothing: joining is in `services`."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.cleaning import TEXT_FIELDS
from campaigns.customs import PREFIX
from campaigns.forms import TakesErrors, custom_field
from campaigns.models import Audience, Campaign, Participant
from campaigns.text import normalized_code, normalized_email

OFFERED = 50
"""Referrers to choose from while typing; any other is found by the whole email or link."""
OFFERS = "known-referrers"


def _input(**attrs: str) -> forms.TextInput:
    """What staff type of others is not to be filled in from what the browser knows of them."""
    return forms.TextInput({"autocomplete": "off", "dir": "auto", **attrs})


class AddReferrerForm(TakesErrors):
    """Asks for a person. An email is enough."""

    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off", "dir": "auto"}),
    )
    first_name = forms.CharField(
        label=gettext_lazy("First name"), max_length=150, required=False, widget=_input()
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"), max_length=150, required=False, widget=_input()
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=50, required=False, widget=_input(type="tel")
    )
    company = forms.CharField(label=gettext_lazy("Company"), max_length=255, required=False, widget=_input())
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=255,
        required=False,
        widget=_input(),
        help_text=gettext_lazy("Where you met this person, such as a fair or a newsletter."),
    )
    submit = gettext_lazy("Add this referrer")

    def __init__(self, data: QueryDict | None = None, *, campaign: Campaign) -> None:
        super().__init__(data)
        self.campaign = campaign
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.show_optional = True

    @property
    def person(self) -> dict[str, Any]:
        """What the service that joins them takes. Only for a valid form."""
        return {name: self.cleaned_data[name] for name in TEXT_FIELDS}


class AddLeadForm(AddReferrerForm):
    """Asks for a lead: also who referred them, and the campaign's own questions. Who answers for another
    may not know, so none must be answered.
    """

    referrer = forms.CharField(
        label=gettext_lazy("Referred by"),
        max_length=500,
        required=False,
        widget=_input(list=OFFERS),
        help_text=gettext_lazy(
            "The email of a referrer of this campaign, or their link. Leave it empty if nobody referred them."
        ),
    )
    field_order = ("email", "first_name", "last_name", "referrer")
    submit = gettext_lazy("Add this lead")

    def __init__(self, data: QueryDict | None = None, *, campaign: Campaign) -> None:
        super().__init__(data, campaign=campaign)
        for lead_field in campaign.lead_fields.all():
            self.fields[f"{PREFIX}{lead_field.key}"] = custom_field(lead_field, required=False)

    @property
    def person(self) -> dict[str, Any]:
        data = self.cleaned_data
        custom = {name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)}
        return {**super().person, "referrer": data["referrer"], "custom": custom}

    def offers(self) -> list[Participant]:
        """The newest referrers, to choose from while typing."""
        known = Participant.objects.filter(campaign=self.campaign, audience=Audience.REFERRER)
        return list(known.order_by("-pk")[:OFFERED])

    def clean_referrer(self) -> Participant | None:
        """By email, code or whole link. Somebody may be a lead as well: the referrer in them is meant."""
        typed = self.cleaned_data["referrer"]
        if not typed:
            return None
        code = normalized_code(typed.rstrip("/").rpartition("/")[2])
        same = Q(email_normalized=normalized_email(typed)) | Q(referral_code=code)
        both = {found.audience: found for found in Participant.objects.filter(same, campaign=self.campaign)}
        if not both:
            raise ValidationError(
                _("Nobody in this campaign has this email or link. Add them as a referrer first.")
            )
        return both.get(Audience.REFERRER) or both[Audience.LEAD]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        referrer = data.get("referrer")
        if referrer and referrer.email_normalized == normalized_email(data.get("email", "")):
            self.add_error("referrer", _("Nobody refers themselves. Leave this empty."))
        return data
