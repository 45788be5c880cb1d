"""Whom an order for many is for, in a form that can be kept: it means the same people later. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.logic.states import Reason, State
from integrations.models import Delivery, SettingsRevision
from integrations.services.log.finding import deliveries
from integrations.services.log.wanted import Wanted
from integrations.services.repair_rules import Command, fits

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import BulkOrder, SyncSettings
    from integrations.services.tabs import Tab

MOST_NAMED = 1_000
"""So many at most are named one by one. More are found again by what the log was narrowed to."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of: entries by their ids; all that the log shows when narrowed so; all that were last written
    under one version of the settings; all of one tab who went without a field. Without any, nobody."""

    ids: tuple[int, ...] = ()
    query: Mapping[str, str] | None = None
    version: int | None = None
    tab: int | None = None


def chosen_by(order: BulkOrder) -> Chosen:
    return Chosen(tuple(order.ids), order.query, order.version_id, order.settings_id)


def people(chosen: Chosen, *, tabs: Mapping[int, Tab]) -> QuerySet[Delivery]:
    """Everybody chosen, as of now, unordered. `tabs` are all there are, as they are now."""
    if chosen.query is not None:
        return deliveries(Wanted.from_query(chosen.query), tabs=tabs.values())
    if chosen.version is not None:
        return _last_written_under(chosen.version)
    if chosen.tab is not None:
        return Delivery.objects.filter(fits(Command.COMPLETE), settings=chosen.tab)
    return Delivery.objects.filter(pk__in=chosen.ids)


def updated_under(tab: SyncSettings, numbers: Collection[int]) -> set[int]:
    """Under which of these versions of a tab contacts were updated, and not taken back since. One query."""
    rows = Delivery.objects.filter(settings=tab, state=State.UPDATED, settings_revision__in=numbers)
    found = rows.exclude(reason=Reason.UNDONE).order_by().values_list("settings_revision", flat=True)
    return {number for number in found.distinct() if number is not None}


def _last_written_under(version: int) -> QuerySet[Delivery]:
    revision = SettingsRevision.objects.filter(pk=version).first()
    if revision is None:
        return Delivery.objects.none()
    return Delivery.objects.filter(settings=revision.settings_id, settings_revision=revision.number)
