"""Gives the registered tabs their addresses, their permission checks and their links."""

from __future__ import annotations

from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from campaigns import tabs
from campaigns.models import Campaign

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Link:
    label: str | _StrPromise
    url: str
    is_current: bool


def urls(model_admin: admin.ModelAdmin[Campaign]) -> list[URLPattern]:
    """The addresses of all registered tabs; for `get_urls`, before Django's own catch-all."""
    return [
        path(
            f"<int:campaign_id>/{tab.route or tab.slug}/",
            _guarded(tab, model_admin=model_admin),
            name=f"campaigns_campaign_{tab.slug}",
        )
        for tab in tabs.registered()
    ]


def links(request: HttpRequest, campaign: Campaign, *, current: str = "") -> list[Link]:
    """The campaign's own page and the tabs that this person may open; none if there are no tabs."""
    shown = [tab for tab in tabs.registered() if tab.label and _may(request, tab)]
    if not shown:
        return []
    by_slug = {tab.slug: tab for tab in tabs.registered()}
    here = by_slug[current].under or current if current else ""
    own = Link(_("Campaign"), reverse("admin:campaigns_campaign_change", args=[campaign.pk]), not here)
    return [own, *(Link(tab.label, _address(tab, campaign), tab.slug == here) for tab in shown)]


def tab_context(request: HttpRequest, campaign: Campaign, *, slug: str, title: str) -> dict[str, Any]:
    """What a tab's template needs if it extends admin/campaigns/campaign/tab.html."""
    return {
        **admin.site.each_context(request),
        "opts": Campaign._meta,  # noqa: SLF001  (Django documents it)
        "campaign": campaign,
        "title": title,
        "campaign_tabs": links(request, campaign, current=slug),
    }


def _address(tab: tabs.CampaignTab, campaign: Campaign) -> str:
    return reverse(f"admin:campaigns_campaign_{tab.slug}", args=[campaign.pk])


def _may(request: HttpRequest, tab: tabs.CampaignTab) -> bool:
    return not tab.permission or request.user.has_perm(tab.permission)


def _guarded(tab: tabs.CampaignTab, *, model_admin: admin.ModelAdmin[Campaign]) -> Any:
    def view(request: HttpRequest, campaign_id: int, **captured: Any) -> HttpResponseBase:
        campaign = get_object_or_404(Campaign, pk=campaign_id)
        if not (model_admin.has_view_permission(request, campaign) and _may(request, tab)):
            raise PermissionDenied
        return tab.view(request, campaign, **captured)

    # admin_view reads marks such as csrf_exempt off the view that it is given.
    return model_admin.admin_site.admin_view(update_wrapper(view, tab.view))
