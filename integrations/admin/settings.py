"""The tabs of the panel, plainly: every save makes a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from integrations.admin.readonly import ReadOnly, ReadOnlyAdmin
from integrations.models import (
    DuplicatePolicy,
    FieldMap,
    QualificationRule,
    SettingsRevision,
    SyncSettings,
)
from integrations.services.settings import record_revision

if TYPE_CHECKING:
    from django.forms import BaseModelForm


class FieldMapInline(admin.TabularInline[FieldMap, SyncSettings]):
    model = FieldMap
    extra = 1


class DuplicatePolicyInline(admin.StackedInline[DuplicatePolicy, SyncSettings]):
    model = DuplicatePolicy
    radio_fields = {"policy": admin.VERTICAL}


class QualificationRuleInline(admin.StackedInline[QualificationRule, SyncSettings]):
    model = QualificationRule


class RevisionInline(ReadOnly, admin.TabularInline[SettingsRevision, SyncSettings]):
    model = SettingsRevision
    fields = ["number", "made_at", "made_by"]
    readonly_fields = ["number", "made_at", "made_by"]
    show_change_link = True
    extra = 0


@admin.register(SyncSettings)
class SyncSettingsAdmin(admin.ModelAdmin[SyncSettings]):
    list_display = ["campaign", "audience", "action", "connection", "paused_at", "revision"]
    list_filter = ["audience", "action", "connection"]
    list_select_related = ["campaign", "connection"]
    readonly_fields = ["revision"]
    autocomplete_fields = ["campaign"]
    inlines = [FieldMapInline, DuplicatePolicyInline, QualificationRuleInline, RevisionInline]

    def save_related(
        self,
        request: HttpRequest,
        form: BaseModelForm[Any],
        formsets: Any,
        change: bool,  # noqa: FBT001  (Django's signature)
    ) -> None:
        super().save_related(request, form, formsets, change)
        user = request.user if isinstance(request.user, User) else None
        record_revision(form.instance, user=user)

    def has_delete_permission(self, request: HttpRequest, obj: SyncSettings | None = None) -> bool:  # noqa: ARG002
        # Deliveries name the tab they were born under; switching a tab off is an action of its own.
        return False


@admin.register(SettingsRevision)
class SettingsRevisionAdmin(ReadOnlyAdmin[SettingsRevision]):
    list_display = ["settings", "number", "made_at", "made_by"]
    list_select_related = ["settings__campaign", "made_by"]
    date_hierarchy = "made_at"
