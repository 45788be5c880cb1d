"""The two groups that people are put into, made anew on every migrate; superusers need neither.

*Integration admin* sets campaigns up, connects workspaces and puts right what went wrong. *Support* sees
the same pages, may pause and resume, and may retry, choose, restore and cancel; it changes no settings and
touches no access to a workspace. Nobody but a superuser deletes anything.

A group gets back what it lacks of these rights; what a superuser gave it besides, it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db.models import Q

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.apps.registry import Apps

INTEGRATION_ADMIN = "Integration admin"
SUPPORT = "Support"

APPS = ("campaigns", "integrations")
"""Both groups may look at everything in these."""

TROUBLE = frozenset({"integrations.pause_sync", "integrations.repair_delivery"})
SET_UP = frozenset(
    {
        *(f"campaigns.add_{model}" for model in ("campaign", "leadfield", "participant")),
        *(f"campaigns.change_{model}" for model in ("campaign", "leadfield", "participant")),
        "integrations.change_syncsettings",
        "integrations.change_intercomconnection",
    }
)
ROLES: Mapping[str, frozenset[str]] = {INTEGRATION_ADMIN: SET_UP | TROUBLE, SUPPORT: TROUBLE}
"""What each group may do besides looking."""


def ensure_roles(*, using: str = "default", apps: Apps = installed, **_: Any) -> None:
    """After each migrate; nothing where the tables of groups are not there (yet)."""
    try:
        groups: Any = apps.get_model("auth", "Group")
        rights: Any = apps.get_model("auth", "Permission")
    except LookupError:
        return
    for app in APPS:
        # Django makes the rights after a migrate too, but maybe after us.
        create_permissions(installed.get_app_config(app), verbosity=0, using=using, apps=apps)
    for name, more in ROLES.items():
        group = groups.objects.using(using).get_or_create(name=name)[0]
        group.permissions.add(*rights.objects.using(using).filter(_rights(more)))


def _rights(more: frozenset[str]) -> Q:
    found = Q(content_type__app_label__in=APPS, codename__startswith="view_")
    for right in more:
        app, codename = right.split(".")
        found |= Q(content_type__app_label=app, codename=codename)
    return found
