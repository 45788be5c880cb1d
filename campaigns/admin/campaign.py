"""The campaign's page, its list, and ending or reopening campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin import deletion, tabs
from campaigns.admin.campaign_forms import CampaignForm, LeadFieldForm
from campaigns.models import Audience, Campaign, CampaignStatus, LeadField, Participant

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    LeadFieldInlineBase = admin.TabularInline[LeadField, Campaign]
    CampaignAdminBase = admin.ModelAdmin[Campaign]
else:
    LeadFieldInlineBase = admin.TabularInline
    CampaignAdminBase = admin.ModelAdmin


class LeadFieldInline(LeadFieldInlineBase):
    model = LeadField
    form = LeadFieldForm
    fields = ("label", "key", "type", "required", "position")
    description = _(
        "What a lead is asked besides name and email. Other systems know a question by its short name (small "
        "letters, digits and underscores), so that stays once it is saved. In order: the smallest number "
        "first."
    )
    more = "more"
    """In the address: an empty row. Scripts open one by themselves."""

    def get_extra(self, request: HttpRequest, obj: Campaign | None = None, **kwargs: Any) -> int:
        return 1 if self.more in request.GET else 0


class CampaignList(ChangeList):
    """A campaign's name leads to the page that a campaign opens with."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        # Django asks for no request later on, and what a campaign opens with depends on who looks.
        self._request = request
        super().__init__(request, *args, **kwargs)

    def url_for_result(self, result: Any) -> str:
        return tabs.landing(self._request, result)


@admin.register(Campaign)
class CampaignAdmin(CampaignAdminBase):
    list_display = ("name", "slug", "state", "leads", "referrers", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    form = CampaignForm
    inlines = (LeadFieldInline,)
    actions = ("end", "reopen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return (
            super()
            .get_queryset(request)
            .annotate(lead_count=_number_of(Audience.LEAD), referrer_count=_number_of(Audience.REFERRER))
        )

    def get_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """A new campaign needs a name; the rest can wait for its settings."""
        return ("name", "slug", "status", "created_at") if obj else ("name", "slug")

    def get_inlines(self, request: HttpRequest, obj: Campaign | None) -> Any:
        return self.inlines if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """Deleting a campaign takes its people and its settings along, so superusers only."""
        return bool(request.user.is_superuser) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Counts of people instead of a list of everything that is stored of them."""
        _listed, _counts, lacking, protected = super().get_deleted_objects(objs, request)
        return [], deletion.counted(objs), lacking, protected

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CampaignList

    def get_urls(self) -> list[URLPattern]:
        return [*tabs.urls(self), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        context = {"title": _("Create a campaign"), **(extra_context or {})}
        return super().add_view(request, form_url, context)

    def response_add(
        self, request: HttpRequest, obj: Campaign, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the page that a campaign opens with, which says what comes next."""
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, obj, post_url_continue)
        text = format_html(gettext("The campaign “<bdi>{}</bdi>” was created."), obj)
        self.message_user(request, text, messages.SUCCESS)
        return redirect(tabs.landing(request, obj))

    def response_post_save_change(self, request: HttpRequest, obj: Campaign) -> HttpResponseRedirect:
        return redirect("admin:campaigns_campaign_change", obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        campaign = kwargs.get("obj")
        if campaign:
            context["campaign_tabs"] = tabs.links(request, campaign)
            context["campaign_subtabs"] = tabs.sublinks(request, campaign)
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
