"""Campaigns and workspaces on the Health page: the sum of each, what waits longest, what fails most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.admin.tabs import landing
from campaigns.models import Audience
from integrations.logic.states import Outcome, Reason
from integrations.services.everything import Key
from integrations.services.explain import explain
from integrations.services.log.wanted import Wanted
from integrations.services.outcome_words import GROUPS, STANDINGS, Badge, Look
from integrations.services.outcomes import Group
from integrations.services.workspaces import badge_of, standing_since
from integrations.views.access import WORKSPACES, may
from integrations.views.log_address import log_address
from integrations.views.matters import BY_ITSELF
from integrations.views.overview import Part as Number
from integrations.views.times import ago, how_long
from integrations.views.webhook_health import BADGES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.services.everything import Everything, Part
    from integrations.services.webhook_health import Health


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about some people, and where they are listed; `url` may be empty."""

    head: str
    what: str
    url: str


@dataclass(frozen=True, slots=True)
class Counts:
    """joined = the numbers + unexplained. `last_success` is how long ago; "" for never."""

    joined: int
    numbers: Sequence[Number]
    unexplained: Number
    told: Sequence[Told]
    last_success: str

    @property
    def first(self) -> Number | None:
        """The first of the numbers that is not nought: the sum begins with it."""
        return next((one for one in self.numbers if one.number), None)


@dataclass(frozen=True, slots=True)
class Line:
    """A campaign or a workspace. `url` is empty for who may not go there.

    `since` is given for a workspace, and `notifications` where a lead in it may still qualify.
    """

    name: str
    url: str
    badge: Badge
    counts: Counts
    has_ended: bool = False
    since: datetime | None = None
    notifications: Badge | None = None


def campaign_line(request: HttpRequest, found: Everything, campaign: Campaign) -> Line:
    log = partial(_log, campaign_id=campaign.pk)
    return Line(
        name=campaign.name,
        url=landing(request, campaign),
        badge=_standing(found, campaign),
        counts=_counts(found.whole(campaign), log),
        has_ended=not campaign.is_open,
    )


def workspace_line(
    request: HttpRequest, found: Everything, workspace: IntercomConnection, *, heard: Health | None
) -> Line:
    url = reverse("admin:integrations_intercomconnection_change", args=[workspace.pk])
    return Line(
        name=workspace.name or workspace.workspace_id,
        url=url if may(request, WORKSPACES) else "",
        badge=badge_of(workspace),
        # People are not bound to the workspace that their tab points at, so the log would show others.
        counts=_counts(found.served_by(workspace), _nowhere),
        since=standing_since(workspace),
        notifications=BADGES[heard.standing] if heard else None,
    )


def worst_campaigns(found: Everything) -> list[Campaign]:
    """All of them, those with the most trouble first and then the newest."""

    def trouble(campaign: Campaign) -> tuple[int, ...]:
        badge = _standing(found, campaign) if campaign.is_open else None
        return _trouble(found.whole(campaign), badge)

    return sorted(found.campaigns.values(), key=trouble, reverse=True)


def worst_workspaces(found: Everything) -> list[IntercomConnection]:
    """All of them, those that do not let us in first."""

    def trouble(workspace: IntercomConnection) -> tuple[int, ...]:
        badge = badge_of(workspace)
        return (int(badge.look is Look.ERROR), *_trouble(found.served_by(workspace), badge))

    return sorted(found.workspaces, key=trouble, reverse=True)


def _standing(found: Everything, campaign: Campaign) -> Badge:
    """As on Home: that of the Leads tab."""
    tab = found.tabs.get(Key(campaign.pk, Audience.LEAD))
    return STANDINGS[tab.held_by if tab and tab.connection_id else Reason.NOT_CONNECTED]


def _log(group: Group, reason: Reason = Reason.NONE, *, campaign_id: int) -> str:
    return log_address(Wanted(group=group, reason=reason, campaign_id=campaign_id))


def _nowhere(group: Group, reason: Reason = Reason.NONE) -> str:
    return ""


def _counts(part: Part, log: Callable[..., str]) -> Counts:
    def number(group: Group, count: int) -> Number:
        badge = GROUPS[group]
        return Number(count, badge.word, badge.look, log(group) if count else "")

    tally = part.tally
    return Counts(
        joined=tally.joined,
        numbers=[number(Group(outcome.value), tally.outcomes[outcome]) for outcome in Outcome],
        unexplained=number(Group.UNEXPLAINED, tally.unexplained),
        told=[told for told in (_fails_most(part, log), _waits_longest(part, log)) if told],
        last_success=ago(part.last_success) if part.last_success else "",
    )


def _fails_most(part: Part, log: Callable[..., str]) -> Told | None:
    if not part.tally.attention:
        return None
    reason, number = part.tally.attention.most_common(1)[0]
    head = ngettext("%(number)d needs attention", "%(number)d need attention", number) % {"number": number}
    if reason in part.failing:
        head = _("%(people)s, the first %(ago)s") % {"people": head, "ago": ago(part.failing[reason])}
    return Told(head, explain(reason).what, log(Group.NEEDS_ATTENTION, reason))


def _waits_longest(part: Part, log: Callable[..., str]) -> Told | None:
    if not part.oldest:
        return None
    reason = min(part.oldest, key=lambda one: part.oldest[one])
    head = _("Waiting longest: %(time)s") % {"time": how_long(part.oldest[reason])}
    return Told(head, explain(reason).what, log(Group.WAITING, reason))


def _trouble(part: Part, badge: Badge | None) -> tuple[int, ...]:
    """What nobody can account for, then what failed, then what stands still, then what waits."""
    stuck = sum(number for reason, number in part.tally.waiting.items() if reason not in BY_ITSELF)
    stands = badge is not None and badge.look in (Look.ERROR, Look.WARN)
    waiting = part.tally.outcomes[Outcome.WAITING]
    attention = part.tally.outcomes[Outcome.NEEDS_ATTENTION]
    return (part.tally.unexplained, attention, stuck, int(stands), waiting)
