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
    from collections.abc import Callable

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
    """The tabs that this person may open, the campaign's settings last; none if settings are all there is.

    `current` is the slug of the page that is shown; "" for the campaign's own form.
    """
    trail = _trail(current)
    shown = [tab for tab in _shown(request) if not tab.under]
    if not shown and not _shown(request):
        return []
    own = Link(_("Campaign Settings"), _form(campaign), tabs.SETTINGS in trail)
    return [*(Link(tab.label, _address(tab, campaign), tab.slug in trail) for tab in shown), own]


def sublinks(request: HttpRequest, campaign: Campaign, *, current: str = "") -> list[Link]:
    """The second row: what stands under the open tab, with the campaign's own form first in Settings."""
    trail = _trail(current)
    below = [tab for tab in _shown(request) if tab.under and tab.under in trail]
    found = [Link(tab.label, _address(tab, campaign), tab.slug in trail) for tab in below]
    if found and tabs.SETTINGS in trail:
        found.insert(0, Link(_("General"), _form(campaign), not current))
    return found


def landing(request: HttpRequest, campaign: Campaign) -> str:
    """The address that a campaign opens with."""
    first = next((tab for tab in _shown(request) if not tab.under), None)
    return _address(first, campaign) if first else _form(campaign)


def tab_context(request: HttpRequest, campaign: Campaign, *, slug: str, title: str) -> dict[str, Any]:
    """What a tab's template needs if it extends admin/campaigns/campaign/tab.html."""
    return {
        **admin.site.each_context(request),
        "opts": Campaign._meta,  # noqa: SLF001  (Django documents it)
        "campaign": campaign,
        "title": title,
        "campaign_tabs": links(request, campaign, current=slug),
        "campaign_subtabs": sublinks(request, campaign, current=slug),
    }


def _trail(current: str) -> set[str]:
    """The page that is shown, and all that it stands under."""
    if not current:
        return {tabs.SETTINGS}
    by_slug = {tab.slug: tab for tab in tabs.registered()}
    trail = {current}
    while (tab := by_slug.get(current)) and tab.under and tab.under not in trail:
        current = tab.under
        trail.add(current)
    return trail


def _shown(request: HttpRequest) -> list[tabs.CampaignTab]:
    return [tab for tab in tabs.registered() if tab.label and _may(request, tab)]


def _form(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_change", args=[campaign.pk])


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
    guarded = model_admin.admin_site.admin_view(update_wrapper(view, tab.view))
    return _keeping(guarded, answer=tab.signed_out) if tab.signed_out else guarded


def _keeping(guarded: Any, *, answer: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """The same view, but for a POST by somebody who has to sign in (again) first."""

    def view(request: HttpRequest, *args: Any, **captured: Any) -> HttpResponseBase:
        if request.method == "POST" and not request.user.is_authenticated:
            return answer(request)
        response: HttpResponseBase = guarded(request, *args, **captured)
        return response

    return update_wrapper(view, guarded)
