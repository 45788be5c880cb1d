"""Creates the attributes of Mark as referred and says in words what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.models import SecretUnreadableError
from integrations.services.attributes import MarkResult, ensure_marks
from integrations.services.vendor_words import cannot_ask, failure_in_words
from integrations.views.panel_page import Level, Notice

if TYPE_CHECKING:
    from integrations.models import IntercomConnection

PATIENCE = 8.0
"""Seconds that a page waits for Intercom."""


def create_marks(connection: IntercomConnection | None) -> Notice | None:
    """Sees to it that the attributes are there; a notice where one of them is not."""
    title = gettext("The attributes that mark contacts as referred are not all in Intercom yet")
    again = gettext("Leads are sent without them meanwhile. You can try again under Mark as referred.")
    if connection is None:
        return Notice(Level.WARN, title, gettext("They are created once a workspace is connected."))
    if refusal := cannot_ask(connection):
        return Notice(Level.WARN, title, f"{refusal} {again}")
    try:
        with Session(deadline=PATIENCE) as session:
            results = ensure_marks(connection, session=session)
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        return Notice(Level.WARN, title, f"{failure_in_words(err)} {again}")
    refused = [_in_words(result) for result in results if not result.available]
    return Notice(Level.WARN, title, again, lines=refused) if refused else None


def _in_words(result: MarkResult) -> str:
    if result.refusal:
        text = gettext("%(name)s: Intercom refused it and says “%(message)s”.")
        return text % {"name": result.name, "message": result.refusal}
    text = gettext(
        "%(name)s: Intercom has an attribute of this name that is archived, or of another type. Restore or "
        "rename it in Intercom."
    )
    return text % {"name": result.name}
