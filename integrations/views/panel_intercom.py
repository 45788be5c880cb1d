"""The panel's buttons that ask Intercom, or have something sent. What Intercom does is told in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext, ngettext

from integrations.forms.choices import labels_of
from integrations.forms.draft import draft_from
from integrations.forms.sheet import Sheet
from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.models import SecretUnreadableError
from integrations.services.attribute_creation import create_attribute
from integrations.services.attributes import refresh_attributes
from integrations.services.bulk_orders.completing import complete_all
from integrations.services.vendor_words import cannot_ask, failure_in_words
from integrations.views.access import EDIT, require
from integrations.views.page import load
from integrations.views.panel_marks import PATIENCE, create_marks
from integrations.views.panel_page import Level, Notice, Outcome

if TYPE_CHECKING:
    from campaigns.models import Audience
    from integrations.forms.draft import Draft
    from integrations.forms.typed import Typed
    from integrations.views.page import Panel


def refresh(panel: Panel, audience: Audience, draft: Draft, _number: int) -> Outcome:
    """Reads the list of Intercom's fields anew; where that fails the old one stays."""
    failure = _refreshed(panel)
    if failure:
        title = gettext("The list of Intercom's fields could not be read")
        notice = Notice(Level.WARN, title, f"{failure} {gettext('Until then the list from before is used.')}")
        return Outcome(
            draft, body=True, notices=[notice], announce=f"{title}. {failure}", focus="#panel-notices"
        )
    fresh = load(panel.request, panel.campaign)
    text = gettext("The list of Intercom's fields was read just now.")
    return Outcome(draft_from(fresh, audience, typed=draft.typed), body=True, announce=text, focus="#refresh")


def _refreshed(panel: Panel) -> str:
    """Why the list could not be read; "" when it was."""
    connection = panel.connection
    if connection is None:
        return gettext("No workspace is connected yet.")
    if refusal := cannot_ask(connection):
        return refusal
    try:
        with Session(deadline=PATIENCE) as session:
            refresh_attributes(connection, session=session)
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        return failure_in_words(err)
    return ""


def new_attribute(panel: Panel, audience: Audience, draft: Draft, _number: int) -> Outcome:
    """Creates a data attribute in Intercom and chooses it in the last row that has no field yet."""
    if panel.connection is None:
        refusal = gettext("No workspace is connected yet.")
        return Outcome(draft, body=True, creation=refusal, announce=refusal, focus="#id_new_name")
    name, kind = draft.typed.text("new_name"), draft.typed.text("new_type")
    with Session(deadline=PATIENCE) as session:
        made = create_attribute(panel.connection, name=name, data_type=kind, session=session)
    if made.attribute is None:
        return Outcome(draft, body=True, creation=made.refusal, announce=made.refusal, focus="#id_new_name")
    target = made.attribute.full_name
    filled_by = _row_of(draft.typed, target=target)
    typed, number = (draft.typed, filled_by) if filled_by is not None else _chosen(draft.typed, target=target)
    fresh = load(panel.request, panel.campaign)
    drawn = draft_from(fresh, audience, typed=replace(typed, fields={**typed.fields, "new_name": ""}))
    words = {"name": labels_of(fresh).target(target), "row": Sheet(fresh, audience, drawn).rows[number].title}
    text = gettext("%(name)s is in Intercom now, and chosen in the last row.")
    if filled_by is not None:
        text = gettext("%(name)s is in Intercom, and this row fills it already: %(row)s.")
    return Outcome(
        drawn,
        body=True,
        created=text % words,
        chosen=filled_by is None,
        announce=text % words,
        focus=f"#id_rows-{number}-data_type",
    )


def _row_of(typed: Typed, *, target: str) -> int | None:
    """The row that fills a field already."""
    rows = enumerate(typed.rows)
    return next((number for number, row in rows if not row.removed and row.row.target == target), None)


def _chosen(typed: Typed, *, target: str) -> tuple[Typed, int]:
    """The form with a field chosen in its last row that has none, or in a new one; and that row's number."""
    open_rows = [n for n, row in enumerate(typed.rows) if not row.removed and not row.row.target]
    if not open_rows:
        typed = typed.with_blank_row()
    number = open_rows[-1] if open_rows else len(typed.rows) - 1
    row = typed.rows[number]
    return typed.with_row(number, replace(row, texts={**row.texts, "target": target})), number


def complete(panel: Panel, audience: Audience, draft: Draft, _number: int) -> Outcome:
    """Sends what could not be written before to everybody who went without it."""
    row = panel.rows.get(audience)
    order = complete_all(row, user=require(panel.request, EDIT)) if row else None
    number = order.total if order else 0
    text = ngettext(
        "%(number)d person gets the missing fields now.",
        "%(number)d people get the missing fields now.",
        number,
    )
    said = text % {"number": number}
    more = gettext("Whatever Intercom refuses again is shown here.")
    return Outcome(draft, body=True, notices=[Notice(Level.OK, said, more)], announce=said, focus="#fields")


def marks(panel: Panel, _audience: Audience, draft: Draft, _number: int) -> Outcome:
    """Creates the attributes of Mark as referred, after that did not work when the tick was saved."""
    notice = create_marks(panel.connection) or Notice(
        Level.OK, gettext("These attributes are in Intercom now.")
    )
    return Outcome(draft, body=True, notices=[notice], announce=notice.title, focus="#id_marks")
