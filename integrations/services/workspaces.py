"""How workspaces stand, and whom each serves. Counts and words; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.logic.states import OPEN, State
from integrations.logic.targets import find
from integrations.logic.types import Attribute
from integrations.models import ConnectionStatus, Delivery, Region, SyncSettings
from integrations.services.outcome_words import STANDINGS, Badge, Look
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.standing import BADGES, Standing
from integrations.services.tabs import load_attributes, tab_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection

PAUSED = BADGES[Standing.PAUSED]
STATUSES: Mapping[ConnectionStatus, Badge] = {
    ConnectionStatus.CONNECTED: Badge(_("Connected"), Look.OK),
    ConnectionStatus.RECONNECT_NEEDED: Badge(_("Reconnect needed"), Look.ERROR),
    ConnectionStatus.DISCONNECTED: Badge(_("Disconnected"), Look.MUTED),
}
TAB_LABELS: Mapping[Audience, _StrPromise] = {Audience.LEAD: _("Leads"), Audience.REFERRER: _("Referrers")}


@dataclass(frozen=True, slots=True)
class UsedTab:
    """One tab of a campaign that uses the workspace, and how it stands. `name` is its part of addresses."""

    name: str
    label: str | _StrPromise
    badge: Badge


@dataclass(frozen=True, slots=True)
class Fields:
    """`others` are read only: Intercom fills them, or they are archived, or not ours to touch."""

    fillable: int
    others: int


@dataclass(slots=True)
class Use:
    """A campaign that uses the workspace; the numbers are of its leads and its referrers together."""

    campaign: Campaign
    tabs: list[UsedTab] = field(default_factory=list)
    waiting: int = 0
    attention: int = 0


def badge_of(connection: IntercomConnection) -> Badge:
    """A workspace in a word: what it lacks comes before what a person has ordered."""
    status = ConnectionStatus(connection.status)
    is_paused = status is ConnectionStatus.CONNECTED and connection.paused_at is not None
    return PAUSED if is_paused else STATUSES[status]


def standing_since(connection: IntercomConnection) -> datetime:
    """Since when it stands as `badge_of` says."""
    is_paused = badge_of(connection) is PAUSED
    return (connection.paused_at if is_paused else None) or connection.status_since


def access_words(connection: IntercomConnection) -> str:
    """How we were let in. Whoever connects the sandbox is asked for nothing."""
    if is_sandbox(connection):
        return gettext("One click, without a token")
    return connection.get_access_display()


def is_sandbox(connection: IntercomConnection) -> bool:
    """The pretend workspace: it needs no token and no secret, and tells us by itself what changes in it."""
    return connection.region == Region.SANDBOX


def fields_of(connection: IntercomConnection) -> Fields:
    """How many of the fields that we know a row of the panel could fill. One query."""
    known = load_attributes(connection.pk)
    fillable = sum(isinstance(find(name, attributes=known), Attribute) for name in known)
    return Fields(fillable, others=len(known) - fillable)


def uses_of(connection: IntercomConnection) -> list[Use]:
    """The campaigns that use a workspace, by name. Three queries whatever their number."""
    now = timezone.now()
    rows = SyncSettings.objects.filter(connection=connection)
    rows = rows.select_related("campaign", "connection", "duplicate_policy", "qualification_rule")
    uses: dict[int, Use] = {}
    by_tab: dict[int, Use] = {}
    for row in rows.order_by("campaign__name", "campaign", "audience").prefetch_related("field_map"):
        use = by_tab[row.pk] = uses.setdefault(row.campaign_id, Use(row.campaign))
        audience = Audience(row.audience)
        badge = STANDINGS[tab_of(row, now=now).held_by]
        use.tabs.append(UsedTab(TAB_NAMES[audience], TAB_LABELS[audience], badge))
    for tab_id, state, number in _unsettled(by_tab):
        if state == State.NEEDS_ATTENTION:
            by_tab[tab_id].attention += number
        else:
            by_tab[tab_id].waiting += number
    return list(uses.values())


def _unsettled(tab_ids: Iterable[int]) -> QuerySet[Delivery, tuple[int, str, int]]:
    rows = Delivery.objects.filter(settings__in=list(tab_ids), state__in=[*OPEN, State.NEEDS_ATTENTION])
    return rows.order_by().values_list("settings", "state").annotate(number=Count("*"))
