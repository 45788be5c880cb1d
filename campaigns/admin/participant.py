"""The people in the campaigns. Adding somebody here is joining: through `services`, signals and all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import services
from campaigns.admin.forms import AddParticipantForm, FoundByNumber, ParticipantForm
from campaigns.cleaning import TEXT_FIELDS
from campaigns.models import Audience, Participant, ParticipantStatus
from campaigns.text import normalized_email

if TYPE_CHECKING:
    from django.db.models import ForeignKey, QuerySet
    from django.forms import ModelChoiceField, ModelForm

    ParticipantAdminBase = admin.ModelAdmin[Participant]
else:
    ParticipantAdminBase = admin.ModelAdmin

BADGES = {
    ParticipantStatus.PENDING: "muted",
    ParticipantStatus.QUALIFIED: "ok",
    ParticipantStatus.REJECTED: "error",
}
WITH_THEIR_CAMPAIGN = ("campaigns_campaign_delete", "campaigns_campaign_changelist")
JOINING = ("campaign", "audience", "referrer")
"""Decided when somebody joins, and not changed afterwards."""


@admin.register(Participant)
class ParticipantAdmin(ParticipantAdminBase):
    list_display = ("email", "full_name", "campaign", "audience", "state", "joined_at")
    list_filter = ("audience", "status", "joined_at", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("email_normalized__startswith", "first_name__istartswith", "last_name__istartswith")
    search_help_text = _("The beginning of an email or of a name")
    ordering = ("-joined_at", "-pk")
    # Counting a million rows for the sake of "of 1,000,000" takes longer than the page.
    show_full_result_count = False
    autocomplete_fields = ("campaign", "referrer")

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = FoundByNumber(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Participant | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Participant]]:
        kwargs["form"] = ParticipantForm if change else AddParticipantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Participant | None = None) -> Any:
        person = (None, {"fields": [*JOINING, *TEXT_FIELDS]})
        if obj is None:
            return [person]
        return [
            person,
            (_("Custom fields"), {"fields": ["answers"]}),
            (
                _("Referral"),
                {"fields": ["state", "qualified_at", "joined_at", "referral_code", "link", "number"]},
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Participant | None = None) -> tuple[str, ...]:
        own = ("answers", "state", "qualified_at", "joined_at", "referral_code", "link", "number")
        return (*JOINING, *own) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Participant | None = None) -> bool:
        """People are erased, with all that is known of them elsewhere, and not deleted here; but with their
        campaign, by superusers."""
        match = request.resolver_match
        with_campaign = match is not None and match.url_name in WITH_THEIR_CAMPAIGN
        return with_campaign and request.user.is_superuser and super().has_delete_permission(request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Participant], search_term: str
    ) -> tuple[QuerySet[Participant], bool]:
        """A term with an @ is an email: asked alone, so that the index on emails can answer."""
        if "@" in search_term:
            return queryset.filter(email_normalized__startswith=normalized_email(search_term)), False
        return super().get_search_results(request, queryset, search_term.lower())

    def save_model(
        self, request: HttpRequest, obj: Participant, form: ModelForm[Participant], change: bool
    ) -> None:
        if change:
            obj.set_email(obj.email)
            obj.save(update_fields=[*form.changed_data, "email_normalized"])
        else:
            obj.pk = _join(obj).pk
            obj.refresh_from_db()

    def response_post_save_change(self, request: HttpRequest, obj: Participant) -> HttpResponseRedirect:
        return redirect("admin:campaigns_participant_change", obj.pk)

    @admin.display(description=_("name"), ordering="first_name")
    def full_name(self, person: Participant) -> str:
        return person.full_name

    @admin.display(description=_("status"), ordering="status")
    def state(self, person: Participant) -> SafeString:
        kind = BADGES[ParticipantStatus(person.status)]
        return format_html('<span class="badge badge--{}">{}</span>', kind, person.get_status_display())

    @admin.display(description=_("referral link"))
    def link(self, person: Participant) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', person.referral_link)

    @admin.display(description=_("lead ID"))
    def number(self, person: Participant) -> int:
        return person.pk

    @admin.display(description=_("answers"))
    def answers(self, person: Participant) -> str:
        rows = cast("dict[str, object]", person.custom).items()
        return format_html_join(SafeString("<br>"), "{}: {}", rows) or "–"


def _join(person: Participant) -> Participant:
    texts = {name: getattr(person, name) for name in TEXT_FIELDS}
    if person.audience == Audience.REFERRER:
        return services.join_referrer(campaign=person.campaign, **texts)
    return services.join_lead(campaign=person.campaign, referrer=person.referrer, **texts)
