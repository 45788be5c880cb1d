"""What needs a person, over all campaigns: one sentence each, with a link to where it is solved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Audience
from integrations.logic.states import Reason, State
from integrations.models import ConnectionStatus
from integrations.services.everything import Key, Part
from integrations.services.explain import explain
from integrations.services.log.wanted import Wanted
from integrations.services.outcome_words import GROUPS, STANDINGS, STATES, Badge, Look
from integrations.services.outcomes import Group
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.workspaces import badge_of
from integrations.views.access import LOOK, OUTCOMES, WORKSPACES, may
from integrations.views.log_address import log_address
from integrations.views.matters import FIELD_PROBLEM, people

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.services.everything import Everything

STANDING = (Reason.SETUP_REQUIRED, Reason.PAUSED_CAMPAIGN)
"""Said of a tab even while nobody waits for it: the next one who joins will."""
ONCE_SOMEBODY_WAITS = (Reason.NOT_CONNECTED, Reason.SWITCHED_OFF, Reason.HELD, Reason.RULE_FIELD_PROBLEM)


@dataclass(frozen=True, slots=True)
class Need:
    """`where` is the name of a campaign or a workspace; `url` is empty for who may not go there."""

    badge: Badge
    where: str
    who: str
    what: str
    next_step: str
    url: str = ""
    since: datetime | None = None


def needs(request: HttpRequest, found: Everything) -> list[Need]:
    """The worst first."""
    listed = [need for workspace in found.workspaces for need in _of_workspace(request, found, workspace)]
    for campaign in found.campaigns.values():
        for audience in Audience:
            listed += _of_tab(request, found, campaign, audience)
    return sorted(listed, key=lambda need: need.badge.look != Look.ERROR)


def _of_workspace(request: HttpRequest, found: Everything, workspace: IntercomConnection) -> Iterator[Need]:
    if workspace.status == ConnectionStatus.RECONNECT_NEEDED:
        reason, since = Reason.RECONNECT_NEEDED, workspace.status_since
    elif workspace.status == ConnectionStatus.CONNECTED and workspace.paused_at:
        reason, since = Reason.PAUSED_WORKSPACE, workspace.paused_at
    else:
        return
    sentence = explain(reason)
    number = found.waiting_in(workspace)[reason]
    url = reverse("admin:integrations_intercomconnection_change", args=[workspace.pk])
    yield Need(
        badge_of(workspace),
        workspace.name or workspace.workspace_id,
        _waiting(number) if number else "",
        sentence.what,
        sentence.next_step,
        url if may(request, WORKSPACES) else "",
        since,
    )


def _of_tab(
    request: HttpRequest, found: Everything, campaign: Campaign, audience: Audience
) -> Iterator[Need]:
    key = Key(campaign.pk, audience)
    part, row, tab = found.part(campaign, audience), found.rows.get(key), found.tabs.get(key)
    panel = _panel(request, campaign, audience)
    held = tab.held_by if tab and campaign.is_open else Reason.NONE
    for reason in (*STANDING, *ONCE_SOMEBODY_WAITS):
        number = part.tally.waiting[reason]
        if number or (reason is held and reason in STANDING):
            yield _waits(campaign, audience, reason, part=part, url=panel)
    for reason, number in part.tally.attention.most_common():
        sentence, url = explain(reason), _people(request, campaign, audience, reason)
        who = people(audience, number)
        yield Need(GROUPS[Group.NEEDS_ATTENTION], campaign.name, who, sentence.what, sentence.next_step, url)
    problems = sum(bool(field.problem) for field in row.field_map.all()) if row else 0
    if problems:
        text = ngettext("%(number)d mapped field", "%(number)d mapped fields", problems)
        yield Need(
            FIELD_PROBLEM,
            campaign.name,
            text % {"number": problems},
            _("Intercom does not take it, so contacts are written without it."),
            _("Repair it in Intercom, or change the field in the settings."),
            panel,
        )


def _waits(campaign: Campaign, audience: Audience, reason: Reason, *, part: Part, url: str) -> Need:
    sentence, number = explain(reason), part.tally.waiting[reason]
    who = people(audience, number) if number else ""
    return Need(
        _badge(reason),
        campaign.name,
        who,
        sentence.what,
        sentence.next_step,
        url,
        part.oldest.get(reason),
    )


def _badge(reason: Reason) -> Badge:
    if reason is Reason.RULE_FIELD_PROBLEM:
        return FIELD_PROBLEM
    return STANDINGS.get(reason) or STATES[State.HELD]


def _waiting(number: int) -> str:
    return ngettext("%(number)d person waits", "%(number)d people wait", number) % {"number": number}


def _panel(request: HttpRequest, campaign: Campaign, audience: Audience) -> str:
    if not may(request, LOOK):
        return ""
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, TAB_NAMES[audience]])


def _people(request: HttpRequest, campaign: Campaign, audience: Audience, reason: Reason) -> str:
    """The sync log: there they can be sent again, all at once."""
    if not may(request, OUTCOMES):
        return ""
    return log_address(
        Wanted(group=Group.NEEDS_ATTENTION, reason=reason, campaign_id=campaign.pk, audience=audience)
    )
