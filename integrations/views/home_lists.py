"""The campaigns and the workspaces on the first page, a line for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from campaigns.admin.tabs import landing
from campaigns.models import Audience
from integrations.logic.states import Outcome, Reason
from integrations.services.everything import Key
from integrations.services.outcome_words import STANDINGS, Badge
from integrations.services.workspaces import badge_of, standing_since
from integrations.views.access import OUTCOMES, may

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from campaigns.models import Campaign
    from integrations.services.everything import Everything
    from integrations.services.status import Tally

AT_MOST = 25
"""Lines of a list on one page; the rest is a link away."""


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """`today` and `all_time` are None for who may not see what became of people."""

    name: str
    url: str
    is_open: bool
    badge: Badge
    today: Tally | None
    all_time: Tally | None

    @property
    def written_today(self) -> int:
        return _written(self.today)

    @property
    def waiting(self) -> int:
        return self.all_time.outcomes[Outcome.WAITING] if self.all_time else 0

    @property
    def attention(self) -> int:
        return self.all_time.outcomes[Outcome.NEEDS_ATTENTION] if self.all_time else 0


@dataclass(frozen=True, slots=True)
class WorkspaceLine:
    name: str
    url: str
    region: str
    badge: Badge
    since: datetime
    campaigns: int


def campaign_lines(request: HttpRequest, found: Everything) -> list[CampaignLine]:
    """Those that people can join first, the newest first."""
    by_age = sorted(found.campaigns.values(), key=lambda campaign: not campaign.is_open)
    return [_campaign(request, found, campaign) for campaign in by_age[:AT_MOST]]


def _campaign(request: HttpRequest, found: Everything, campaign: Campaign) -> CampaignLine:
    tab = found.tabs.get(Key(campaign.pk, Audience.LEAD))
    held = tab.held_by if tab else Reason.NOT_CONNECTED
    if tab and tab.connection_id is None:
        held = Reason.NOT_CONNECTED
    part = found.part(campaign, Audience.LEAD)
    sees_people = may(request, OUTCOMES)
    return CampaignLine(
        name=campaign.name,
        url=landing(request, campaign),
        is_open=campaign.is_open,
        badge=STANDINGS[held],
        today=part.today if sees_people else None,
        all_time=part.tally if sees_people else None,
    )


def workspace_lines(found: Everything) -> list[WorkspaceLine]:
    return [
        WorkspaceLine(
            name=workspace.name or workspace.workspace_id,
            url=reverse("admin:integrations_intercomconnection_change", args=[workspace.pk]),
            region=workspace.get_region_display(),
            badge=badge_of(workspace),
            since=standing_since(workspace),
            campaigns=len(
                {key.campaign_id for key, row in found.rows.items() if row.connection_id == workspace.pk}
            ),
        )
        for workspace in found.workspaces
    ]


def _written(tally: Tally | None) -> int:
    return tally.outcomes[Outcome.CREATED] + tally.outcomes[Outcome.UPDATED] if tally else 0
