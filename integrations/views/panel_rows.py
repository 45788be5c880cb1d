"""Adds, removes and brings back rows of the panel's form. Saves nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from integrations.forms.draft import draft_from
from integrations.forms.rows import Menus, Row
from integrations.logic.wrong import MOST_ROWS
from integrations.views.panel_page import Level, Notice, Outcome

if TYPE_CHECKING:
    from campaigns.models import Audience
    from integrations.forms.draft import Draft
    from integrations.forms.typed import TypedRow
    from integrations.views.page import Panel


def add(panel: Panel, audience: Audience, draft: Draft, _number: int) -> Outcome:
    """Adds an empty row at the end."""
    if len(draft.typed.rows) >= MOST_ROWS:
        title = gettext("A tab can have at most %(number)d fields.") % {"number": MOST_ROWS}
        return Outcome(draft, body=True, notices=[Notice(Level.WARN, title)], announce=title)
    number = len(draft.typed.rows)
    return Outcome(
        draft_from(panel, audience, typed=draft.typed.with_blank_row()),
        row=number,
        announce=gettext("A field was added."),
        focus=f"#id_rows-{number}-data_type",
    )


def remove(panel: Panel, audience: Audience, draft: Draft, number: int) -> Outcome:
    """Marks a row as removed; it goes when the form is saved."""
    row = _row(draft, number)
    if row is None or row.locked:
        return Outcome(draft, body=True)
    text = gettext("%(row)s removed.") % {"row": _title(panel, number, row)}
    typed = draft.typed.with_row(number, replace(row, removed=True))
    return Outcome(
        draft_from(panel, audience, typed=typed), row=number, announce=text, focus=f"#undo-{number}"
    )


def undo(panel: Panel, audience: Audience, draft: Draft, number: int) -> Outcome:
    """Brings a removed row back."""
    row = _row(draft, number)
    if row is None:
        return Outcome(draft, body=True)
    text = gettext("%(row)s is back.") % {"row": _title(panel, number, row)}
    typed = draft.typed.with_row(number, replace(row, removed=False))
    focus = f"#id_rows-{number}-data_type"
    return Outcome(draft_from(panel, audience, typed=typed), row=number, announce=text, focus=focus)


def _row(draft: Draft, number: int) -> TypedRow | None:
    return draft.typed.rows[number] if number < len(draft.typed.rows) else None


def _title(panel: Panel, number: int, row: TypedRow) -> str:
    return Row(number, row, Menus.of(panel), frozenset()).title
