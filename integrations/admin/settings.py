"""The tabs of the panel, plainly: every save that changes something makes a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from integrations.admin.readonly import GoesWithItsOwner, ReadOnly, ReadOnlyAdmin
from integrations.admin.settings_forms import FieldMapForm, RuleForm, TabFormSet
from integrations.models import (
    DuplicatePolicy,
    FieldMap,
    QualificationRule,
    SettingsRevision,
    SyncSettings,
)
from integrations.services import repair
from integrations.services.pausing import pause_tabs, resume_tabs
from integrations.services.settings_saving import move_other_tab, record_revision, write_sections
from integrations.services.settings_words import missing
from integrations.services.tabs import tab_settings

if TYPE_CHECKING:
    from django.forms import BaseModelForm


class Section:
    """Part of a tab: who may edit the tab edits all of it, so that a save never meets half a form."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, "view", "add", "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, "add", "change")

    has_add_permission = has_delete_permission = has_change_permission


def _may(request: HttpRequest, *actions: str) -> bool:
    return any(request.user.has_perm(f"integrations.{action}_syncsettings") for action in actions)


class FieldMapInline(Section, admin.TabularInline[FieldMap, SyncSettings]):
    model = FieldMap
    form = FieldMapForm
    formset = TabFormSet
    formfield_overrides = {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 22})},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 1, "cols": 18})},
    }
    extra = 1


class DuplicatePolicyInline(Section, admin.StackedInline[DuplicatePolicy, SyncSettings]):
    model = DuplicatePolicy
    radio_fields = {"policy": admin.VERTICAL}
    can_delete = False


class QualificationRuleInline(Section, admin.StackedInline[QualificationRule, SyncSettings]):
    model = QualificationRule
    form = RuleForm
    can_delete = False


class RevisionInline(ReadOnly, admin.TabularInline[SettingsRevision, SyncSettings]):
    model = SettingsRevision
    fields = ["number", "made_at", "made_by"]
    readonly_fields = ["number", "made_at", "made_by"]
    show_change_link = True
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[SettingsRevision]:
        return super().get_queryset(request).select_related("settings__campaign", "made_by")


@admin.register(SyncSettings)
class SyncSettingsAdmin(GoesWithItsOwner, admin.ModelAdmin[SyncSettings]):
    list_display = ["campaign", "audience", "action", "connection", "paused_at", "revision"]
    list_filter = ["audience", "action", "connection"]
    list_select_related = ["campaign", "connection"]
    search_fields = ["campaign__name", "campaign__slug"]
    autocomplete_fields = ["campaign"]
    inlines = [FieldMapInline, DuplicatePolicyInline, QualificationRuleInline, RevisionInline]

    actions = ["pause", "resume", "complete"]

    @admin.action(description=_("Pause sending"), permissions=["change"])
    def pause(self, request: HttpRequest, tabs: QuerySet[SyncSettings]) -> None:
        self.message_user(request, _("Paused: %(number)d") % {"number": pause_tabs(tabs)})

    @admin.action(description=_("Resume sending"), permissions=["change"])
    def resume(self, request: HttpRequest, tabs: QuerySet[SyncSettings]) -> None:
        self.message_user(request, _("Resumed: %(number)d") % {"number": resume_tabs(tabs)})

    @admin.action(
        description=_("Send the fields that were missing, now that they are repaired"), permissions=["change"]
    )
    def complete(self, request: HttpRequest, tabs: QuerySet[SyncSettings]) -> None:
        number = sum(len(repair.complete(tab)) for tab in tabs)
        text = ngettext("%(number)d person is completed.", "%(number)d people are completed.", number)
        self.message_user(request, text % {"number": number})

    def get_readonly_fields(self, request: HttpRequest, obj: SyncSettings | None = None) -> list[str]:
        # Deliveries name the tab they were born under: it stays the tab of its campaign.
        return ["campaign", "audience", "paused_at", "revision"] if obj else ["paused_at", "revision"]

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        """The tab is judged as a whole, so its field map is told of the other sections."""
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]
        for formset in formsets:
            formset.siblings = formsets
        return formsets, inlines

    def save_related(
        self,
        request: HttpRequest,
        form: BaseModelForm[Any],
        formsets: Any,
        change: bool,
    ) -> None:
        user = request.user if isinstance(request.user, User) else None
        for formset in formsets:
            formset.save(commit=False)  # notes what was changed, for the history; written is the whole
            if isinstance(formset, TabFormSet):
                write_sections(form.instance, formset.tab)
        record_revision(form.instance, user=user)
        move_other_tab(form.instance, user=user)
        for line in missing(tab_settings(form.instance)):
            text = _("Setup Required, so leads wait: %(missing)s")
            self.message_user(request, text % {"missing": line}, messages.WARNING)


@admin.register(SettingsRevision)
class SettingsRevisionAdmin(ReadOnlyAdmin[SettingsRevision]):
    list_display = ["settings", "number", "made_at", "made_by"]
    list_select_related = ["settings__campaign", "made_by"]
    search_fields = ["settings__campaign__name", "settings__campaign__slug"]
    date_hierarchy = "made_at"
