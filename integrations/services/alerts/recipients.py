"""Whether alerts can be mailed at all, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.services.roles import INTEGRATION_ADMIN

if TYPE_CHECKING:
    from integrations.models import AlertSettings

NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
MOST = 50
"""An alert that goes to more people than this is a newsletter."""


def can_mail() -> bool:
    """Whether this installation knows a mail server."""
    return bool(settings.EMAIL_BACKEND != NO_MAIL)


def group_addresses() -> list[str]:
    """The addresses of those in the group *Integration admin* who may log in and have one."""
    people = User.objects.filter(is_active=True, groups__name=INTEGRATION_ADMIN).exclude(email="")
    addresses = people.order_by("email").values_list("email", flat=True).distinct()[:MOST]
    return [address for address in addresses if _is_one(address)]


def _is_one(address: str) -> bool:
    """Accounts may come from anywhere, and one that is no address would keep the e-mail from everybody."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def recipients(wanted: AlertSettings) -> list[str]:
    """Everybody whom an alert goes to, each once."""
    listed = [*(group_addresses() if wanted.to_group else ()), *wanted.others]
    return list({address.lower(): address for address in reversed(listed)}.values())[::-1][:MOST]
