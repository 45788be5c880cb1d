"""A campaign at a glance: where everybody stands, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.admin import tab_context
from campaigns.models import Audience, Participant
from integrations.logic.states import Outcome, Reason
from integrations.services.explain import explain
from integrations.services.health.periods import Span
from integrations.services.health.source import count_campaign
from integrations.services.outcome_words import GROUPS, STANDINGS
from integrations.services.outcomes import Group, latest, standings
from integrations.services.standing import without_workspace
from integrations.views.access import ADD_PEOPLE, LOOK, may
from integrations.views.ages import age_words
from integrations.views.daily import picture
from integrations.views.matters import address, ending_by_themselves, needing_a_person
from integrations.views.page import load
from integrations.views.times import ago

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase
    from django.utils.functional import _StrPromise

    from campaigns.models import Campaign
    from integrations.services.health.source import Counted
    from integrations.services.outcome_words import Badge
    from integrations.services.outcomes import Standing
    from integrations.views.ages import AgeWords
    from integrations.views.daily import Picture
    from integrations.views.matters import Matter
    from integrations.views.page import Panel


@dataclass(frozen=True, slots=True)
class Part:
    """One number of a sum; without `url` for who may not see the people behind it."""

    number: int
    word: str | _StrPromise
    look: str
    url: str


@dataclass(frozen=True, slots=True)
class Sum:
    """joined = the parts + whatever is unexplained."""

    title: str
    joined: Part
    parts: Sequence[Part]
    unexplained: Part


@dataclass(frozen=True, slots=True)
class TabStanding:
    """How one tab of the panel stands, in a word and a sentence."""

    title: str
    badge: Badge
    what: str
    url: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the template needs. `picture` is None where no lead joined of late; `sharer` is a referrer whose
    link may be shared while there are no leads."""

    sums: Sequence[Sum]
    needs_a_person: Sequence[Matter]
    by_themselves: Sequence[Matter]
    workspace: str
    unconnected: str | _StrPromise
    tabs: Sequence[TabStanding]
    crm_url: str
    picture: Picture | None
    age: AgeWords
    last_success: str
    """How long ago; "" for never."""
    has_leads: bool
    sharer: Participant | None
    may_add: bool

    @property
    def has_people(self) -> bool:
        return any(line.joined.number for line in self.sums)

    @property
    def has_unexplained(self) -> bool:
        return any(line.unexplained.number for line in self.sums)


def overview(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    panel = load(request, campaign)
    limited_until = panel.connection.paused_until if panel.connection else None
    counted = count_campaign(campaign)
    found = standings(
        counted.people, slug=campaign.slug, tabs=panel.tabs.values(), limited_until=limited_until
    )
    has_leads = found[Audience.LEAD].tally.joined > 0 or counted.age.is_missing
    context = tab_context(request, campaign, slug="overview", title=_("Overview"))
    context["overview"] = Overview(
        sums=[_sum(panel, audience, found[audience]) for audience in Audience],
        needs_a_person=needing_a_person(panel, found),
        by_themselves=ending_by_themselves(panel, found),
        workspace=_workspace(panel),
        unconnected="" if panel.connection else without_workspace(panel.rows.values()),
        tabs=_tabs(panel),
        crm_url=panel.address("crm") if may(request, LOOK) else "",
        picture=_picture(counted) if has_leads else None,
        age=age_words(counted.age),
        last_success=_last_success(found),
        has_leads=has_leads,
        sharer=None if has_leads else _newest_referrer(campaign),
        may_add=campaign.is_open and may(request, ADD_PEOPLE),
    )
    return TemplateResponse(request, "integrations/overview.html", context)


def _last_success(found: Mapping[Audience, Standing]) -> str:
    moment = latest(*(standing.last_success for standing in found.values()))
    return ago(moment) if moment else ""


def _picture(counted: Counted) -> Picture | None:
    return picture(counted.leads_in_days(), span=Span.DAYS, audience=Audience.LEAD)


def titles() -> Mapping[Audience, str]:
    return {Audience.LEAD: _("Leads"), Audience.REFERRER: _("Referrers")}


def _sum(panel: Panel, audience: Audience, standing: Standing) -> Sum:
    def part(group: Group, number: int) -> Part:
        badge = GROUPS[group]
        return Part(number, badge.word, badge.look, address(panel, audience, group=group))

    tally = standing.tally
    return Sum(
        titles()[audience],
        joined=Part(tally.joined, _("Joined"), "", address(panel, audience, group=None)),
        parts=[part(Group(outcome.value), tally.outcomes[outcome]) for outcome in Outcome],
        unexplained=part(Group.UNEXPLAINED, tally.unexplained),
    )


def _workspace(panel: Panel) -> str:
    if panel.connection is None:
        return ""
    return panel.connection.name or panel.connection.workspace_id


def _tabs(panel: Panel) -> list[TabStanding]:
    """Before there is a workspace, nothing is to be said of the tabs."""
    if panel.connection is None:
        return []
    return [_tab(panel, audience) for audience in Audience]


def _tab(panel: Panel, audience: Audience) -> TabStanding:
    held = panel.held_by(audience)
    what = _("Who joins is sent to Intercom within seconds.") if held is Reason.NONE else explain(held).what
    url = panel.url(audience) if may(panel.request, LOOK) else ""
    return TabStanding(titles()[audience], STANDINGS[held], what, url)


def _newest_referrer(campaign: Campaign) -> Participant | None:
    return campaign.participants.filter(audience=Audience.REFERRER).order_by("-pk").first()
