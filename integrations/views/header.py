"""The card at the top of the panel: which workspace, how the connection stands, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from integrations.models import ConnectionStatus, IntercomConnection, Region
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.standing import BADGES, Standing, standing_of, without_workspace
from integrations.views.access import may
from integrations.views.ways import ways

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.utils.functional import _StrPromise

    from campaigns.models import Audience
    from integrations.services.outcome_words import Badge
    from integrations.views.page import Panel
    from integrations.views.ways import Ways

SEE_WORKSPACE = "integrations.view_intercomconnection"

SENTENCES: Mapping[Standing, _StrPromise] = {
    Standing.RECONNECT_NEEDED: _(
        "Intercom no longer accepts our access to this workspace. Nobody is lost: people who join wait "
        "until you reconnect."
    ),
}
PAUSED = _("People who join wait until you resume.")
WORKSPACE_PAUSED = _(
    "Sending is paused for the whole workspace, so for every campaign that uses it. People who join wait."
)


@dataclass(frozen=True, slots=True)
class Header:
    """`ways` (to connect) is None for who may not, or need not.

    `paused` is about this campaign; a pause of the workspace ends on the workspace's own page.
    """

    tab: str
    standing: Standing
    badge: Badge
    connection: IntercomConnection | None
    name: str
    since: datetime | None
    sentence: str | _StrPromise
    workspace_url: str
    paused: bool
    may_pause: bool
    ways: Ways | None
    may_leave: bool
    disconnected: bool

    @property
    def reconnect(self) -> bool:
        return self.connection is not None and self.connection.status != ConnectionStatus.CONNECTED

    @property
    def workspace_paused(self) -> bool:
        return self.connection is not None and self.connection.paused_at is not None

    @property
    def in_sandbox(self) -> bool:
        """It is a pretend workspace, whose contacts can be looked at here."""
        region = self.connection.region if self.connection else ""
        return settings.INTERCOM_SANDBOX and region == Region.SANDBOX


def header(panel: Panel, audience: Audience) -> Header:
    """No query where there is a workspace that works; else at most one, for what could be connected."""
    connection, rows = panel.connection, list(panel.rows.values())
    standing = standing_of(rows)
    tab = TAB_NAMES[audience]
    away = standing in {Standing.NOT_CONNECTED, Standing.RECONNECT_NEEDED}
    return Header(
        tab=tab,
        standing=standing,
        badge=BADGES[standing],
        connection=connection,
        name=(connection.name or connection.workspace_id) if connection else "",
        since=_since(panel, standing),
        sentence=_sentence(panel, standing),
        workspace_url=_workspace_url(panel),
        paused=any(row.paused_at is not None for row in rows),
        may_pause=panel.may_pause and bool(rows),
        ways=ways(tab=tab, connection=connection) if panel.may_edit and away else None,
        may_leave=panel.may_edit and connection is not None,
        disconnected=_disconnected_at(panel) is not None,
    )


def changed(panel: Panel, audience: Audience) -> Header | None:
    """None where the page that asks shows how the connection stands already: what is typed there stays."""
    shown = panel.request.POST.get("standing")
    if shown is None or shown == standing_of(list(panel.rows.values())):
        return None
    return header(panel, audience)


def _sentence(panel: Panel, standing: Standing) -> str | _StrPromise:
    if standing is Standing.PAUSED:
        workspace = panel.connection is not None and panel.connection.paused_at is not None
        return WORKSPACE_PAUSED if workspace else PAUSED
    if standing is Standing.NOT_CONNECTED:
        return without_workspace(panel.rows.values())
    return SENTENCES.get(standing, "")


def _since(panel: Panel, standing: Standing) -> datetime | None:
    """Since when it stands so."""
    connection = panel.connection
    if connection is None:
        return _disconnected_at(panel)
    if standing is Standing.RECONNECT_NEEDED:
        return connection.status_since
    if standing is Standing.PAUSED:
        moments = [connection.paused_at, *(row.paused_at for row in panel.rows.values())]
        return min((moment for moment in moments if moment), default=None)
    return connection.connected_at


def _disconnected_at(panel: Panel) -> datetime | None:
    if panel.connection is not None:
        return None
    moments = (row.disconnected_at for row in panel.rows.values())
    return max((moment for moment in moments if moment), default=None)


def _workspace_url(panel: Panel) -> str:
    if panel.connection is None or not may(panel.request, SEE_WORKSPACE):
        return ""
    return reverse("admin:integrations_intercomconnection_change", args=[panel.connection.pk])
