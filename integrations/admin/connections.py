"""Workspaces: their list, and each one's own page. Tokens and secrets are in no page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from integrations.admin import workspace_pages
from integrations.admin.readonly import ReadOnlyAdmin
from integrations.models import ContactLink, DataAttribute, IntercomConnection
from integrations.services.pausing import pause_workspaces, resume_workspaces
from integrations.services.workspaces import access_words, badge_of, standing_since
from integrations.views import workspace
from integrations.views.access import PAUSE, may

if TYPE_CHECKING:
    from datetime import datetime

    from django.urls import URLPattern
    from django.utils.safestring import SafeString


@admin.register(IntercomConnection)
class IntercomConnectionAdmin(ReadOnlyAdmin[IntercomConnection]):
    list_display = ["title", "standing", "standing_since", "region", "campaigns", "connected_by"]
    list_filter = ["status", "region"]
    search_fields = ["name", "workspace_id"]
    search_help_text = _("Name or workspace ID")
    ordering = ["name", "pk"]
    exclude = ["sealed_token", "sealed_webhook_secret"]
    actions = ["pause", "resume"]

    def get_urls(self) -> list[URLPattern]:
        return [*workspace_pages.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[IntercomConnection]:
        number = Count("settings__campaign", distinct=True)
        return super().get_queryset(request).annotate(campaign_count=number)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page that is ours, for who may see it; Django answers everything else."""
        connection = self.get_object(request, unquote(object_id))
        if connection and request.method in {"GET", "HEAD"} and self.has_view_permission(request, connection):
            return workspace.show(request, connection)
        return super().change_view(request, object_id, form_url, extra_context)

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return may(request, PAUSE)

    @admin.display(description=_("workspace"), ordering="name")
    def title(self, connection: IntercomConnection) -> SafeString:
        name = connection.name or connection.workspace_id
        text = '<bdi>{}</bdi> <span class="muted small mono">{}</span>'
        return format_html(text, name, connection.workspace_id)

    @admin.display(description=_("status"), ordering="status")
    def standing(self, connection: IntercomConnection) -> SafeString:
        badge = badge_of(connection)
        return format_html('<span class="badge badge--{}">{}</span>', badge.look, badge.word)

    @admin.display(description=_("since"), ordering="status_since")
    def standing_since(self, connection: IntercomConnection) -> datetime:
        return standing_since(connection)

    @admin.display(description=_("campaigns"), ordering="campaign_count")
    def campaigns(self, connection: IntercomConnection) -> int:
        return getattr(connection, "campaign_count", 0)

    @admin.display(description=_("connected by"), ordering="access")
    def connected_by(self, connection: IntercomConnection) -> str:
        return access_words(connection)

    @admin.action(description=_("Pause sending"), permissions=["pause"])
    def pause(self, request: HttpRequest, workspaces: QuerySet[IntercomConnection]) -> None:
        user = request.user if isinstance(request.user, User) else None
        paused = list(workspaces.filter(paused_at=None))
        number = pause_workspaces(_these(paused), user=user)
        for connection in paused:
            workspace.record(request, connection, str(_("Paused")))
        text = ngettext("%(number)d workspace paused.", "%(number)d workspaces paused.", number)
        self.message_user(request, text % {"number": number}, messages.SUCCESS)

    @admin.action(description=_("Resume sending"), permissions=["pause"])
    def resume(self, request: HttpRequest, workspaces: QuerySet[IntercomConnection]) -> None:
        paused = list(workspaces.filter(paused_at__isnull=False))
        number = resume_workspaces(_these(paused))
        for connection in paused:
            workspace.record(request, connection, str(_("Resumed")))
        text = ngettext("%(number)d workspace resumed.", "%(number)d workspaces resumed.", number)
        self.message_user(request, text % {"number": number}, messages.SUCCESS)


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


def _these(workspaces: list[IntercomConnection]) -> QuerySet[IntercomConnection]:
    """Without the counts of the list, which an UPDATE could not carry."""
    return IntercomConnection.objects.filter(pk__in=[one.pk for one in workspaces])
