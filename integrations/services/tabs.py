"""Loads the panel's tabs from the database into the immutable values that decisions are made on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ObjectDoesNotExist

from integrations.logic.types import Action, Attribute, DataType, IfPresent, MapRow, Policy, TabSettings
from integrations.logic.waiting import WorkspaceFacts, held_by
from integrations.models import (
    ConnectionStatus,
    DataAttribute,
    IntercomConnection,
    QualificationRule,
    SyncSettings,
)

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.logic.states import Reason


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab as it is now, and what holds its participants back (Reason.NONE: nothing)."""

    id: int
    connection_id: int | None
    settings: TabSettings
    held_by: Reason


def load_tabs(
    *, connection_id: int | None = None, ids: Collection[int] | None = None, now: datetime
) -> dict[int, Tab]:
    """The tabs of one workspace, or these, or all, by primary key. Two queries whatever their number."""
    rows = SyncSettings.objects.select_related(
        "connection", "duplicate_policy", "qualification_rule"
    ).prefetch_related("field_map")
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return {row.pk: tab_of(row, now=now) for row in rows}


def tab_of(row: SyncSettings, *, now: datetime) -> Tab:
    """A loaded row as a value; asks nothing if its sections and its connection were loaded with it."""
    settings = tab_settings(row)
    workspace = None if row.connection is None else workspace_facts(row.connection, now=now)
    held = held_by(settings, workspace=workspace, paused=row.paused_at is not None)
    return Tab(id=row.pk, connection_id=row.connection_id, settings=settings, held_by=held)


def workspace_facts(connection: IntercomConnection, *, now: datetime) -> WorkspaceFacts:
    rests = connection.paused_until is not None and connection.paused_until > now
    return WorkspaceFacts(
        connected=connection.status == ConnectionStatus.CONNECTED,
        paused=connection.paused_at is not None,
        rate_limited=rests and not connection.is_silent,
        silent=rests and connection.is_silent,
    )


def tab_settings(row: SyncSettings) -> TabSettings:
    """The sections of a tab as one value; a section that was never saved stands at its default."""
    try:
        policy, marks = Policy(row.duplicate_policy.policy), row.duplicate_policy.marks
    except ObjectDoesNotExist:
        policy, marks = Policy.SKIP, False
    rule = _rule(row)
    return TabSettings(
        action=Action(row.action),
        rows=tuple(
            MapRow(
                data_type=DataType(field.data_type),
                target=field.target,
                source=field.source,
                value=field.value,
                if_present=IfPresent(field.if_present),
            )
            for field in row.field_map.all()
        ),
        policy=policy,
        marks=marks,
        qualifies=rule is not None,
        rule_attribute=rule.attribute if rule else "",
        rule_initial=rule.initial_value if rule else None,
        qualifying_values=tuple(rule.qualifying_values) if rule else (),
        revision=row.revision,
    )


def _rule(row: SyncSettings) -> QualificationRule | None:
    try:
        rule = row.qualification_rule
    except ObjectDoesNotExist:
        return None
    return rule if rule.method == QualificationRule.Method.ATTRIBUTE_CHANGES else None


def load_attributes(connection_id: int) -> dict[str, Attribute]:
    """The workspace's fields by full name, as last read from Intercom."""
    return as_attributes(DataAttribute.objects.filter(connection_id=connection_id))


def as_attributes(rows: Iterable[DataAttribute]) -> dict[str, Attribute]:
    return {
        row.full_name: Attribute(
            full_name=row.full_name,
            label=row.label,
            data_type=row.data_type,
            options=tuple(row.options),
            writable=row.writable,
            archived=row.archived,
            custom=row.custom,
        )
        for row in rows
    }
