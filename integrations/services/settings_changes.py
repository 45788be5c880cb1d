"""Puts into words what changed between two versions of a tab. Labels are handed in; asks no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext, ngettext

from integrations.logic.changes import RULE, Part, RowChange, differences
from integrations.logic.text import shorten
from integrations.models import FieldMap
from integrations.services.settings_labels import NAMES, SHOWN, TabWords, source_labels, target_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integrations.logic.types import Attribute, MapRow, TabSettings

__all__ = ["changes_in_words", "source_labels", "target_label", "workspace_moved"]

MOST_LINES = 50
"""Who changed more than that reads the panel itself."""


def changes_in_words(
    before: TabSettings,
    after: TabSettings,
    *,
    sources: Mapping[str, str],
    attributes: Mapping[str, Attribute],
) -> list[str]:
    """A sentence for each change, in the order of the panel; none where nothing changed.

    `sources` are labels by key, `attributes` the fields of the workspace by full name.
    """
    words = TabWords(sources=sources, attributes=attributes)
    found = differences(before, after)
    parts = {part: _part(words, part, before, after) for part in found.parts}
    rows = [_row_change(words, change) for change in found.rows]
    first = parts.pop(Part.ACTION, [])
    return _limited([*first, *rows, *(line for lines in parts.values() for line in lines)])


def workspace_moved(before: str | None, after: str | None, *, names: Mapping[str, str]) -> str:
    """What became of a tab's workspace between two revisions, which keep its id; "" if nothing did."""
    if before == after:
        return ""
    left, reached = (shorten(names.get(one, one), limit=SHOWN) if one else "" for one in (before, after))
    if left and reached:
        return gettext("Moved from %(before)s to %(after)s") % {"before": left, "after": reached}
    if reached:
        return gettext("Connected to %(name)s") % {"name": reached}
    return gettext("Disconnected from %(name)s") % {"name": left}


def _part(words: TabWords, part: Part, before: TabSettings, after: TabSettings) -> list[str]:
    """A rule that is new is told whole: what it begins with is a change as well."""
    if part is Part.ORDER:
        return [gettext("The mapped fields stand in another order")]
    lines = [_became(str(NAMES[part]), words.value(part, before), words.value(part, after))]
    if part is Part.QUALIFIES and after.qualifies:
        given = [one for one in RULE if getattr(after, one) not in ("", None, ())]
        lines += [words.says(one, after) for one in given]
    return lines


def _row_change(words: TabWords, change: RowChange) -> str:
    before, after = change.before, change.after
    if before is None and after is not None:
        return gettext("Field added: %(row)s") % {"row": words.row(after)}
    if before is not None and after is None:
        return gettext("Field removed: %(row)s") % {"row": words.row(before)}
    assert before is not None and after is not None  # noqa: S101, PT018  (one of them is always there)
    if not _is_complete(before) and _is_complete(after):
        return gettext("Field completed: %(row)s") % {"row": words.row(after)}
    named = {"before": words.row(before), "after": words.row(after)}
    if before.if_present is not after.if_present and named["before"] == named["after"]:
        return _presence(named["after"], before, after)
    return gettext("Field changed: %(before)s is now %(after)s") % named


def _is_complete(row: MapRow) -> bool:
    return bool(row.target and (row.source or row.value))


def _presence(row: str, before: MapRow, after: MapRow) -> str:
    text = gettext("Field changed: %(row)s, if the contact already has a value: %(before)s → %(after)s")
    kinds = FieldMap.IfPresent
    labels = [kinds(one.if_present.value).label for one in (before, after)]
    return text % {"row": row, "before": labels[0], "after": labels[1]}


def _became(name: str, before: str, after: str) -> str:
    return f"{name}: {before} → {after}"


def _limited(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    if more <= 0:
        return lines
    text = ngettext("and %(number)d more change", "and %(number)d more changes", more)
    return [*lines[:MOST_LINES], text % {"number": more}]
