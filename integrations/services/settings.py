"""Saves a tab of the panel and keeps its history; reads and writes the panel as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import fields
from campaigns.models import Audience, Campaign
from integrations.logic.types import DataType, MapRow, TabSettings
from integrations.models import (
    ConnectionStatus,
    DuplicatePolicy,
    FieldMap,
    IntercomConnection,
    QualificationRule,
    SettingsRevision,
    SyncSettings,
)
from integrations.services.settings_format import TABS, read_tab, write_tab
from integrations.services.settings_reading import Reading
from integrations.services.tabs import load_attributes, load_tabs, tab_settings
from integrations.services.wake import wake

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from integrations.logic.states import Reason

AUDIENCES = {"leads": Audience.LEAD, "referrers": Audience.REFERRER}

# The Email row is there from the start, its source still to be chosen.
FRESH = TabSettings(rows=(MapRow(data_type=DataType.DYNAMIC, target="email"),))


class SettingsError(Exception):
    """A document that cannot be taken: nothing was changed. `errors` are lines "path: what is wrong"."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


def current(campaign: Campaign, audience: str) -> TabSettings:
    """What a tab says now, or how a fresh one begins."""
    row = SyncSettings.objects.filter(campaign=campaign, audience=audience).first()
    return tab_settings(row) if row else FRESH


def export_document(campaign: Campaign) -> dict[str, Any]:
    """The whole panel of a campaign, in the form that `import_document` takes."""
    document: dict[str, Any] = {}
    connection = connection_of(campaign)
    if connection is not None:
        document["workspace"] = connection.workspace_id
    for tab in TABS:
        document[tab] = write_tab(current(campaign, AUDIENCES[tab]), tab=tab)
    return document


def connection_of(campaign: Campaign) -> IntercomConnection | None:
    return IntercomConnection.objects.filter(settings__campaign=campaign).order_by("pk").first()


def parse(text: str) -> Any:
    """JSON with the line and column of what is wrong. Raises SettingsError."""
    try:
        return json.loads(text, object_pairs_hook=_no_key_twice)
    except json.JSONDecodeError as err:
        where = {"line": err.lineno, "column": err.colno, "error": err.msg}
        raise SettingsError([_("line %(line)d, column %(column)d: %(error)s") % where]) from None
    except RecursionError:
        raise SettingsError([_("the file is nested too deeply")]) from None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _value in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise SettingsError([_("%(key)s: stands twice in the same object") % {"key": key}])
    return dict(pairs)


def import_document(campaign: Campaign, document: Any, *, user: User | None = None) -> list[str]:
    """Takes a whole document or nothing; returns the names of the tabs that changed.

    Incomplete settings are taken (leads wait until they are complete); contradictory ones are not.
    Raises SettingsError with every error found.
    """
    probe = Reading(sources=(), targets={})
    given = probe.keys(_("document"), document, ["workspace", *TABS])
    connection = _workspace(probe, given, campaign)
    reading = Reading(
        sources=[source.key for source in fields.available(campaign)],
        targets=load_attributes(connection.pk) if connection else {},
        errors=probe.errors,
    )
    with transaction.atomic():
        after = {
            tab: read_tab(reading, tab=tab, document=given[tab], before=current(campaign, AUDIENCES[tab]))
            for tab in TABS
            if tab in given
        }
        if reading.errors:
            raise SettingsError(reading.errors)
        return [
            tab
            for tab, settings in after.items()
            if save_tab(campaign, AUDIENCES[tab], settings=settings, connection=connection, user=user)
        ]


def _workspace(reading: Reading, given: Mapping[str, Any], campaign: Campaign) -> IntercomConnection | None:
    """The workspace a document names; without a name the campaign's own, or the only one there is."""
    usable = IntercomConnection.objects.exclude(status=ConnectionStatus.DISCONNECTED).order_by("pk")
    if "workspace" in given:
        named = list(usable.filter(workspace_id=reading.text("workspace", given["workspace"])))
        if not named:
            known = ", ".join(usable.values_list("workspace_id", flat=True)) or _("none")
            text = _("%(id)r is not connected; connected are: %(known)s")
            reading.wrong("workspace", text % {"id": given["workspace"], "known": known})
        return named[0] if named else None
    own = connection_of(campaign)
    if own is not None:
        return own
    known_ones = list(usable[:2])
    if len(known_ones) > 1:
        reading.wrong("workspace", _("several workspaces are connected: name one"))
    return known_ones[0] if len(known_ones) == 1 else None


def save_tab(
    campaign: Campaign,
    audience: str,
    *,
    settings: TabSettings,
    connection: IntercomConnection | None,
    user: User | None = None,
) -> bool:
    """Writes one tab whole, with a revision; False when it says just what it said before.

    Whoever waited for the setup to be complete is woken after the commit.
    """
    with transaction.atomic():
        row, fresh = SyncSettings.objects.select_for_update().get_or_create(
            campaign=campaign, audience=audience
        )
        same = tab_settings(row) == replace(settings, revision=row.revision)
        if not fresh and same and row.connection_id == (connection.pk if connection else None):
            return False
        row.action, row.connection = settings.action.value, connection
        row.save(update_fields=["action", "connection"])
        _write_sections(row, settings)
        record_revision(row, user=user)
    return True


def _write_sections(row: SyncSettings, settings: TabSettings) -> None:
    row.field_map.all().delete()
    FieldMap.objects.bulk_create(
        FieldMap(
            settings=row,
            position=position,
            data_type=item.data_type.value,
            source=item.source,
            value=item.value,
            target=item.target,
            if_present=item.if_present.value,
        )
        for position, item in enumerate(settings.rows)
    )
    DuplicatePolicy.objects.update_or_create(
        settings=row, defaults={"policy": settings.policy.value, "marks": settings.marks}
    )
    method = (
        QualificationRule.Method.ATTRIBUTE_CHANGES if settings.qualifies else QualificationRule.Method.NONE
    )
    QualificationRule.objects.update_or_create(
        settings=row,
        defaults={
            "method": method,
            "attribute": settings.rule_attribute,
            "initial_value": settings.rule_initial,
            "qualifying_values": list(settings.qualifying_values),
        },
    )


def record_revision(row: SyncSettings, *, user: User | None) -> None:
    """Numbers what the tab says now and keeps it; wakes the workspace after the commit."""
    fresh = SyncSettings.objects.select_for_update().get(pk=row.pk)
    fresh.revision += 1
    fresh.save(update_fields=["revision"])
    tab = "leads" if fresh.audience == Audience.LEAD else "referrers"
    content = write_tab(tab_settings(fresh), tab=tab)
    content["workspace"] = fresh.connection.workspace_id if fresh.connection else None
    SettingsRevision.objects.create(settings=fresh, number=fresh.revision, made_by=user, content=content)
    row.revision = fresh.revision
    if fresh.connection_id is not None:
        connection_id = fresh.connection_id
        transaction.on_commit(lambda: wake(connection_id), robust=True)


def held_tabs(campaign: Campaign) -> dict[str, Reason]:
    """For each saved tab, what still keeps its leads waiting (Reason.NONE: nothing)."""
    names = {value: name for name, value in AUDIENCES.items()}
    tabs = load_tabs(now=timezone.now())
    rows = SyncSettings.objects.filter(campaign=campaign)
    return {names[Audience(row.audience)]: tabs[row.pk].held_by for row in rows}
