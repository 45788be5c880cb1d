"""The main navigation of the admin: a few places in people's words. Shows nobody what they may not open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

HOME = "admin:index"
TABLES = "admin:tables"
PLACES: tuple[tuple[str, _StrPromise, str], ...] = (
    ("admin:campaigns_campaign_changelist", _("Campaigns"), "campaigns.view_campaign"),
    ("admin:integrations_delivery_changelist", _("Sync log"), "integrations.view_delivery"),
    ("admin:integrations_health", _("Health"), "integrations.view_delivery"),
    (
        "admin:integrations_intercomconnection_changelist",
        _("Workspaces"),
        "integrations.view_intercomconnection",
    ),
)
FOR_SUPERUSERS: tuple[tuple[str, _StrPromise], ...] = (
    ("admin:auth_user_changelist", _("Users")),
    (TABLES, _("All tables")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """`current` is a value for aria-current: "page" on the place itself, "true" below it, else ""."""

    label: str | _StrPromise
    url: str
    current: str


def navigation(request: HttpRequest) -> list[Place]:
    """The places that this person may go to, Home first."""
    places = [_place(HOME, _("Home"), request=request, below=False)]
    places += [_place(name, label, request=request) for name, label, right in PLACES if _may(request, right)]
    if request.user.is_superuser:
        places += [_place(name, label, request=request) for name, label in FOR_SUPERUSERS]
    return places


def _may(request: HttpRequest, permission: str) -> bool:
    """As the admin itself has it: who may change something may also look at it."""
    app, _dot, codename = permission.partition(".")
    return any(
        request.user.has_perm(f"{app}.{right}")
        for right in (codename, codename.replace("view_", "change_", 1))
    )


def _place(name: str, label: _StrPromise, *, request: HttpRequest, below: bool = True) -> Place:
    url = reverse(name)
    if request.path == url:
        return Place(label, url, "page")
    return Place(label, url, "true" if below and request.path.startswith(url) else "")
