"""The ways to connect as forms. What is secret in them is never sent back to the browser."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.forms.workspace import LONGEST_SECRET, LONGEST_TOKEN, SecretField
from integrations.models import Region

REGIONS = [(region.value, region.label) for region in Region if region is not Region.SANDBOX]


class RegionForm(forms.Form):
    """Where the workspace's data lives, as its owner chose when signing up with Intercom."""

    region = forms.ChoiceField(
        label=_("Where is your Intercom workspace hosted?"),
        choices=REGIONS,
        initial=Region.US,
        widget=forms.RadioSelect,
        help_text=_("Not sure? Choose United States: nearly all workspaces are hosted there."),
    )


class TokenForm(RegionForm):
    """The access token of an app that the customer made for their own workspace."""

    token = SecretField(
        longest=LONGEST_TOKEN,
        label=_("Access token"),
        error_messages={"required": _("Paste the access token from Intercom's Developer Hub.")},
    )
    client_secret = SecretField(
        longest=LONGEST_SECRET,
        required=False,
        label=_("Client secret"),
        help_text=_("Lets Intercom tell us at once when a referral qualifies. It can be added later."),
    )
    field_order = ["token", "client_secret", "region"]
