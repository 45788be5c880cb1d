"""Reads what a tab said at a revision. Tolerates content of any age: what cannot be read is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery

from integrations.logic.types import TabSettings
from integrations.logic.wrong import Known
from integrations.models import SettingsRevision
from integrations.services.settings_format import read_tab
from integrations.services.settings_reading import Reading
from integrations.services.settings_saving import TAB_NAMES

if TYPE_CHECKING:
    from datetime import datetime

    from campaigns.models import Audience
    from integrations.models import SyncSettings


@dataclass(frozen=True, slots=True)
class LastSaved:
    """When a tab was saved last; `made_by` is empty where that was no person, or they are gone."""

    made_at: datetime
    made_by: str


def last_saved_query() -> dict[str, Any]:
    """The annotations of a `SyncSettings` query from which `last_saved_of` reads; no query of their own."""
    newest = SettingsRevision.objects.filter(settings=OuterRef("pk")).order_by("-number")
    return {
        "last_saved_at": Subquery(newest.values("made_at")[:1]),
        "last_saved_by": Subquery(newest.values("made_by__username")[:1]),
    }


def last_saved_of(row: SyncSettings) -> LastSaved | None:
    """Of a row that was loaded with `last_saved_query`; None for a tab that was never saved."""
    found: Any = row
    return LastSaved(found.last_saved_at, found.last_saved_by or "") if found.last_saved_at else None


def settings_of(content: Any, *, audience: Audience | str) -> TabSettings:
    """The settings that a revision's content describes, its workspace aside."""
    return read_tab(
        Reading(),
        tab=TAB_NAMES[audience],
        document=content,
        before=TabSettings(),
        known=Known(sources=(), attributes={}),
        standing=TabSettings(),
    )
