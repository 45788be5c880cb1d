"""A registry by which other apps add tabs to a campaign's admin page. It imports none of them.

Register in `AppConfig.ready`, before the URLs are read:

    tabs.register(CampaignTab(slug="crm", label=_("CRM"), view=views.crm))
    tabs.register(CampaignTab(slug="crm_log", route="crm/log/<str:audience>", under="crm", view=views.log))

A tab with a label that stands `under` another is shown in a second row of links, once the first is open.
The campaign's own form is the tab SETTINGS; the first tab registered is the one that a campaign opens with.

Each view is called as `view(request, campaign, **what the route captured)`, for a logged-in staff member
who may view the campaign. Its address is `reverse("admin:campaigns_campaign_<slug>", args=[campaign.pk])`;
`campaigns.admin.tab_context` gives it what the admin's templates need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


SETTINGS = "settings"
"""The slug of the tab that holds the campaign's own form: name, short name, custom fields."""


@dataclass(frozen=True, slots=True)
class CampaignTab:
    """A page of a campaign. Without a label it has an address but no link among the tabs."""

    slug: str
    view: Callable[..., HttpResponseBase]
    label: str | _StrPromise = ""
    permission: str = ""
    """`app.codename`, asked for on every request besides the right to view the campaign."""
    route: str = ""
    """The address below the campaign's own; the slug unless given."""
    under: str = ""
    """The slug of the tab that this page belongs to."""
    signed_out: Callable[[HttpRequest], HttpResponseBase] | None = None
    """Answers a POST by somebody who is not signed in, so that what they typed need not be lost."""


_tabs: dict[str, CampaignTab] = {}


def register(tab: CampaignTab) -> None:
    """Adds a tab after those that are there. Raises ImproperlyConfigured if another has its slug."""
    if _tabs.setdefault(tab.slug, tab) != tab:
        raise ImproperlyConfigured(f"Two campaign tabs are called {tab.slug!r}.")


def registered() -> tuple[CampaignTab, ...]:
    return tuple(_tabs.values())
