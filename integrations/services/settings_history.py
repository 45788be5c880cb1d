"""The revisions of a tab, newest first, a page at a time, each beside the one before it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from integrations.models import IntercomConnection, SettingsRevision, SyncSettings
from integrations.services.revisions import settings_of
from integrations.services.settings import FRESH

if TYPE_CHECKING:
    from integrations.logic.types import TabSettings

PAGE = 25


@dataclass(frozen=True, slots=True)
class Version:
    """A revision, what it said, and what the one before it said: for the first one, a fresh tab."""

    revision: SettingsRevision
    settings: TabSettings
    before: TabSettings
    workspace: str | None
    workspace_before: str | None


def versions(row: SyncSettings, *, before: int | None = None) -> tuple[list[Version], bool]:
    """A page of revisions below a number, and whether there are older ones. One query."""
    found = row.revisions.select_related("made_by").order_by("-number")
    if before is not None:
        found = found.filter(number__lt=before)
    # One more than is shown: it says what the last one shown changed.
    revisions = list(found[: PAGE + 1])
    pairs = islice(zip_longest(revisions, revisions[1:]), PAGE)
    return [_version(one, other, row=row) for one, other in pairs], len(revisions) > PAGE


def workspace_names(ids: Iterable[str | None]) -> dict[str, str]:
    """The workspaces that revisions name, by the id that they keep."""
    wanted = {one for one in ids if one}
    found = IntercomConnection.objects.filter(workspace_id__in=wanted) if wanted else ()
    return {one.workspace_id: one.name or one.workspace_id for one in found}


def _version(revision: SettingsRevision, older: SettingsRevision | None, *, row: SyncSettings) -> Version:
    return Version(
        revision=revision,
        settings=settings_of(revision.content, audience=row.audience),
        before=settings_of(older.content, audience=row.audience) if older else FRESH,
        workspace=_workspace(revision.content),
        workspace_before=_workspace(older.content) if older else None,
    )


def _workspace(content: Any) -> str | None:
    named = content.get("workspace") if isinstance(content, dict) else None
    return named if isinstance(named, str) else None
