"""How all campaigns stand at once, in a number of queries that does not grow with them. Counts only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from campaigns.models import Audience, Campaign
from integrations.logic.states import OPEN, Reason, State
from integrations.models import IntercomConnection, SyncSettings
from integrations.services.health.source import count_all, count_served
from integrations.services.heartbeat import last_beat
from integrations.services.outcomes import DELIVERED, latest
from integrations.services.status import Tally, waiting_reason
from integrations.services.tabs import load_tabs, tab_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from integrations.services.health.counts import People
    from integrations.services.health.source import Age, CountedAll
    from integrations.services.tabs import Tab

SILENT_AFTER = timedelta(minutes=5)
"""A worker runs the sweep every minute: this long without a sign, and nothing is being sent."""


class Key(NamedTuple):
    """One tab of one campaign, whether it has been saved or not."""

    campaign_id: int
    audience: Audience


@dataclass(slots=True)
class Part:
    """Where the people of one tab stand. `today` counts those who joined since midnight.

    `oldest` is since when the longest-waiting is owed, and `failing` when the first of those who need
    attention failed, both by reason.
    """

    tally: Tally = field(default_factory=Tally)
    today: Tally = field(default_factory=Tally)
    oldest: dict[Reason, datetime] = field(default_factory=dict)
    failing: dict[Reason, datetime] = field(default_factory=dict)
    last_success: datetime | None = None

    def take_in(self, other: Part) -> None:
        """For a line about several tabs."""
        self.tally.add(other.tally)
        self.today.add(other.today)
        for own, more in ((self.oldest, other.oldest), (self.failing, other.failing)):
            for reason, moment in more.items():
                own[reason] = min(moment, own.get(reason, moment))
        self.last_success = latest(self.last_success, other.last_success)


@dataclass(frozen=True, slots=True)
class Everything:
    """`rows` and `tabs` are the tabs that exist; `parts` those that anybody joined.

    `beat` is the worker's last sign of life; None where none was ever seen.
    """

    campaigns: Mapping[int, Campaign]
    rows: Mapping[Key, SyncSettings]
    tabs: Mapping[Key, Tab]
    parts: Mapping[Key, Part]
    workspaces: tuple[IntercomConnection, ...]
    counted: CountedAll
    beat: datetime | None

    @property
    def is_silent(self) -> bool:
        """Where a worker never ran, whoever starts it sees so; here it would frighten who only begins."""
        return self.beat is not None and timezone.now() - self.beat > SILENT_AFTER

    def part(self, campaign: Campaign, audience: Audience) -> Part:
        return self.parts.get(Key(campaign.pk, audience)) or Part()

    def total(self, audience: Audience) -> Tally:
        whole = Tally()
        for key, part in self.parts.items():
            if key.audience is audience:
                whole.add(part.tally)
        return whole

    def whole(self, campaign: Campaign) -> Part:
        """Its leads and its referrers together."""
        whole = Part()
        for audience in Audience:
            whole.take_in(self.part(campaign, audience))
        return whole

    def served_by(self, workspace: IntercomConnection) -> Part:
        """Those whose tab points at this workspace."""
        whole = Part()
        for key, row in self.rows.items():
            if row.connection_id == workspace.pk and key in self.parts:
                whole.take_in(self.parts[key])
        return whole

    def waiting_in(self, workspace: IntercomConnection) -> Counter[Reason]:
        """Those whose tab points at this workspace, by what they wait for."""
        return self.served_by(workspace).tally.waiting


def everything() -> Everything:
    """Eight queries at most."""
    now = timezone.now()
    rows = {Key(row.campaign_id, Audience(row.audience)): row for row in _saved_tabs()}
    tabs = {key: tab_of(row, now=now) for key, row in rows.items()}
    counted = count_all()
    return Everything(
        campaigns={campaign.pk: campaign for campaign in Campaign.objects.all()},
        rows=rows,
        tabs=tabs,
        parts=_parts(counted.people, tabs={tab.id: tab for tab in tabs.values()}),
        workspaces=tuple(_workspaces()),
        counted=counted,
        beat=last_beat(),
    )


def _workspaces() -> QuerySet[IntercomConnection]:
    return IntercomConnection.objects.select_related("webhook_health").order_by("name", "pk")


def _saved_tabs() -> list[SyncSettings]:
    rows = SyncSettings.objects.select_related("connection", "duplicate_policy", "qualification_rule")
    return list(rows.prefetch_related("field_map").order_by("campaign", "audience"))


def _parts(counted: Iterable[tuple[int, People]], *, tabs: Mapping[int, Tab]) -> dict[Key, Part]:
    parts: defaultdict[Key, Part] = defaultdict(Part)
    for campaign_id, people in counted:
        _count(parts[Key(campaign_id, people.audience)], people, tab=tabs.get(people.tab_id or 0))
    return dict(parts)


def served_by(workspace: IntercomConnection) -> tuple[Part, Age]:
    """The same of one workspace alone, and how old it is: those whose tab points at it. Four queries."""
    tabs = load_tabs(connection_id=workspace.pk, now=timezone.now())
    counted, age = count_served(workspace)
    part = Part()
    for people in counted:
        if people.tab_id in tabs:
            _count(part, people, tab=tabs[people.tab_id])
    return part, age


def _count(part: Part, people: People, *, tab: Tab | None) -> None:
    for tally, number in ((part.tally, people.number), (part.today, people.today)):
        tally.joined += number
        if people.state is not None and number:
            tally.count(number, state=people.state, reason=people.reason, tab=tab)
    if people.state in OPEN and people.oldest:
        why = waiting_reason(people.state, people.reason, tab=tab)
        part.oldest[why] = min(people.oldest, part.oldest.get(why, people.oldest))
    elif people.state is State.NEEDS_ATTENTION and people.first_settled:
        why = Reason(people.reason)
        part.failing[why] = min(people.first_settled, part.failing.get(why, people.first_settled))
    elif people.state in DELIVERED:
        part.last_success = latest(part.last_success, people.last_settled)
