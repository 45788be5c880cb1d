"""What must be true at any moment, whatever has happened: everybody has one outcome, and all counts agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

from django.db import transaction
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Outcome, Reason, State, outcome_of
from integrations.models import Delivery, IntercomConnection, SnapshotState
from integrations.services import people
from integrations.services.everything import everything
from integrations.services.health import source
from integrations.services.health.snapshot import take
from integrations.services.health.source import count_campaign
from integrations.services.log import finding, listing
from integrations.services.log.wanted import Wanted
from integrations.services.outcomes import Group, standings
from integrations.services.status import tallies, waiting_reason
from integrations.services.tabs import load_tabs
from integrations.services.waiting_room import waiting_room

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox
    from integrations.services.tabs import Tab
    from tests.integrations.whole_world import WholeWorld

PASSES = (Reason.NONE, Reason.QUEUED, Reason.RETRY, Reason.SENDING, Reason.SEARCH_LAG, Reason.RATE_LIMITED)
"""For which nobody may wait for long where nothing goes wrong."""


@dataclass(frozen=True, slots=True)
class Stand:
    """One person, counted by hand. `reason` is as of now; `group` is UNEXPLAINED without a row."""

    campaign_id: int
    audience: Audience
    group: Group
    reason: Reason
    incomplete: bool


def by_hand(tabs: dict[int, Tab]) -> list[Stand]:
    """Row by row, without any of the counting that pages do."""
    found = []
    for person in Participant.objects.select_related("delivery"):
        row: Delivery | None = getattr(person, "delivery", None)
        group, reason, incomplete = Group.UNEXPLAINED, Reason.NONE, False
        if row is not None:
            state = State(row.state)
            assert row.outcome == outcome_of(state).value
            group, reason = Group(row.outcome), Reason(row.reason)
            if group is Group.WAITING:
                reason = waiting_reason(state, row.reason, tab=tabs.get(row.settings_id or 0))
            incomplete = row.incomplete and group in (Group.CREATED, Group.UPDATED)
        found.append(Stand(person.campaign_id, Audience(person.audience), group, reason, incomplete))
    return found


def all_agree(*, thoroughly: bool = True) -> int:
    """Compares every way to count; returns how many are unexplained. Leaves no mark in the database."""
    tabs = load_tabs(now=timezone.now())
    stands = by_hand(tabs)
    unexplained = sum(one.group is Group.UNEXPLAINED for one in stands)
    assert unexplained == Participant.objects.filter(delivery=None).count()
    assert Delivery.objects.count() == len(stands) - unexplained
    _tallies_agree(stands)
    assert _in_log(Wanted(group=Group.UNEXPLAINED)) == unexplained
    if thoroughly:
        _log_agrees(stands, tabs=tabs)
        _campaigns_agree(stands, tabs=tabs)
        _reasons_agree(stands)
        with transaction.atomic(), patch.object(source, "LIVE_BELOW", 0):
            SnapshotState.objects.update(shape=0, running_since=None)
            take()
            _campaigns_agree(stands, tabs=tabs)
            transaction.set_rollback(True)
    return unexplained


def _tallies_agree(stands: list[Stand]) -> None:
    found = tallies()
    for campaign in Campaign.objects.all():
        mine = [one for one in stands if one.campaign_id == campaign.pk]
        tally = found[campaign.slug]
        assert tally.joined == len(mine) == tally.outcomes.total() + tally.unexplained
        assert Counter(tally.outcomes) == _outcomes(mine)
        assert tally.unexplained == len(mine) - _outcomes(mine).total()
        assert tally.waiting == _reasons(mine, Group.WAITING)
        assert tally.attention == _reasons(mine, Group.NEEDS_ATTENTION)


def _log_agrees(stands: list[Stand], *, tabs: dict[int, Tab]) -> None:
    for group in Group:
        assert _in_log(Wanted(group=group)) == sum(_is_in(one, group) for one in stands)
    newest = listing.page_of(Wanted(), tabs=tabs.values()).entries
    assert _in_log(Wanted()) == len(newest) == len(stands)


def _reasons_agree(stands: list[Stand]) -> None:
    """What is counted for a reason is what the log shows for it, and what the waiting room says."""
    for reason in {one.reason for one in stands} - {Reason.NONE}:
        assert _in_log(Wanted(reason=reason)) == sum(one.reason is reason for one in stands), reason
    room = {(one.campaign, one.reason): one.number for one in waiting_room()}
    slugs = dict(Campaign.objects.values_list("pk", "slug"))
    waiting = Counter((slugs[one.campaign_id], one.reason) for one in stands if one.group is Group.WAITING)
    assert room == waiting
    for workspace in IntercomConnection.objects.values_list("pk", flat=True):
        wanted = Wanted(workspace_id=workspace)
        rows = finding.deliveries(wanted, tabs=finding.tabs_for(wanted).values())
        assert _in_log(wanted) == rows.distinct().count()


def _campaigns_agree(stands: list[Stand], *, tabs: dict[int, Tab]) -> None:
    """The Overview, the lists of people and the log of each campaign, and the sum of all."""
    whole = everything()
    for campaign in Campaign.objects.all():
        counted = count_campaign(campaign).people
        found = standings(counted, slug=campaign.slug, tabs=tabs.values(), limited_until=None)
        for audience in Audience:
            mine = [one for one in stands if (one.campaign_id, one.audience) == (campaign.pk, audience)]
            tally = found[audience].tally
            assert (tally.joined, tally.unexplained) == (len(mine), len(mine) - _outcomes(mine).total())
            assert Counter(tally.outcomes) == _outcomes(mine)
            assert tally.waiting == _reasons(mine, Group.WAITING)
            assert sum(group.number for group in found[audience].waiting) == tally.waiting.total()
            assert found[audience].incomplete == sum(one.incomplete for one in mine)
            assert whole.part(campaign, audience).tally == tally
            for group in {one.group for one in mine}:
                _lists_agree(campaign, audience, group, mine, tabs=tabs)


def _lists_agree(
    campaign: Campaign, audience: Audience, group: Group, mine: list[Stand], *, tabs: dict[int, Tab]
) -> None:
    number = sum(_is_in(one, group) for one in mine)
    assert _in_log(Wanted(group=group, campaign_id=campaign.pk, audience=audience)) == number
    listed = people.find(campaign, people.Wanted(audience, group=group), tabs=tabs.values())
    assert people.number_of(listed) == number


def _in_log(wanted: Wanted) -> int:
    return listing.number_of(wanted, tabs=finding.tabs_for(wanted).values())


def _is_in(one: Stand, group: Group) -> bool:
    return one.incomplete if group is Group.INCOMPLETE else one.group is group


def _outcomes(stands: list[Stand]) -> Counter[Outcome]:
    return Counter(Outcome(one.group.value) for one in stands if one.group is not Group.UNEXPLAINED)


def _reasons(stands: list[Stand], group: Group) -> Counter[Reason]:
    return Counter(one.reason for one in stands if one.group is group)


# In Intercom ----------------------------------------------------------------------------------------------


def doubles(world: WholeWorld) -> dict[tuple[str, str], list[str]]:
    """The emails for which we have made more than one contact that is still there, with those contacts."""
    found: dict[tuple[str, str], list[str]] = {}
    for workspace in world.workspaces:
        for email, contact in _made_by_us(world.sandbox, workspace.workspace_id, but=world.put_away):
            found.setdefault((workspace.workspace_id, email), []).append(contact)
    return {key: contacts for key, contacts in found.items() if len(contacts) > 1}


def _made_by_us(sandbox: Sandbox, workspace: str, *, but: set[str]) -> Iterator[tuple[str, str]]:
    ours = {one.contact for one in sandbox.creations(workspace) if one.call is not None} - but
    for contact in sandbox.contacts(workspace):
        if contact["id"] in ours:
            yield contact["email"], contact["id"]


def restless() -> list[tuple[int, Reason]]:
    """Who waits for what ought to have passed, or has been in doubt although their workspace can be asked."""
    tabs = load_tabs(now=timezone.now())
    found = []
    for row in Delivery.objects.filter(outcome=Outcome.WAITING).select_related("connection"):
        reason = waiting_reason(State(row.state), row.reason, tab=tabs.get(row.settings_id or 0))
        workspace = row.connection
        can_be_asked = workspace is not None and workspace.status == "connected" and not workspace.paused_at
        asks = reason in (Reason.UNCERTAIN, Reason.UNDOING) and can_be_asked
        if reason in PASSES or asks:
            found.append((row.pk, reason))
    return found
