"""The Health page: is all well, what needs a person, and does everybody who joined add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Audience
from campaigns.text import one_line
from integrations.models import SweepState
from integrations.services.everything import everything
from integrations.services.explain import explain
from integrations.services.health.notifications import notifications
from integrations.services.health.periods import Span
from integrations.services.outcomes import latest
from integrations.views.access import OUTCOMES, require
from integrations.views.ages import age_words
from integrations.views.daily import picture
from integrations.views.health_lines import campaign_line, workspace_line, worst_campaigns, worst_workspaces
from integrations.views.health_needs import all_needs
from integrations.views.health_signs import signs
from integrations.views.home_lists import AT_MOST
from integrations.views.home_sums import sums
from integrations.views.times import ago, how_long

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.core.paginator import Page
    from django.http import HttpRequest

    from integrations.services.everything import Everything
    from integrations.views.ages import AgeWords
    from integrations.views.daily import Picture
    from integrations.views.health_lines import Line
    from integrations.views.health_signs import Sign
    from integrations.views.home_needs import Need
    from integrations.views.overview import Sum

LONGEST_SEARCH = 200
"""As long as the name of a campaign may be."""


@dataclass(frozen=True, slots=True)
class Hung:
    """A picture under its title; `shown` is None where nobody joined."""

    title: str
    shown: Picture | None


@dataclass(frozen=True, slots=True)
class Health:
    """What the template needs. `page` is one page of `campaigns`, which `words` narrows by their names."""

    sentence: str
    needs: Sequence[Need]
    more_needs: int
    age: AgeWords
    sums: Sequence[Sum]
    last_success: str
    waits_longest: str
    signs: Sequence[Sign]
    pictures: Sequence[Hung]
    workspaces: Sequence[Line]
    more_workspaces: int
    campaigns: Sequence[Line]
    page: Page[Any]
    words: str

    @property
    def is_well(self) -> bool:
        return not self.needs and not self.age.is_stale and not self.age.is_missing

    @property
    def has_unexplained(self) -> bool:
        return any(line.unexplained.number for line in self.sums)


def health(request: HttpRequest, context: Mapping[str, Any]) -> TemplateResponse:
    """`context` is what every page of the admin needs."""
    require(request, OUTCOMES)
    return TemplateResponse(request, "integrations/health.html", {**context, "health": _health(request)})


def _health(request: HttpRequest) -> Health:
    found = everything()
    heard = notifications(found.workspaces)
    swept_at = SweepState.objects.filter(pk=SweepState.ONLY).values_list("swept_at", flat=True).first()
    seen = signs(request, found, swept_at=swept_at, heard=heard)
    listed = all_needs(request, found, seen=seen, heard=heard)
    words = one_line(request.GET.get("q", ""))[:LONGEST_SEARCH]
    page = Paginator(_named(found, words), AT_MOST).get_page(request.GET.get("page"))
    age = age_words(found.counted.age)
    return Health(
        sentence=_sentence(len(listed)),
        needs=listed[:AT_MOST],
        more_needs=max(0, len(listed) - AT_MOST),
        age=age,
        sums=[] if age.is_missing else sums(found),
        last_success=_last_success(found),
        waits_longest=_waits_longest(found),
        signs=seen,
        pictures=[] if age.is_missing else _pictures(found),
        workspaces=[
            workspace_line(request, found, one, heard=heard.awaited.get(one.pk))
            for one in worst_workspaces(found)[:AT_MOST]
        ],
        more_workspaces=max(0, len(found.workspaces) - AT_MOST),
        campaigns=[campaign_line(request, found, campaign) for campaign in page],
        page=page,
        words=words,
    )


def _sentence(number: int) -> str:
    if not number:
        return _("All is well")
    return ngettext("%(number)d thing needs you", "%(number)d things need you", number) % {"number": number}


def _named(found: Everything, words: str) -> list[Any]:
    wanted = words.casefold()
    return [one for one in worst_campaigns(found) if wanted in one.name.casefold()]


def _last_success(found: Everything) -> str:
    moment = latest(*(part.last_success for part in found.parts.values()))
    return ago(moment) if moment else ""


def _waits_longest(found: Everything) -> str:
    oldest = [(moment, reason) for part in found.parts.values() for reason, moment in part.oldest.items()]
    if not oldest:
        return ""
    moment, reason = min(oldest)
    return _("%(time)s. %(why)s") % {"time": how_long(moment), "why": explain(reason).what}


def _pictures(found: Everything) -> list[Hung]:
    titles = {Span.HOURS: _("Leads of the last 24 hours"), Span.DAYS: _("Leads of the last 30 days")}
    return [Hung(title, _picture(found, span)) for span, title in titles.items()]


def _picture(found: Everything, span: Span) -> Picture | None:
    periods = found.counted.leads_in(span)
    return picture(periods, span=span, audience=Audience.LEAD, name=span.name.lower())
