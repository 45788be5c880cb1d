"""The admin's forms for a campaign and its questions. They decide nothing about people."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, LeadField

if TYPE_CHECKING:
    LeadFieldFormBase = forms.ModelForm[LeadField]
    CampaignFormBase = forms.ModelForm[Campaign]
else:
    LeadFieldFormBase = CampaignFormBase = forms.ModelForm

LONGEST = 90
"""Of a short name that is made here: room is left for the number that tells two apart."""


class LeadFieldForm(LeadFieldFormBase):
    """Answers are stored under the key, so a stored field keeps its key."""

    class Meta:
        model = LeadField
        fields = ("label", "key", "type", "required", "position")
        labels: ClassVar = {
            "label": _("Question"),
            "key": _("Short name"),
            "required": _("Required"),
            "position": _("Order"),
        }
        help_texts: ClassVar = {"label": "", "key": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "key" in self.fields:
            self.fields["key"].disabled = True


class CampaignForm(CampaignFormBase):
    """The short name may be left to us."""

    class Meta:
        model = Campaign
        fields = ("name", "slug", "status")
        help_texts: ClassVar = {
            "slug": _(
                "It stands in the list of campaigns and in what you send to support; people who join never "
                "see it."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            if not self.instance.pk:
                help_text = self.fields["slug"].help_text
                self.fields["slug"].help_text = format_lazy(
                    "{} {}", _("Fills itself from the name."), help_text
                )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        return slug or self.instance.slug or free_slug(self.cleaned_data.get("name", ""))


def free_slug(name: str) -> str:
    """A short name that no campaign has; many alphabets leave nothing to make one of."""
    base = slugify(name)[:LONGEST].strip("-") or "campaign"
    taken = set(Campaign.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in count(2))
    return next(slug for slug in chain([base], numbered) if slug not in taken)
