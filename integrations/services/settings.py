"""Reads and writes the panel of a campaign as one JSON document: all of it, or nothing and every error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import fields
from campaigns.models import Audience, Campaign
from integrations.logic.types import DataType, MapRow, TabSettings
from integrations.logic.wrong import Known
from integrations.models import ConnectionStatus, IntercomConnection, SyncSettings
from integrations.services.settings_format import TABS, read_tab, write_tab
from integrations.services.settings_json import SettingsError, parse, shown, unfit
from integrations.services.settings_reading import Reading
from integrations.services.settings_saving import AUDIENCES, TAB_NAMES, WorkspaceGoneError, save_tab
from integrations.services.settings_words import missing
from integrations.services.tabs import load_attributes, load_tabs, tab_settings

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from integrations.logic.states import Reason

__all__ = [
    "FRESH",
    "SettingsError",
    "connection_of",
    "current",
    "export_document",
    "held_tabs",
    "import_document",
    "known_to",
    "missing_parts",
    "parse",
]

# The Email row is there from the start, its source still to be chosen.
FRESH = TabSettings(rows=(MapRow(data_type=DataType.DYNAMIC, target="email"),))


def current(campaign: Campaign, audience: Audience) -> TabSettings:
    """What a tab says now, or how a fresh one begins."""
    row = SyncSettings.objects.filter(campaign=campaign, audience=audience).first()
    return tab_settings(row) if row else FRESH


def connection_of(campaign: Campaign) -> IntercomConnection | None:
    """The workspace that a campaign uses."""
    return IntercomConnection.objects.filter(settings__campaign=campaign).order_by("pk").first()


def known_to(campaign: Campaign, *, connection: IntercomConnection | None) -> Known:
    """What the campaign's settings may name."""
    return Known(
        sources=[source.key for source in fields.available(campaign)],
        attributes=load_attributes(connection.pk) if connection else {},
    )


def export_document(campaign: Campaign) -> dict[str, Any]:
    """The whole panel of a campaign, in the form that `import_document` takes."""
    document: dict[str, Any] = {}
    connection = connection_of(campaign)
    if connection is not None:
        document["workspace"] = connection.workspace_id
    for tab in TABS:
        document[tab] = write_tab(current(campaign, AUDIENCES[tab]), tab=tab)
    return document


def import_document(campaign: Campaign, document: Any, *, user: User | None = None) -> list[str]:
    """Takes a whole document or nothing; returns the names of the tabs that changed.

    Incomplete settings are taken (leads wait until they are complete); contradictory ones are not.
    Raises SettingsError with every error found.
    """
    reading = Reading(errors=list(unfit(document)))
    if reading.errors:
        raise SettingsError(reading.errors)
    try:
        return _import(campaign, document, reading=reading, user=user)
    except WorkspaceGoneError:
        reading.wrong("workspace", _("was disconnected just now"))
        raise SettingsError(reading.errors) from None


def _import(
    campaign: Campaign, document: Mapping[str, Any], *, reading: Reading, user: User | None
) -> list[str]:
    given = reading.keys("", document, known=["workspace", *TABS])
    with transaction.atomic():
        # Two imports at once take turns; people who join are not held up by it.
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        own = connection_of(campaign)
        connection = _workspace(reading, given, campaign, own=own)
        after = _read_tabs(reading, given, campaign, connection=connection, moved=connection != own)
        if reading.errors:
            raise SettingsError(reading.errors)
        wanted = _worth_saving(campaign, after, named="workspace" in given and connection != own)
        return [
            tab
            for tab, settings in wanted.items()
            if save_tab(campaign, AUDIENCES[tab], settings=settings, connection=connection, user=user)
        ]


def _read_tabs(
    reading: Reading,
    given: Mapping[str, Any],
    campaign: Campaign,
    *,
    connection: IntercomConnection | None,
    moved: bool,
) -> dict[str, TabSettings]:
    """All tabs as they shall be: those of the document, the others as they are."""
    known = known_to(campaign, connection=connection)
    after = {}
    for tab in TABS:
        before = after[tab] = current(campaign, AUDIENCES[tab])
        if tab in given:
            standing = TabSettings() if moved else before
            after[tab] = read_tab(
                reading, tab=tab, document=given[tab], before=before, known=known, standing=standing
            )
    return after


def _worth_saving(
    campaign: Campaign, after: Mapping[str, TabSettings], *, named: bool
) -> dict[str, TabSettings]:
    """Without those that are not there and say nothing, unless a workspace is named for the first time."""
    audiences = SyncSettings.objects.filter(campaign=campaign).values_list("audience", flat=True)
    there = {TAB_NAMES[audience] for audience in audiences}
    fresh = not there and named
    return {tab: settings for tab, settings in after.items() if tab in there or fresh or settings != FRESH}


def _workspace(
    reading: Reading, given: Mapping[str, Any], campaign: Campaign, *, own: IntercomConnection | None
) -> IntercomConnection | None:
    """The workspace a document names; without a name the campaign's own, or the only one there is.

    A campaign that a person has disconnected stays so until a workspace is named.
    """
    mine = Q(pk=own.pk) if own else Q(pk=None)
    usable = IntercomConnection.objects.filter(~Q(status=ConnectionStatus.DISCONNECTED) | mine).order_by("pk")
    if "workspace" in given:
        return _named_workspace(reading, given["workspace"], usable=list(usable), own=own)
    if own is not None or _was_disconnected(campaign):
        return own
    if len(usable[:2]) > 1:
        reading.wrong("workspace", _("several workspaces are connected: name one"))
        return None
    return usable.first()


def _was_disconnected(campaign: Campaign) -> bool:
    return SyncSettings.objects.filter(campaign=campaign, disconnected_at__isnull=False).exists()


def _named_workspace(
    reading: Reading, value: Any, *, usable: list[IntercomConnection], own: IntercomConnection | None
) -> IntercomConnection | None:
    if not isinstance(value, str):
        reading.wrong("workspace", _("must be text in quotes"))
        return None
    named = [connection for connection in usable if connection.workspace_id == value]
    if own in named:
        return own
    if not named:
        known = ", ".join(connection.workspace_id for connection in usable) or _("none")
        text = _("“%(id)s” is not connected; connected are: %(known)s")
        reading.wrong("workspace", text % {"id": shown(value), "known": known})
    return named[0] if named else None


def held_tabs(campaign: Campaign) -> dict[str, Reason]:
    """For each saved tab, what still keeps its leads waiting (Reason.NONE: nothing)."""
    tabs = load_tabs(now=timezone.now())
    rows = SyncSettings.objects.filter(campaign=campaign).order_by("audience")
    return {TAB_NAMES[row.audience]: tabs[row.pk].held_by for row in rows}


def missing_parts(campaign: Campaign) -> list[str]:
    """What the campaign's settings still lack, as "path: what"."""
    return [f"{tab}.{line}" for tab in TABS for line in missing(current(campaign, AUDIENCES[tab]))]
