"""Workspaces as they stand. Tokens are in no page; connecting is done with connect_intercom."""

from __future__ import annotations

from django.contrib import admin

from integrations.admin.readonly import ReadOnlyAdmin
from integrations.models import ContactLink, DataAttribute, IntercomConnection


@admin.register(IntercomConnection)
class IntercomConnectionAdmin(ReadOnlyAdmin[IntercomConnection]):
    list_display = ["name", "workspace_id", "region", "status", "paused_at", "paused_until", "connected_at"]
    list_filter = ["status", "region"]
    search_fields = ["name", "workspace_id"]
    exclude = ["sealed_token", "sealed_webhook_secret"]


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
