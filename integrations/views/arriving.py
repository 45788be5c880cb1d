"""What happens once a workspace has let us in: the campaign uses it, or a person is asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.services.campaign_connection import Former, attach, workspace_before
from integrations.services.connect import Kept
from integrations.services.settings import connection_of
from integrations.services.settings_format import LEADS
from integrations.services.settings_saving import AUDIENCES, WorkspaceGoneError
from integrations.views.workspace import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponseRedirect

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from integrations.services.connect import Connected


def let_in(
    request: HttpRequest, campaign: Campaign, *, connected: Connected, tab: str, user: User
) -> HttpResponseRedirect:
    """For access that was just given: the workspace's history says by whom, and so does the page what of it
    was not taken."""
    connection = connected.connection
    if connected.kept is not Kept.ACCESS:
        record(request, connection, _access_words(connected) % {"campaign": campaign})
    if connected.kept:
        messages.warning(request, _kept_words(connected.kept) % {"name": name_of(connection)})
    return arrive(request, campaign, connection=connection, tab=tab, user=user)


def _access_words(connected: Connected) -> str:
    if connected.fresh:
        return _("Connected, for the campaign “%(campaign)s”")
    if connected.new_secret:
        return _("Access renewed and client secret replaced, from the campaign “%(campaign)s”")
    return _("Access renewed, from the campaign “%(campaign)s”")


def _kept_words(kept: Kept) -> str:
    if kept is Kept.SECRET:
        return _(
            "The client secret of %(name)s was left as it was: only people who may change workspaces replace "
            "it. Ask one of them to put it in on the workspace's own page."
        )
    return _(
        "%(name)s is connected already, and other campaigns use it, so its access was left as it was: only "
        "people who may change workspaces replace it."
    )


def arrive(
    request: HttpRequest, campaign: Campaign, *, connection: IntercomConnection, tab: str, user: User
) -> HttpResponseRedirect:
    """Never moves a campaign to another workspace unasked, not even one that was disconnected since."""
    former = workspace_before(campaign)
    if former is None or former.is_workspace(connection):
        return use(request, campaign, connection=connection, tab=tab, user=user)
    query = {"to": connection.pk, "tab": tab}
    return redirect(reverse("admin:campaigns_campaign_intercom_move", args=[campaign.pk], query=query))


def use(
    request: HttpRequest, campaign: Campaign, *, connection: IntercomConnection, tab: str, user: User
) -> HttpResponseRedirect:
    """The campaign uses this workspace from now on."""
    former = connection_of(campaign)
    try:
        attach(campaign, connection=connection, user=user)
    except WorkspaceGoneError:
        text = _("%(name)s was disconnected in the meantime. Connect it again.")
        messages.error(request, text % {"name": name_of(connection)})
    else:
        _record_move(request, campaign, former=former, connection=connection)
        messages.success(request, _("Connected to %(name)s.") % {"name": name_of(connection)})
    return redirect(panel_url(campaign, tab=tab))


def _record_move(
    request: HttpRequest,
    campaign: Campaign,
    *,
    former: IntercomConnection | None,
    connection: IntercomConnection,
) -> None:
    if former == connection:
        return
    if former is not None:
        record(request, former, left_words(campaign))
    record(request, connection, _("Used for the campaign “%(campaign)s”") % {"campaign": campaign})


def left_words(campaign: Campaign) -> str:
    """For the history of a workspace that a campaign has left."""
    return _("No longer used for the campaign “%(campaign)s”") % {"campaign": campaign}


def name_of(connection: IntercomConnection) -> str:
    return connection.name or connection.workspace_id


def told_apart(connection: IntercomConnection | Former, *, other: str) -> str:
    """The name of a workspace, and what only it has where another one has the same name."""
    name = connection.name or connection.workspace_id
    if name != other:
        return name
    known = connection.connection if isinstance(connection, Former) else connection
    more = [known.get_region_display()] if known else []
    return f"{name} ({', '.join([*more, connection.workspace_id])})"


def panel_url(campaign: Campaign, *, tab: str) -> str:
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, tab])


def tab_in(data: Mapping[str, str]) -> str:
    """The tab that somebody came from, and goes back to."""
    tab = data.get("tab", "")
    return tab if tab in AUDIENCES else LEADS
