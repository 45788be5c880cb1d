"""The pages below a workspace's own, with the right that each asks for on every request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from integrations.models import IntercomConnection
from integrations.views import workspace, workspace_orders
from integrations.views.access import EDIT, PAUSE, WORKSPACE, require

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.urls import URLPattern


@dataclass(frozen=True, slots=True)
class WorkspacePage:
    """Its address is `reverse("admin:integrations_intercomconnection_<slug>", args=[connection.pk])`."""

    slug: str
    view: Callable[[HttpRequest, IntercomConnection], HttpResponse]
    permission: str


PAGES = (
    WorkspacePage("pause", workspace_orders.pause, PAUSE),
    WorkspacePage("resume", workspace_orders.resume, PAUSE),
    WorkspacePage("refresh", workspace_orders.refresh, EDIT),
    WorkspacePage("disconnect", workspace_orders.disconnect, WORKSPACE),
    WorkspacePage("renew", workspace.renew, WORKSPACE),
    WorkspacePage("secret", workspace.keep_secret, WORKSPACE),
)


def urls(model_admin: ModelAdmin[IntercomConnection]) -> list[URLPattern]:
    """For `get_urls`, before Django's own catch-all."""
    return [
        path(
            f"<int:connection_id>/{page.slug}/",
            _guarded(page, model_admin=model_admin),
            name=f"integrations_intercomconnection_{page.slug}",
        )
        for page in PAGES
    ]


def _guarded(page: WorkspacePage, *, model_admin: ModelAdmin[IntercomConnection]) -> Any:
    def view(request: HttpRequest, connection_id: int) -> HttpResponse:
        connection = get_object_or_404(IntercomConnection, pk=connection_id)
        if not model_admin.has_view_permission(request, connection):
            raise PermissionDenied
        require(request, page.permission)
        return page.view(request, connection)

    return model_admin.admin_site.admin_view(update_wrapper(view, page.view))
