"""Pages that only show: no adding, changing or deleting, whatever the permissions say."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

AnyModel = TypeVar("AnyModel", bound=Model)

OWNERS = frozenset({"campaigns_campaign_delete", "campaigns_campaign_changelist"})
"""The pages where a campaign is deleted. People are not deleted but erased (`services.keeping`)."""


class GoesWithItsOwner:
    """A record that is not deleted by itself, only together with the campaign that it is about."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        match = request.resolver_match
        return request.user.is_superuser and match is not None and match.url_name in OWNERS


class ReadOnly(GoesWithItsOwner):
    """Mixed into a ModelAdmin or an inline, before it."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin[AnyModel]):
    """A log."""
