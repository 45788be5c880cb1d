"""Who changed the settings of a tab, when, and what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.admin import tab_context
from campaigns.models import Audience
from integrations.services.bulk_orders.chosen import updated_under
from integrations.services.qualification_story import qualified_by_revision
from integrations.services.repair_rules import Command
from integrations.services.settings_changes import changes_in_words, source_labels, workspace_moved
from integrations.services.settings_history import versions, workspace_names
from integrations.views.access import REPAIR, may
from integrations.views.page import audience_of, load
from integrations.views.times import ago

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Campaign
    from integrations.models import SettingsRevision
    from integrations.services.settings_history import Version
    from integrations.views.page import Panel

LONGEST_NUMBER = 9
"""Digits of a revision's number in an address."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision as people read it. `use_url` opens the panel with it, unsaved, `way_back_url` asks about
    those who qualified; each is "" where that is no use."""

    revision: SettingsRevision
    lines: tuple[str, ...]
    ago: str
    is_current: bool
    use_url: str
    qualified: int
    """How many leads qualified by its rule and still are."""
    way_back_url: str
    undo_url: str
    """Asks about those whose contact was updated under it."""


def history(request: HttpRequest, campaign: Campaign, tab: str) -> HttpResponseBase:
    panel, audience = load(request, campaign), audience_of(tab)
    row = panel.rows.get(audience)
    before = _number(request.GET.get("before", ""))
    shown, more = versions(row, before=before) if row else ([], False)
    titles = {
        Audience.LEAD: _("History of the Leads tab"),
        Audience.REFERRER: _("History of the Referrers tab"),
    }
    context = tab_context(request, campaign, slug="intercom_history", title=titles[audience])
    context |= {
        "entries": _entries(panel, audience, shown),
        "older": shown[-1].revision.number if more else None,
        "is_newest": before is None,
        "back": panel.url(audience),
    }
    return TemplateResponse(request, "integrations/history.html", context)


def _number(text: str) -> int | None:
    """A revision's number, or None for whatever is none."""
    fits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if fits else None


def _entries(panel: Panel, audience: Audience, shown: list[Version]) -> list[Entry]:
    names = workspace_names(one for version in shown for one in (version.workspace, version.workspace_before))
    row = panel.rows.get(audience)
    numbers = [version.revision.number for version in shown]
    counts = qualified_by_revision(row, numbers) if row and audience is Audience.LEAD else {}
    updated = updated_under(row, numbers) if row and panel.may_edit and may(panel.request, REPAIR) else set()
    entries = [_entry(panel, audience, version, names=names, counts=counts) for version in shown]
    return [
        replace(entry, undo_url=_undo_url(entry.revision)) if entry.revision.number in updated else entry
        for entry in entries
    ]


def _undo_url(revision: SettingsRevision) -> str:
    query = {"command": Command.UNDO.value, "version": revision.pk}
    return reverse("admin:integrations_bulk_new", query=query)


def _entry(
    panel: Panel, audience: Audience, version: Version, *, names: Mapping[str, str], counts: Mapping[int, int]
) -> Entry:
    number = version.revision.number
    is_current = number == panel.rows[audience].revision
    usable = panel.may_edit and not is_current
    qualified = counts.get(number, 0)
    wrong = panel.may_edit and qualified
    return Entry(
        revision=version.revision,
        lines=_lines(panel, version, names=names),
        ago=ago(version.revision.made_at),
        is_current=is_current,
        use_url=f"{panel.url(audience)}?revision={number}" if usable else "",
        qualified=qualified,
        way_back_url=panel.address("intercom_way_back_all", number) if wrong else "",
        undo_url="",
    )


def _lines(panel: Panel, version: Version, *, names: Mapping[str, str]) -> tuple[str, ...]:
    moved = workspace_moved(version.workspace_before, version.workspace, names=names)
    changes = changes_in_words(
        version.before,
        version.settings,
        sources=source_labels(panel.sources),
        attributes=panel.attributes,
    )
    return (*([moved] if moved else []), *changes)
