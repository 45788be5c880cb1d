"""The campaign's page, its list, and ending or reopening campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.admin import tabs
from campaigns.models import Audience, Campaign, CampaignStatus, LeadField, Participant

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    LeadFieldFormBase = ModelForm[LeadField]
    LeadFieldInlineBase = admin.TabularInline[LeadField, Campaign]
    CampaignAdminBase = admin.ModelAdmin[Campaign]
else:
    LeadFieldFormBase = ModelForm
    LeadFieldInlineBase = admin.TabularInline
    CampaignAdminBase = admin.ModelAdmin


class LeadFieldForm(LeadFieldFormBase):
    """Answers are stored under the key, so a stored field keeps its key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "key" in self.fields:
            self.fields["key"].disabled = True


class LeadFieldInline(LeadFieldInlineBase):
    model = LeadField
    form = LeadFieldForm
    extra = 1


@admin.register(Campaign)
class CampaignAdmin(CampaignAdminBase):
    list_display = ("name", "slug", "state", "leads", "referrers", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    inlines = (LeadFieldInline,)
    actions = ("end", "reopen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return (
            super()
            .get_queryset(request)
            .annotate(lead_count=_number_of(Audience.LEAD), referrer_count=_number_of(Audience.REFERRER))
        )

    def get_urls(self) -> list[URLPattern]:
        return [*tabs.urls(self), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        campaign = kwargs.get("obj")
        context["campaign_tabs"] = tabs.links(request, campaign) if campaign else []
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("status"), ordering="status")
    def state(self, campaign: Campaign) -> SafeString:
        kind = "ok" if campaign.is_open else "muted"
        return format_html('<span class="badge badge--{}">{}</span>', kind, campaign.get_status_display())

    @admin.display(description=_("leads"), ordering="lead_count")
    def leads(self, campaign: Campaign) -> SafeString:
        return _people(campaign, audience=Audience.LEAD, number=getattr(campaign, "lead_count", 0))

    @admin.display(description=_("referrers"), ordering="referrer_count")
    def referrers(self, campaign: Campaign) -> SafeString:
        return _people(campaign, audience=Audience.REFERRER, number=getattr(campaign, "referrer_count", 0))

    @admin.action(description=_("End: nobody can join any more"), permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        number = self._move(request, queryset, to=CampaignStatus.ENDED)
        text = ngettext("%(number)d campaign ended.", "%(number)d campaigns ended.", number)
        self.message_user(request, text % {"number": number}, messages.SUCCESS)

    @admin.action(description=_("Reopen: people can join again"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        number = self._move(request, queryset, to=CampaignStatus.ACTIVE)
        text = ngettext("%(number)d campaign reopened.", "%(number)d campaigns reopened.", number)
        self.message_user(request, text % {"number": number}, messages.SUCCESS)

    def _move(self, request: HttpRequest, queryset: QuerySet[Campaign], *, to: CampaignStatus) -> int:
        moved = list(queryset.exclude(status=to))
        for campaign in moved:
            campaign.status = to
            campaign.save(update_fields=["status"])
            self.log_change(request, campaign, [{"changed": {"fields": [str(_("status"))]}}])
        return len(moved)


def _number_of(audience: Audience) -> Coalesce:
    """Counted for the rows of the page only; a join would group every participant there is."""
    people = Participant.objects.filter(campaign=OuterRef("pk"), audience=audience).order_by()
    counted = people.values("campaign").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _people(campaign: Campaign, *, audience: Audience, number: int) -> SafeString:
    query = {"campaign__id__exact": campaign.pk, "audience__exact": audience.value}
    url = reverse("admin:campaigns_participant_changelist", query=query)
    return format_html('<a href="{}">{}</a>', url, number)
