"""Integrations and API: the CRM tab with its tiles. Only integrations that work have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.admin import tab_context
from integrations.forms import words
from integrations.logic.setup import setup_problems
from integrations.services.settings_format import LEADS
from integrations.services.standing import BADGES, standing_of, without_workspace
from integrations.views.access import LOOK, require
from integrations.views.page import load
from integrations.views.ways import ways

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Campaign
    from integrations.views.page import Panel


def crm(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    require(request, LOOK)
    panel = load(request, campaign)
    standing = standing_of(list(panel.rows.values()))
    offered = panel.may_edit and panel.connection is None
    context = tab_context(request, campaign, slug="crm", title=_("Integrations and API")) | {
        "badge": BADGES[standing],
        "missing": _missing(panel),
        "connection": panel.connection,
        "unconnected": "" if panel.connection else without_workspace(panel.rows.values()),
        "begun": bool(panel.rows),
        "panel_url": panel.url(),
        "ways": ways(tab=LEADS, connection=None) if offered else None,
    }
    return TemplateResponse(request, "integrations/crm.html", context)


def _missing(panel: Panel) -> list[tuple[str, str]]:
    """Each tab that cannot send anybody as it is saved, and what it lacks."""
    lacking = {audience: words.in_short(setup_problems(panel.settings(audience))) for audience in words.TABS}
    return [(str(words.TABS[audience]), text) for audience, text in lacking.items() if text]
