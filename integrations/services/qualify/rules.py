"""The rules that are in force, read afresh: whose values qualify a tab's leads. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from campaigns.models import Audience
from integrations.logic.qualification import Rule, rule_of
from integrations.logic.types import SourceValue, TabSettings
from integrations.models import DataAttribute, QualificationRule, SettingsRevision
from integrations.services.tabs import as_attributes

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.logic.types import Attribute
    from integrations.models import Watch

IN_FORCE = Q(
    method=QualificationRule.Method.ATTRIBUTE_CHANGES,
    settings__audience=Audience.LEAD,
    settings__connection__isnull=False,
) & ~Q(attribute="")
"""Of a tab that points to a workspace. Who joined in time may still qualify when a campaign has ended, and
when nobody new is sent any more."""


@dataclass(frozen=True, slots=True)
class Active:
    """A tab's rule in the workspace that the tab points to; `initial` is what a create writes first."""

    rule: Rule
    attribute: Attribute | None
    connection_id: int
    initial: SourceValue = None

    def same_as(self, other: Active | None) -> bool:
        """Whether the same values of the same attribute qualify in one workspace, under whatever revision."""
        return other is not None and _what(self) == _what(other)


def _what(active: Active) -> tuple[int, str, frozenset[str]]:
    return active.connection_id, active.rule.attribute, active.rule.qualifying


def active_rules(settings: Collection[int]) -> dict[int, Active]:
    """The rules in force of these tabs, by the tab's primary key. Two queries, none without tabs."""
    if not settings:
        return {}
    rows = QualificationRule.objects.filter(IN_FORCE, settings__in=settings).select_related("settings")
    return _as_active(list(rows))


def active_rule(settings: int) -> Active | None:
    return active_rules([settings]).get(settings)


def former_rules(rows: Iterable[Watch], *, rules: Mapping[int, Active]) -> dict[tuple[int, int], Rule]:
    """The rules that judge what was before they were replaced, by tab and revision; of each tab's history."""
    wanted = {(row.settings_id, row.revision) for row in rows if row.rule_until is not None}
    if not wanted:
        return {}
    kept = SettingsRevision.objects.filter(
        settings__in={settings_id for settings_id, _ in wanted}, number__in={number for _, number in wanted}
    )
    found = {}
    for one in kept:
        said, active = one.content.get("qualification", {}), rules.get(one.settings_id)
        settings = TabSettings(
            qualifies="attribute" in said,
            rule_attribute=said.get("attribute", ""),
            qualifying_values=tuple(said.get("qualifying_values", ())),
            revision=one.number,
        )
        rule = rule_of(settings, attribute=active.attribute if active else None)
        if rule is not None:
            found[one.settings_id, one.number] = rule
    return found


def watched_attributes(connections: Collection[int]) -> dict[int, set[str]]:
    """The attributes that any rule of these workspaces asks for, by workspace. One query."""
    rows = QualificationRule.objects.filter(IN_FORCE, settings__connection__in=connections)
    names: dict[int, set[str]] = {}
    for connection_id, name in rows.values_list("settings__connection", "attribute"):
        names.setdefault(connection_id, set()).add(name)
    return names


def _as_active(rows: Collection[QualificationRule]) -> dict[int, Active]:
    attributes = _attributes(rows)
    found = {}
    for row in rows:
        connection_id = row.settings.connection_id or 0
        attribute = attributes.get(connection_id, {}).get(row.attribute)
        rule = rule_of(_settings(row), attribute=attribute)
        if rule is not None:
            found[row.settings_id] = Active(rule, attribute, connection_id, row.initial_value)
    return found


def _settings(row: QualificationRule) -> TabSettings:
    return TabSettings(
        qualifies=True,
        rule_attribute=row.attribute,
        qualifying_values=tuple(row.qualifying_values),
        revision=row.settings.revision,
    )


def _attributes(rows: Iterable[QualificationRule]) -> Mapping[int, Mapping[str, Attribute]]:
    wanted = {(row.settings.connection_id, row.attribute) for row in rows}
    if not wanted:
        return {}
    known = DataAttribute.objects.filter(
        connection__in={connection_id for connection_id, _ in wanted},
        full_name__in={name for _, name in wanted},
    )
    by_workspace: dict[int, list[DataAttribute]] = {}
    for attribute in known:
        by_workspace.setdefault(attribute.connection_id, []).append(attribute)
    return {pk: as_attributes(attributes) for pk, attributes in by_workspace.items()}


def saved_when(settings: int, *, revision: int) -> datetime | None:
    """When the tab was last saved, if that is the revision in question."""
    saved = SettingsRevision.objects.filter(settings=settings, number=revision)
    return saved.values_list("made_at", flat=True).first()
