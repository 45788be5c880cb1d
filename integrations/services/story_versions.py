"""Under which versions of the settings somebody was tried, and what has changed in them since. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from campaigns import fields
from integrations.models import SettingsRevision
from integrations.services.revisions import settings_of
from integrations.services.settings_changes import changes_in_words, source_labels, workspace_moved

if TYPE_CHECKING:
    from campaigns.models import Participant
    from integrations.logic.types import Attribute, TabSettings
    from integrations.models import SyncSettings


@dataclass(frozen=True, slots=True)
class Version:
    """What one revision said. `workspace` is the id that it keeps; None for none."""

    settings: TabSettings
    workspace: str | None


@dataclass
class Versions:
    """The revisions of one tab that a story names, and the one in use now, by number."""

    person: Participant
    now: int | None
    found: Mapping[int, Version]

    @property
    def targets(self) -> set[str]:
        """The fields of Intercom that any of them writes, by full name."""
        return {row.target for one in self.found.values() for row in one.settings.rows if row.target}

    def is_old(self, number: int) -> bool:
        """Whether it is known, and not what is in use now."""
        return number in self.found and number != self.now

    def since(
        self, number: int, *, attributes: Mapping[str, Attribute], workspaces: Mapping[str, str]
    ) -> list[str]:
        """A sentence for each thing that has changed from this version to the one in use now.

        `workspaces` are names by id. None at all where one of the two is not known any more.
        """
        then, now = self.found.get(number), self.found.get(self.now or 0)
        if then is None or now is None or number == self.now:
            return []
        moved = workspace_moved(then.workspace, now.workspace, names=workspaces)
        changes = changes_in_words(then.settings, now.settings, sources=self._sources, attributes=attributes)
        return [*([moved] if moved else []), *changes]

    @cached_property
    def _sources(self) -> dict[str, str]:
        return source_labels(fields.available(self.person.campaign))


def versions_of(person: Participant, tab: SyncSettings | None, *, numbers: Collection[int]) -> Versions:
    """These revisions of a tab and its present one. One query; none without a tab."""
    if tab is None:
        return Versions(person, None, {})
    rows = SettingsRevision.objects.filter(settings=tab, number__in={*numbers, tab.revision})
    return Versions(person, tab.revision, {row.number: _version(row.content, tab) for row in rows})


def _version(content: Any, tab: SyncSettings) -> Version:
    named = content.get("workspace") if isinstance(content, dict) else None
    workspace = named if isinstance(named, str) else None
    return Version(settings_of(content, audience=tab.audience), workspace)
