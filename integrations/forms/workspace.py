"""The secrets of a workspace as forms: written, never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST_TOKEN = 1000
LONGEST_SECRET = 200


class SecretField(forms.CharField):
    """One word of plain characters; what was typed is not sent back to the browser."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        attributes = {"class": "input mono", "autocomplete": "off", "spellcheck": "false"}
        super().__init__(max_length=longest, widget=forms.PasswordInput(attrs=attributes), **options)

    def clean(self, value: Any) -> str:
        secret: str = super().clean(value)
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            text = _("This has spaces or strange characters in it. Copy it again from Intercom, whole.")
            raise ValidationError(text)
        return secret


class TokenForm(forms.Form):
    """A fresh access token."""

    token = SecretField(
        longest=LONGEST_TOKEN,
        label=_("New access token"),
        error_messages={"required": _("Paste the access token from Intercom's Developer Hub.")},
        help_text=_("In Intercom's Developer Hub, open your app, then Configure › Authentication."),
    )


class ClientSecretForm(forms.Form):
    """What Intercom signs its notifications with."""

    secret = SecretField(
        longest=LONGEST_SECRET,
        label=_("Client secret"),
        error_messages={"required": _("Paste the client secret from Intercom's Developer Hub.")},
        help_text=_("In Intercom's Developer Hub, open your app, then Configure › Basic information."),
    )
