"""Asks before a campaign leaves the workspace that it had for another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.admin import tab_context
from integrations.models import ConnectionStatus
from integrations.services.campaign_connection import Former, waiting_of, workspace_before
from integrations.services.moving import lacking_in
from integrations.services.settings import connection_of
from integrations.views.access import EDIT, require
from integrations.views.arriving import name_of, panel_url, tab_in, told_apart, use
from integrations.views.connect import usable_workspace

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    user = require(request, EDIT)
    data = request.POST if request.method == "POST" else request.GET
    tab, wanted = tab_in(data), usable_workspace(data.get("to", ""))
    if wanted is None:
        messages.error(request, _("That workspace is not connected any more. Connect it again."))
        return redirect(panel_url(campaign, tab=tab))
    former = workspace_before(campaign)
    if former is None or former.connection == wanted:
        return redirect(panel_url(campaign, tab=tab))
    if request.method == "POST":
        return _answered(request, campaign, former=former, wanted=wanted, user=user)
    context = tab_context(request, campaign, slug="intercom_move", title=_("Use another workspace?")) | {
        "former_name": told_apart(former, other=name_of(wanted)),
        "can_keep": _can_keep(former),
        "wanted": wanted,
        "wanted_name": told_apart(wanted, other=former.name or former.workspace_id),
        "tab": tab,
        "waiting": waiting_of(campaign),
        "lacking": lacking_in(campaign, connection=wanted),
    }
    return TemplateResponse(request, "integrations/move.html", context)


def _answered(
    request: HttpRequest, campaign: Campaign, *, former: Former, wanted: IntercomConnection, user: User
) -> HttpResponse:
    tab = tab_in(request.POST)
    if request.POST.get("answer") == "use":
        return use(request, campaign, connection=wanted, tab=tab, user=user)
    kept = former.connection if _can_keep(former) else None
    if kept is not None and connection_of(campaign) is None:
        return use(request, campaign, connection=kept, tab=tab, user=user)
    text = _("Nothing was changed. %(name)s stays connected, and can be used for other campaigns.")
    messages.info(request, text % {"name": name_of(wanted)})
    return redirect(panel_url(campaign, tab=tab))


def _can_keep(former: Former) -> bool:
    """Whether the campaign uses its workspace still, or could use it again at once."""
    connection = former.connection
    return connection is not None and connection.status != ConnectionStatus.DISCONNECTED
