"""How a campaign's integration stands: one word with one look for every page. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.logic.states import Reason
from integrations.models import Action, ConnectionStatus
from integrations.services.outcome_words import STANDINGS, Badge, Look

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.models import IntercomConnection, SyncSettings


class Standing(StrEnum):
    """What an admin has to know first; the earlier ones hide the later."""

    NOT_CONNECTED = "not_connected"
    RECONNECT_NEEDED = "reconnect_needed"
    PAUSED = "paused"
    CONNECTED = "connected"


BADGES: Mapping[Standing, Badge] = {
    Standing.NOT_CONNECTED: STANDINGS[Reason.NOT_CONNECTED],
    Standing.RECONNECT_NEEDED: STANDINGS[Reason.RECONNECT_NEEDED],
    Standing.PAUSED: STANDINGS[Reason.PAUSED_CAMPAIGN],
    Standing.CONNECTED: Badge(_("Connected"), Look.OK),
}

DISCONNECTED = _(
    "This campaign was disconnected. Its settings are kept. People who join are not sent; they can be sent "
    "later, once it is connected again."
)
NEVER_CONNECTED: Mapping[frozenset[Audience], _StrPromise] = {
    frozenset(): _(
        "No Intercom workspace is connected, so nobody who joins is sent. You can set everything up first."
    ),
    frozenset({Audience.LEAD}): _(
        "No Intercom workspace is connected. Leads who join wait until you connect one; referrers are not "
        "sent."
    ),
    frozenset({Audience.REFERRER}): _(
        "No Intercom workspace is connected. Referrers who join wait until you connect one; leads are not "
        "sent."
    ),
    frozenset(Audience): _("No Intercom workspace is connected. People who join wait until you connect one."),
}
"""By those for whom the settings do something."""


def workspace_of(rows: Collection[SyncSettings]) -> IntercomConnection | None:
    """The one workspace that a campaign's tabs use. Asks nothing if it was loaded with them."""
    return next((row.connection for row in rows if row.connection), None)


def without_workspace(rows: Collection[SyncSettings]) -> _StrPromise:
    """What becomes of whoever joins a campaign that has no workspace, as `services.enqueue` decides it."""
    if any(row.disconnected_at for row in rows):
        return DISCONNECTED
    acting = (Audience(row.audience) for row in rows if row.action != Action.NOTHING)
    return NEVER_CONNECTED[frozenset(acting)]


def standing_of(rows: Collection[SyncSettings]) -> Standing:
    """How the connection of one campaign stands. What its tabs lack is told beside it, and hides nothing."""
    connection = workspace_of(rows)
    if connection is None:
        return Standing.NOT_CONNECTED
    if connection.status != ConnectionStatus.CONNECTED:
        return Standing.RECONNECT_NEEDED
    paused = connection.paused_at is not None or any(row.paused_at is not None for row in rows)
    return Standing.PAUSED if paused else Standing.CONNECTED
