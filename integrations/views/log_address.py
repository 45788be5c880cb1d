"""Where the sync log shows certain people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from integrations.services.log.wanted import Wanted


def log_address(wanted: Wanted) -> str:
    return reverse("admin:integrations_delivery_changelist", query=wanted.as_query())
