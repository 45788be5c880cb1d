"""Workspaces as they stand. Tokens are in no page; connecting is done with connect_intercom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.admin.readonly import ReadOnlyAdmin
from integrations.models import ContactLink, DataAttribute, IntercomConnection
from integrations.services.pausing import pause_workspaces, resume_workspaces

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@admin.register(IntercomConnection)
class IntercomConnectionAdmin(ReadOnlyAdmin[IntercomConnection]):
    list_display = ["name", "workspace_id", "region", "status", "paused_at", "paused_until", "connected_at"]
    list_filter = ["status", "region"]
    search_fields = ["name", "workspace_id"]
    exclude = ["sealed_token", "sealed_webhook_secret"]
    actions = ["pause", "resume"]

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_intercomconnection")

    @admin.action(description=_("Pause sending"), permissions=["pause"])
    def pause(self, request: HttpRequest, workspaces: QuerySet[IntercomConnection]) -> None:
        user = request.user if isinstance(request.user, User) else None
        _tell(self, request, pause_workspaces(workspaces, user=user), _("Paused: %(number)d"))

    @admin.action(description=_("Resume sending"), permissions=["pause"])
    def resume(self, request: HttpRequest, workspaces: QuerySet[IntercomConnection]) -> None:
        _tell(self, request, resume_workspaces(workspaces), _("Resumed: %(number)d"))


@admin.register(DataAttribute)
class DataAttributeAdmin(ReadOnlyAdmin[DataAttribute]):
    list_display = ["full_name", "label", "data_type", "writable", "archived", "connection"]
    list_filter = ["connection", "data_type", "archived", "custom"]
    list_select_related = ["connection"]
    search_fields = ["full_name", "label"]


@admin.register(ContactLink)
class ContactLinkAdmin(ReadOnlyAdmin[ContactLink]):
    list_display = ["email", "contact_id", "role", "ours", "confirmed_at", "connection"]
    list_filter = ["connection", "role", "ours"]
    list_select_related = ["connection"]
    search_fields = ["email", "contact_id"]
    show_full_result_count = False


def _tell(page: admin.ModelAdmin[Any], request: HttpRequest, number: int, text: _StrPromise) -> None:
    page.message_user(request, text % {"number": number})
