"""Connecting a campaign without Intercom's permission page: by a token, to the sandbox, to a workspace that
is connected already. And the question whether it shall leave the workspace it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from campaigns.admin import tab_context
from integrations.forms.connect import TokenForm
from integrations.models import Region
from integrations.pretence import listen_to_sandbox
from integrations.sandbox.demo import ensure_demo_workspace
from integrations.services.connecting import NotConnectedError, connect_token
from integrations.services.settings import connection_of
from integrations.views.access import EDIT, WORKSPACE, may, require
from integrations.views.arriving import arrive, let_in, panel_url, tab_in
from integrations.views.ways import Way, usable_workspaces, ways

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection


@sensitive_post_parameters("token", "client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The modal as a page of its own, for who has no JavaScript and for what went wrong in it."""
    user = require(request, EDIT)
    if request.method != "POST":
        return show_ways(request, campaign, tab=tab_in(request.GET))
    match request.POST.get("way"):
        case Way.TOKEN:
            return _by_token(request, campaign, user=user)
        case Way.SANDBOX:
            return _to_the_sandbox(request, campaign, user=user)
        case Way.KNOWN:
            return _to_a_known_one(request, campaign, user=user)
    return show_ways(request, campaign, tab=tab_in(request.POST))


def show_ways(
    request: HttpRequest,
    campaign: Campaign,
    *,
    tab: str,
    token_form: TokenForm | None = None,
    error: str = "",
) -> HttpResponse:
    """Every way to connect; `error` says why the one just tried did not work."""
    context = tab_context(request, campaign, slug="intercom_connect", title=_("Connect Your Intercom")) | {
        "ways": ways(tab=tab, connection=connection_of(campaign), token_form=token_form, error=error),
        "back": panel_url(campaign, tab=tab),
    }
    return TemplateResponse(request, "integrations/connect.html", context)


@sensitive_variables()
def _by_token(request: HttpRequest, campaign: Campaign, *, user: User) -> HttpResponse:
    tab, form = tab_in(request.POST), TokenForm(request.POST, auto_id="token-%s")
    # Seen only if something is wrong with it: the page then opens where that is said.
    form.fields["token"].widget.attrs["autofocus"] = True
    if not form.is_valid():
        return show_ways(request, campaign, tab=tab, token_form=form)
    given = form.cleaned_data
    try:
        connected = connect_token(
            given["token"],
            region=given["region"],
            webhook_secret=given["client_secret"],
            only_for=None if may(request, WORKSPACE) else campaign,
        )
    except NotConnectedError as err:
        form.add_error("token", str(err))
        return show_ways(request, campaign, tab=tab, token_form=form)
    return let_in(request, campaign, connected=connected, tab=tab, user=user)


def _to_the_sandbox(request: HttpRequest, campaign: Campaign, *, user: User) -> HttpResponse:
    if not settings.INTERCOM_SANDBOX:
        raise Http404
    tab = tab_in(request.POST)
    token = ensure_demo_workspace(settings.INTERCOM_SANDBOX_FILE)
    try:
        connected = connect_token(token, region=Region.SANDBOX)
    except NotConnectedError as err:
        return show_ways(request, campaign, tab=tab, error=str(err))
    listen_to_sandbox(connected.connection)
    return let_in(request, campaign, connected=connected, tab=tab, user=user)


def _to_a_known_one(request: HttpRequest, campaign: Campaign, *, user: User) -> HttpResponse:
    tab, wanted = tab_in(request.POST), usable_workspace(request.POST.get("workspace", ""))
    if wanted is None:
        error = _("This workspace was disconnected in the meantime. Connect it again, or choose another.")
        return show_ways(request, campaign, tab=tab, error=error)
    return arrive(request, campaign, connection=wanted, tab=tab, user=user)


def usable_workspace(key: str) -> IntercomConnection | None:
    """The workspace that an address or a button names, if it is connected."""
    return next((one for one in usable_workspaces() if str(one.pk) == key), None)
