"""Saves a tab of the panel and keeps its history. Takes settings as they are: what is wrong with them was
said before."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from campaigns.models import Audience
from integrations.models import (
    ConnectionStatus,
    DuplicatePolicy,
    FieldMap,
    IntercomConnection,
    QualificationRule,
    SettingsRevision,
    SyncSettings,
)
from integrations.services.qualify.rebase import follow_rule
from integrations.services.qualify.rules import active_rule
from integrations.services.settings_format import LEADS, REFERRERS, write_tab
from integrations.services.tabs import tab_settings
from integrations.services.wake import wake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

    from campaigns.models import Campaign
    from integrations.logic.types import TabSettings

AUDIENCES: Mapping[str, Audience] = {LEADS: Audience.LEAD, REFERRERS: Audience.REFERRER}
TAB_NAMES: Mapping[str, str] = {audience.value: tab for tab, audience in AUDIENCES.items()}


class SettingsMovedError(Exception):
    """Somebody saved the tab since the revision that was expected; nothing was written."""


class WorkspaceGoneError(Exception):
    """The workspace was disconnected before a campaign could be attached to it; nothing was written."""


def save_tab(
    campaign: Campaign,
    audience: Audience,
    *,
    settings: TabSettings,
    connection: IntercomConnection | None,
    user: User | None = None,
    expected_revision: int | None = None,
) -> bool:
    """Writes one tab whole, with a revision; False when it says just what it said before.

    Whoever waited for the setup to be complete is woken after the commit. Raises SettingsMovedError where
    the tab is at another revision than expected, unless it says what is wanted already; WorkspaceGoneError
    where it would be attached to a workspace that is connected no more.
    """
    with transaction.atomic():
        status = lock_workspace(connection) if connection else None
        # Not FOR UPDATE: that would hold up everybody who joins meanwhile, since their rows refer to this.
        rows = SyncSettings.objects.select_for_update(no_key=True)
        row, fresh = rows.get_or_create(campaign=campaign, audience=audience.value)
        wanted = _content_of(settings, audience=row.audience, connection=connection)
        if not fresh and _exact(_content(row)) == _exact(wanted):
            return False
        if expected_revision not in (None, row.revision):
            raise SettingsMovedError
        if status == ConnectionStatus.DISCONNECTED and row.connection != connection:
            raise WorkspaceGoneError
        rule_before = active_rule(row.pk)
        row.action, row.connection = settings.action.value, connection
        row.disconnected_at = None if connection else row.disconnected_at
        row.save(update_fields=["action", "connection", "disconnected_at"])
        write_sections(row, settings)
        record_revision(row, user=user)
        follow_rule(row, before=rule_before)
    return True


def lock_workspace(connection: IntercomConnection) -> str:
    """Its status, which stays until the transaction ends. For before the tabs: whoever gives its access back
    locks it first, and then looks whether any tab uses it."""
    rows = IntercomConnection.objects.select_for_update(no_key=True)
    return rows.values_list("status", flat=True).get(pk=connection.pk)


def write_sections(row: SyncSettings, settings: TabSettings) -> None:
    """Replaces the rows of the field map, the duplicate policy and the rule.

    A row that stays as it was keeps its field problem: saving repairs nothing in Intercom.
    """
    problems = {
        _written(old): (old.problem, old.problem_message, old.problem_at) for old in row.field_map.all()
    }
    row.field_map.all().delete()
    rows = [
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
    ]
    for fresh in rows:
        known = problems.get(_written(fresh), ("", "", None))
        fresh.problem, fresh.problem_message, fresh.problem_at = known
    FieldMap.objects.bulk_create(rows)
    _write_policy_and_rule(row, settings)


def _write_policy_and_rule(row: SyncSettings, settings: TabSettings) -> None:
    DuplicatePolicy.objects.update_or_create(
        settings=row, defaults={"policy": settings.policy.value, "marks": settings.marks}
    )
    methods = QualificationRule.Method
    QualificationRule.objects.update_or_create(
        settings=row,
        defaults={
            "method": methods.ATTRIBUTE_CHANGES if settings.qualifies else methods.NONE,
            "attribute": settings.rule_attribute,
            "initial_value": settings.rule_initial,
            "qualifying_values": list(settings.qualifying_values),
        },
    )


def _written(row: FieldMap) -> tuple[str, ...]:
    return (row.data_type, row.source, row.value, row.target)


def record_revision(row: SyncSettings, *, user: User | None) -> bool:
    """Numbers what the tab says now and keeps it; False if its last revision says the same.

    For inside a transaction. Wakes the workspace after the commit either way: somebody may have resumed.
    """
    with transaction.atomic():
        fresh = SyncSettings.objects.select_for_update(no_key=True).get(pk=row.pk)
        content = _content(fresh)
        last = fresh.revisions.order_by("-number").first()
        changed = last is None or _exact(last.content) != _exact(content)
        if changed:
            fresh.revision += 1
            fresh.save(update_fields=["revision"])
            SettingsRevision.objects.create(
                settings=fresh, number=fresh.revision, made_by=user, content=content
            )
        row.revision = fresh.revision
        if fresh.connection_id is not None:
            transaction.on_commit(partial(wake, fresh.connection_id), robust=True)
    return changed


def _content(row: SyncSettings) -> dict[str, Any]:
    return _content_of(tab_settings(row), audience=row.audience, connection=row.connection)


def _content_of(
    settings: TabSettings, *, audience: str, connection: IntercomConnection | None
) -> dict[str, Any]:
    content = write_tab(settings, tab=TAB_NAMES[audience])
    content["workspace"] = connection.workspace_id if connection else None
    return content


def _exact(content: Any) -> str:
    """For comparing: as text, 1 and true differ, which are equal in Python."""
    return json.dumps(content, sort_keys=True)
