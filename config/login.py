"""The form that people log in with: Django's, with a plain answer to a wrong password."""

from __future__ import annotations

from django.contrib.admin.forms import AdminAuthenticationForm
from django.utils.translation import gettext_lazy as _


class LoginForm(AdminAuthenticationForm):
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _(
            "This username and this password do not belong together, or this account may not log in here. "
            "Capital and small letters count."
        ),
    }
