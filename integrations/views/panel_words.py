"""What happens now that a tab was saved, in one or two sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.utils.translation import gettext, ngettext

from campaigns.models import Audience
from integrations.logic.states import RESTING, Reason
from integrations.logic.types import Action

if TYPE_CHECKING:
    from integrations.views.page import Panel


def saved_words(panel: Panel, audience: Audience, *, changed: bool, waited: int) -> tuple[int, str]:
    """A message with its level. `waited` people waited for these settings until now."""
    held = panel.held_by(audience)
    if not changed:
        return messages.INFO, gettext("Nothing was changed, so there was nothing to save.")
    if held in {Reason.NONE, *RESTING}:
        return messages.SUCCESS, f"{_from_now_on(panel, audience)}{_on_their_way(waited)}"
    texts = {
        Reason.SWITCHED_OFF: gettext("Saved. Nothing happens in Intercom when somebody joins."),
        Reason.SETUP_REQUIRED: gettext(
            "Saved, but not complete yet. While anything says Setup Required, everybody who joins waits; "
            "nobody is lost."
        ),
        Reason.NOT_CONNECTED: _connect_next(panel),
        Reason.RECONNECT_NEEDED: gettext(
            "Saved. Intercom has to be reconnected: until then everybody who joins waits; nobody is lost."
        ),
    }
    paused = gettext("Saved. Sending is paused: until you resume it, everybody who joins waits.")
    level = messages.SUCCESS if held is Reason.SWITCHED_OFF else messages.WARNING
    return level, texts.get(held, paused)


def _connect_next(panel: Panel) -> str:
    """Who joins a campaign that a person has disconnected does not wait."""
    if any(row.disconnected_at for row in panel.rows.values()):
        return gettext("Saved. Connect the campaign again next: until then nobody who joins is sent.")
    return gettext("Saved. Connect a workspace next: until then everybody who joins waits; nobody is lost.")


def _from_now_on(panel: Panel, audience: Audience) -> str:
    user = panel.settings(audience).action is Action.CREATE_USER
    if audience is Audience.LEAD:
        if user:
            return gettext("Saved. Leads who join from now on become users in Intercom.")
        return gettext("Saved. Leads who join from now on become leads in Intercom.")
    if user:
        return gettext("Saved. Referrers who join from now on become users in Intercom.")
    return gettext("Saved. Referrers who join from now on become leads in Intercom.")


def _on_their_way(number: int) -> str:
    if not number:
        return ""
    text = ngettext(
        " %(number)d person who waited is on the way.",
        " %(number)d people who waited are on their way.",
        number,
    )
    return text % {"number": number}
