"""The admin's forms for a participant: the same cleaning as for people who join by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns import services
from campaigns.cleaning import TEXT_FIELDS, clean_person
from campaigns.models import Audience, Participant

if TYPE_CHECKING:
    ParticipantFormBase = forms.ModelForm[Participant]
else:
    ParticipantFormBase = forms.ModelForm

LONGEST_NUMBER = 18
"""Digits that a key may have."""


class FoundByNumber(AutocompleteSelect):
    """Shown again, what is no number is no choice: Django asks the database for whatever was posted."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        numbers = [one for one in value if not one or (one.isdecimal() and len(one) <= LONGEST_NUMBER)]
        return super().optgroups(name, numbers, attr)


class ParticipantForm(ParticipantFormBase):
    """Corrects what somebody typed."""

    class Meta:
        model = Participant
        fields: tuple[str, ...] = TEXT_FIELDS

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        person = self._person(data)
        try:
            clean_person(person)
        except ValidationError as err:
            # Those that the form found itself are shown already.
            self.add_error(None, ValidationError({k: v for k, v in err.error_dict.items() if k in data}))
            return data
        data |= {name: getattr(person, name) for name in TEXT_FIELDS if name in data}
        self._refuse_second(person)
        return data

    def _person(self, data: dict[str, Any]) -> Participant:
        texts = {name: data.get(name, "") for name in TEXT_FIELDS}
        return Participant(campaign=self.instance.campaign, audience=self.instance.audience, **texts)

    def _refuse_second(self, person: Participant) -> None:
        same = Participant.objects.filter(
            email_normalized=person.email_normalized, campaign=person.campaign_id, audience=person.audience
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("email", _("Somebody with this email is in this campaign already."))


class AddParticipantForm(ParticipantForm):
    """Lets somebody join by hand."""

    class Meta(ParticipantForm.Meta):
        fields = ("campaign", "audience", "referrer", *TEXT_FIELDS)

    def clean(self) -> dict[str, Any]:
        if not {"campaign", "audience"} <= self.cleaned_data.keys():
            return self.cleaned_data
        data = super().clean()
        person = self._person(data)
        if not person.campaign.is_open:
            raise services.CampaignEnded
        referrer = data.get("referrer")
        if referrer and person.audience == Audience.REFERRER:
            raise ValidationError({"referrer": _("A referrer is not referred by anybody. Leave this empty.")})
        services.credited(referrer, lead=person)
        return data

    def _person(self, data: dict[str, Any]) -> Participant:
        texts = {name: data.get(name, "") for name in TEXT_FIELDS}
        return Participant(campaign=data["campaign"], audience=data["audience"], **texts)
