"""Who is told of what, as it is kept: read, changed, tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.models import Alert, AlertSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from django.contrib.auth.models import User


def alert_settings() -> AlertSettings:
    """As saved, or as it begins."""
    return AlertSettings.objects.filter(pk=AlertSettings.ONLY).select_related(
        "changed_by"
    ).first() or AlertSettings(pk=AlertSettings.ONLY)


def change(values: Mapping[str, Any], *, user: User) -> None:
    """Whoever is told from now on hears of what stands, not of what was over before."""
    with transaction.atomic():
        before, _ = AlertSettings.objects.get_or_create(pk=AlertSettings.ONLY)
        if values["mailed"] and not before.mailed:
            Alert.objects.filter(ended_at__isnull=False).update(mail_due_at=None)
        AlertSettings.objects.filter(pk=AlertSettings.ONLY).update(
            **values, changed_at=timezone.now(), changed_by=user
        )
