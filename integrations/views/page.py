"""What every page of a campaign's panel starts from, loaded once with a bounded number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from campaigns import fields
from campaigns.models import Audience
from integrations.logic.states import Reason
from integrations.logic.waiting import held_by
from integrations.logic.wrong import Known
from integrations.models import SyncSettings
from integrations.services.checklist import Happened, happened_of, happened_query
from integrations.services.incomplete import incomplete_people
from integrations.services.revisions import LastSaved, last_saved_of, last_saved_query
from integrations.services.settings import FRESH
from integrations.services.settings_saving import AUDIENCES, TAB_NAMES
from integrations.services.tabs import load_attributes, tab_of, workspace_facts
from integrations.services.webhook_health import facts_of, facts_query
from integrations.views.access import EDIT, PAUSE, may

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from campaigns.fields import SourceField
    from campaigns.models import Campaign
    from integrations.logic.types import Attribute, TabSettings
    from integrations.models import IntercomConnection
    from integrations.services.tabs import Tab
    from integrations.services.webhook_health import Facts


@dataclass
class Panel:
    """A campaign's panel as it is saved. `rows` are its tabs that exist, by audience."""

    request: HttpRequest
    campaign: Campaign
    rows: Mapping[Audience, SyncSettings]
    incomplete: Mapping[Audience, int] = field(default_factory=dict)
    """How many contacts of a tab lack a field that Intercom did not take, as far as a page counts."""
    facts: Mapping[Audience, Facts] = field(default_factory=dict)
    """What is known of a tab's notifications from Intercom, besides its workspace's own."""
    happened: Mapping[Audience, Happened] = field(default_factory=dict)
    last_saved: Mapping[Audience, LastSaved] = field(default_factory=dict)

    @cached_property
    def connection(self) -> IntercomConnection | None:
        """The workspace that the campaign uses now; None before connecting and after disconnecting."""
        return next((row.connection for row in self.rows.values() if row.connection), None)

    @cached_property
    def attributes(self) -> Mapping[str, Attribute]:
        """The workspace's fields by full name, as last read; empty where there is no workspace."""
        return load_attributes(self.connection.pk) if self.connection else {}

    @cached_property
    def sources(self) -> tuple[SourceField, ...]:
        return fields.available(self.campaign)

    @cached_property
    def known(self) -> Known:
        return Known(sources=[source.key for source in self.sources], attributes=self.attributes)

    @cached_property
    def tabs(self) -> Mapping[Audience, Tab]:
        """Each tab that exists as a value, and what holds its people back at the moment."""
        now = timezone.now()
        return {audience: tab_of(row, now=now) for audience, row in self.rows.items()}

    @property
    def may_edit(self) -> bool:
        return may(self.request, EDIT)

    @property
    def may_pause(self) -> bool:
        return may(self.request, PAUSE)

    def settings(self, audience: Audience) -> TabSettings:
        """What a tab says now, or how a fresh one begins."""
        return self.tabs[audience].settings if audience in self.tabs else FRESH

    def held_by(self, audience: Audience) -> Reason:
        """Why nobody of this tab can be sent at the moment; Reason.SWITCHED_OFF for a tab never saved."""
        return self.tabs[audience].held_by if audience in self.tabs else Reason.SWITCHED_OFF

    def would_hold(self, audience: Audience, settings: TabSettings) -> Reason:
        """Why nobody could be sent at the moment if the tab said this."""
        row = self.rows.get(audience)
        workspace = workspace_facts(self.connection, now=timezone.now()) if self.connection else None
        return held_by(settings, workspace=workspace, paused=row is not None and row.paused_at is not None)

    def url(self, audience: Audience = Audience.LEAD) -> str:
        """The address of one tab."""
        return self.address("intercom", TAB_NAMES[audience])

    def address(self, slug: str, *more: object) -> str:
        """The address of any page of the campaign that `pages` registers."""
        return reverse(f"admin:campaigns_campaign_{slug}", args=[self.campaign.pk, *more])


def load(request: HttpRequest, campaign: Campaign) -> Panel:
    """One query for the tabs and their sections, one for the rows of their field maps."""
    more = {**facts_query(), **happened_query(), **last_saved_query()}
    rows = SyncSettings.objects.filter(campaign=campaign).annotate(incomplete=incomplete_people(), **more)
    rows = rows.select_related("connection__webhook_health", "duplicate_policy", "qualification_rule")
    found = {Audience(row.audience): row for row in rows.prefetch_related("field_map")}
    return Panel(
        request=request,
        campaign=campaign,
        rows=found,
        incomplete={audience: row.incomplete for audience, row in found.items()},
        facts={audience: facts_of(row) for audience, row in found.items()},
        happened={audience: happened_of(row) for audience, row in found.items()},
        last_saved={audience: last for audience, row in found.items() if (last := last_saved_of(row))},
    )


def audience_of(tab: str) -> Audience:
    """The audience that an address names as `leads` or `referrers`. Raises Http404."""
    if tab not in AUDIENCES:
        raise Http404
    return AUDIENCES[tab]
