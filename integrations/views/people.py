"""The people of a campaign, and what became of each in Intercom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.admin import tab_context
from campaigns.admin.participant import BADGES
from campaigns.models import Audience, Participant, ParticipantStatus
from integrations.services.contact_page import contact_of
from integrations.services.log.wanted import Wanted as Log
from integrations.services.outcome_words import GROUPS, Badge, InWords, Look, in_words
from integrations.services.outcomes import Group
from integrations.services.people import COUNTED, Wanted, find, leads_brought_in, number_of, page_of
from integrations.services.qualification_story import Teller, reasons_of
from integrations.views.access import ADD_PEOPLE, OUTCOMES, may
from integrations.views.log_address import log_address
from integrations.views.page import load
from integrations.views.people_wanted import read_id, read_wanted, shown_filters

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Campaign
    from integrations.models import Delivery
    from integrations.services.people import Page
    from integrations.services.tabs import Tab
    from integrations.views.page import Panel


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the page. `outcome` is None where the reader may not see it."""

    person: Participant
    status: Badge
    outcome: InWords | None
    delivery_id: int | None
    contact_url: str
    brought_in: int
    qualified_by: str
    """Why a qualified lead is one; "" where the reader may not see it, or nothing is known of it."""


@dataclass(frozen=True, slots=True)
class People:
    """What the template needs. `number` is exact up to `counted`; `shows` says what narrows the list."""

    audience: Audience
    leads_url: str
    referrers_url: str
    lines: Sequence[Line]
    number: int
    counted: int
    page: Page
    wanted: Wanted
    shows: Sequence[str]
    groups: Mapping[Group, Badge]
    statuses: type[ParticipantStatus]
    may_see_outcomes: bool
    add_url: str
    """Where such a person is added; "" for who may not, and in a campaign that has ended."""
    add_referrer_url: str
    log_url: str
    """Where the sync log shows the same people; "" where it can't, and for who may not see it."""
    has_referrers: bool
    """Asked only of an empty list of leads, which says where leads come from."""

    @property
    def are_leads(self) -> bool:
        return self.audience is Audience.LEAD

    @property
    def is_narrowed(self) -> bool:
        return self.wanted != Wanted(self.audience)

    @property
    def newest(self) -> int:
        return self.lines[0].person.pk

    @property
    def oldest(self) -> int:
        return self.lines[-1].person.pk


def leads(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    return _people(request, campaign, audience=Audience.LEAD, slug="leads", title=_("Leads"))


def referrers(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    return _people(request, campaign, audience=Audience.REFERRER, slug="referrers", title=_("Referrers"))


def _people(
    request: HttpRequest, campaign: Campaign, *, audience: Audience, slug: str, title: str
) -> HttpResponseBase:
    sees, panel = may(request, OUTCOMES), load(request, campaign)
    may_add = campaign.is_open and may(request, ADD_PEOPLE)
    tabs = {tab.id: tab for tab in panel.tabs.values()} if sees else {}
    wanted = read_wanted(request, audience=audience, sees_outcomes=sees)
    found = find(campaign, wanted, tabs=tabs.values())
    page = page_of(found, before=read_id(request, "before"), after=read_id(request, "after"))
    context = tab_context(request, campaign, slug=slug, title=title)
    context["people"] = People(
        audience=audience,
        leads_url=panel.address("leads"),
        referrers_url=panel.address("referrers"),
        lines=_lines(page.people, panel=panel, audience=audience, tabs=tabs, sees_outcomes=sees),
        number=number_of(found),
        counted=COUNTED,
        page=page,
        wanted=wanted,
        shows=shown_filters(wanted, campaign=campaign),
        groups=GROUPS,
        statuses=ParticipantStatus,
        may_see_outcomes=sees,
        add_url=panel.address(f"{slug}_add") if may_add else "",
        add_referrer_url=panel.address("referrers_add") if may_add else "",
        log_url=_log_url(campaign, wanted) if sees else "",
        has_referrers=bool(page.people) or _has_referrers(campaign),
    )
    return TemplateResponse(request, "integrations/people.html", context)


def _log_url(campaign: Campaign, wanted: Wanted) -> str:
    """What is ordered there for all must be for just these; the log knows neither status nor referrer."""
    if wanted.status is not None or wanted.referrer_id is not None:
        return ""
    return log_address(
        Log(
            words=wanted.words,
            group=wanted.group,
            reason=wanted.reason,
            campaign_id=campaign.pk,
            audience=wanted.audience,
        )
    )


def _has_referrers(campaign: Campaign) -> bool:
    return campaign.participants.filter(audience=Audience.REFERRER).exists()


def _lines(
    people: Sequence[Participant],
    *,
    panel: Panel,
    audience: Audience,
    tabs: Mapping[int, Tab],
    sees_outcomes: bool,
) -> list[Line]:
    brought = leads_brought_in(people) if audience is Audience.REFERRER and people else {}
    reasons = _reasons(people, panel=panel) if sees_outcomes else {}
    return [
        _line(
            person,
            tabs=tabs,
            sees_outcomes=sees_outcomes,
            brought_in=brought.get(person.pk, 0),
            qualified_by=reasons.get(person.pk, ""),
        )
        for person in people
    ]


def _reasons(people: Sequence[Participant], *, panel: Panel) -> Mapping[int, str]:
    qualified = [person.pk for person in people if person.status == ParticipantStatus.QUALIFIED]
    lines = reasons_of(qualified, teller=Teller(panel.connection))
    return {pk: f"{line.told.field}: {line.told.text}" for pk, line in lines.items()}


def _line(
    person: Participant,
    *,
    tabs: Mapping[int, Tab],
    sees_outcomes: bool,
    brought_in: int,
    qualified_by: str,
) -> Line:
    delivery: Delivery | None = getattr(person, "delivery", None)
    outcome = in_words(delivery, tab=tabs.get(delivery.settings_id or 0) if delivery else None)
    return Line(
        person,
        status=Badge(person.get_status_display(), Look(BADGES[ParticipantStatus(person.status)])),
        outcome=outcome if sees_outcomes else None,
        delivery_id=delivery.pk if delivery and sees_outcomes else None,
        contact_url=contact_of(delivery) if delivery and sees_outcomes else "",
        brought_in=brought_in,
        qualified_by=qualified_by,
    )
