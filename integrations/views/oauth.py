"""Intercom's own permission page: the way there and the way back. No code is logged, shown or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from campaigns.admin import tab_context
from campaigns.models import Campaign
from integrations.forms.connect import RegionForm
from integrations.services.connecting import (
    NotConnectedError,
    connect_code,
    oauth_is_set_up,
    permission_page,
)
from integrations.services.settings_format import LEADS
from integrations.views.access import EDIT, LOOK, WORKSPACE, may, require
from integrations.views.arriving import let_in, panel_url, tab_in
from integrations.views.connect import show_ways
from integrations.views.oauth_state import campaign_in, remember, take

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from integrations.services.connect import Connected
    from integrations.views.oauth_state import Attempt

VIEW = "campaigns.view_campaign"
LONGEST_CODE = 1000
DENIED = "access_denied"


def start(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Answers with a page that leads on, not with a redirect: the content security policy lets no form end
    up on another site, and Intercom may redirect further, to addresses that nobody can list."""
    user = require(request, EDIT)
    tab, form = tab_in(request.POST), RegionForm(request.POST, auto_id="oauth-%s")
    if request.method != "POST":
        return redirect("admin:campaigns_campaign_intercom_connect", campaign.pk)
    if not oauth_is_set_up():
        error = _("Intercom's permission page is not set up here. Use an access token instead.")
        return show_ways(request, campaign, tab=tab, error=error)
    if not form.is_valid():
        error = _("Choose where your Intercom workspace is hosted.")
        return show_ways(request, campaign, tab=tab, error=error)
    region = form.cleaned_data["region"]
    state = remember(request.session, campaign=campaign.pk, region=region, tab=tab, user=user.pk)
    try:
        page = permission_page(region=region, state=state, redirect_uri=_redirect_uri())
    except NotConnectedError as err:
        return show_ways(request, campaign, tab=tab, error=str(err))
    context = tab_context(request, campaign, slug="intercom_oauth", title=_("On to Intercom"))
    context |= {"page": page, "back": panel_url(campaign, tab=tab)}
    return TemplateResponse(request, "integrations/connect/leave.html", context)


@never_cache
@require_GET
@sensitive_variables()
def callback(request: HttpRequest) -> HttpResponse:
    """Where Intercom sends people back to. Whatever goes wrong, it is said, and nothing is stored."""
    user = request.user
    if not isinstance(user, User) or not user.is_staff:
        text = _("You were signed out meanwhile, so nothing was connected. Sign in, and connect again.")
        messages.error(request, text)
        return redirect("admin:index")
    state = request.GET.get("state", "")
    attempt = take(request.session, state, user=user.pk)
    campaign = _campaign(attempt.campaign if attempt else campaign_in(state))
    if campaign is None or not may(request, VIEW) or not may(request, EDIT):
        messages.error(request, _("Nothing was connected: you may not connect this campaign, or it is gone."))
        return redirect("admin:index")
    tab = attempt.tab if attempt else LEADS
    try:
        connected = _hand_in(request, attempt, campaign=campaign)
    except NotConnectedError as err:
        messages.error(request, str(err))
        return redirect(panel_url(campaign, tab=tab) if may(request, LOOK) else reverse("admin:index"))
    return let_in(request, campaign, connected=connected, tab=tab, user=user)


def _campaign(pk: int | None) -> Campaign | None:
    return None if pk is None else Campaign.objects.filter(pk=pk).first()


@sensitive_variables()
def _hand_in(request: HttpRequest, attempt: Attempt | None, *, campaign: Campaign) -> Connected:
    """Connects, if everything about the answer is right. Raises NotConnectedError."""
    if attempt is None:
        raise NotConnectedError(
            _(
                "Nothing was connected: this answer from Intercom belongs to no request of yours, or to one "
                "that is over 15 minutes old or was answered before. Connect again."
            )
        )
    if request.GET.get("error") == DENIED:
        raise NotConnectedError(
            _("Nothing was connected: access was not given in Intercom. Connect again when you are ready.")
        )
    code = code_in(request.META.get("QUERY_STRING", ""))
    if "error" in request.GET or not code:
        raise NotConnectedError(
            _("Nothing was connected: Intercom sent you back without giving access. Connect again.")
        )
    only_for = None if may(request, WORKSPACE) else campaign
    return connect_code(code, region=attempt.region, only_for=only_for)


def code_in(query: str) -> str:
    """The code of a query string as Intercom wrote it: with its `+`, and with the `=` at its end.

    "" where there is none, or where it cannot be one.
    """
    for piece in query.split("&"):
        name, _sign, value = piece.partition("=")
        if name == "code":
            code = unquote(value)
            fits = len(code) <= LONGEST_CODE and code.isascii() and code.isprintable()
            return code if fits else ""
    return ""


def _redirect_uri() -> str:
    return f"{settings.PUBLIC_URL}{reverse('intercom_oauth_callback')}"
