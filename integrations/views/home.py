"""The admin's first page: how things are, what needs a person, and what to do first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.template.response import TemplateResponse
from django.urls import reverse

from integrations.models import ConnectionStatus
from integrations.services.everything import everything
from integrations.views.access import CAMPAIGNS, LOOK, NEW_CAMPAIGN, OUTCOMES, WORKSPACES, may
from integrations.views.ages import age_words
from integrations.views.home_lists import AT_MOST, campaign_lines, workspace_lines
from integrations.views.home_needs import needs
from integrations.views.home_sums import sums

if TYPE_CHECKING:
    from django.http import HttpRequest

    from integrations.services.everything import Everything
    from integrations.views.ages import AgeWords
    from integrations.views.home_lists import CampaignLine, WorkspaceLine
    from integrations.views.home_needs import Need
    from integrations.views.overview import Sum


@dataclass(frozen=True, slots=True)
class Home:
    """What the template needs. A section is None for who may not see it, and empty where nothing is there."""

    name: str
    sums: Sequence[Sum] | None
    age: AgeWords
    needs: Sequence[Need] | None
    more_needs: int
    campaigns: Sequence[CampaignLine] | None
    more_campaigns: int
    workspaces: Sequence[WorkspaceLine] | None
    may_create: bool
    connect_url: str
    is_silent: bool

    @property
    def has_unexplained(self) -> bool:
        return any(line.unexplained.number for line in self.sums or ())

    @property
    def sees_nothing(self) -> bool:
        return self.sums is None and self.campaigns is None and self.workspaces is None


def home(request: HttpRequest, context: Mapping[str, Any]) -> TemplateResponse:
    """`context` is what every page of the admin needs."""
    return TemplateResponse(request, "integrations/home.html", {**context, "home": _home(request)})


def _home(request: HttpRequest) -> Home:
    found = everything()
    sees_people = may(request, OUTCOMES)
    age = age_words(found.counted.age)
    listed = needs(request, found) if sees_people else []
    campaigns = campaign_lines(request, found) if may(request, CAMPAIGNS) else None
    return Home(
        name=_name(request),
        sums=(sums(found) if not age.is_missing else []) if sees_people else None,
        age=age,
        needs=listed[:AT_MOST] if sees_people else None,
        more_needs=max(0, len(listed) - AT_MOST),
        campaigns=campaigns,
        more_campaigns=len(found.campaigns) - len(campaigns or ()),
        workspaces=workspace_lines(found) if may(request, WORKSPACES) else None,
        may_create=may(request, NEW_CAMPAIGN),
        connect_url=_connect_url(request, found),
        is_silent=found.is_silent and sees_people,
    )


def _name(request: HttpRequest) -> str:
    user = request.user
    return (user.get_short_name() or user.get_username()) if isinstance(user, User) else ""


def _connect_url(request: HttpRequest, found: Everything) -> str:
    """Where to go while no workspace is connected at all; "" afterwards."""
    is_connected = any(one.status != ConnectionStatus.DISCONNECTED for one in found.workspaces)
    newest = next((campaign for campaign in found.campaigns.values() if campaign.is_open), None)
    if is_connected or newest is None or not may(request, LOOK):
        return ""
    return reverse("admin:campaigns_campaign_crm", args=[newest.pk])
