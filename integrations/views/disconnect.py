"""Pausing a campaign, disconnecting it, forgetting its settings: three different things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from campaigns.admin import tab_context
from integrations.models import SyncSettings
from integrations.services.campaign_connection import consequences, detach, waiting_of
from integrations.services.campaign_connection import forget as forget_settings
from integrations.services.giving_back import GivenBack
from integrations.services.pausing import pause_tabs, resume_tabs
from integrations.services.settings import connection_of
from integrations.views.access import EDIT, PAUSE, require
from integrations.views.arriving import left_words, panel_url, tab_in
from integrations.views.workspace import record

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from campaigns.models import Campaign

ABOUT_ACCESS: Mapping[GivenBack, _StrPromise] = {
    GivenBack.KEPT: gettext_lazy("Other campaigns go on using the workspace."),
    GivenBack.PRETEND: gettext_lazy("The sandbox keeps its contacts and can be connected again at any time."),
    GivenBack.REVOKED: gettext_lazy("Our access to the workspace was given back."),
    GivenBack.FORGOTTEN: gettext_lazy(
        "The access token was erased here. In Intercom it works until you delete the app in the Developer "
        "Hub."
    ),
    GivenBack.NOT_TOLD: gettext_lazy(
        "The access token was erased here, but Intercom could not be told. Remove the app in Intercom, under "
        "Settings › Integrations."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Both tabs together; the buttons are on the panel."""
    require(request, PAUSE)
    rows = SyncSettings.objects.filter(campaign=campaign)
    order = request.POST.get("do")
    if order == "pause" and pause_tabs(rows):
        messages.success(request, _("Paused. People who join wait until you resume."))
    if order == "resume" and resume_tabs(rows):
        messages.success(request, _("Resumed. People who waited for under 72 hours are on their way."))
    data = request.POST if request.method == "POST" else request.GET
    return redirect(panel_url(campaign, tab=tab_in(data)))


@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    user = require(request, EDIT)
    if request.method == "POST":
        _leave(request, campaign, user=user)
        return redirect(panel_url(campaign, tab=tab_in(request.POST)))
    return _asked(request, campaign, in_dialog="HX-Request" in request.headers)


def _asked(request: HttpRequest, campaign: Campaign, *, in_dialog: bool) -> HttpResponse:
    """What it would mean: a page, or what the panel's dialog holds."""
    connection, tab = connection_of(campaign), tab_in(request.GET)
    back = panel_url(campaign, tab=tab)
    if connection is None:
        _say(request, None)
        return HttpResponseClientRedirect(back) if in_dialog else redirect(back)
    leaving = consequences(campaign, connection=connection)
    found = {"connection": connection, "leaving": leaving, "tab": tab, "back": back}
    if in_dialog:
        found |= {"campaign": campaign, "in_dialog": True}
        return TemplateResponse(request, "integrations/connect/leaving.html", found)
    title = _("Disconnect this campaign?")
    context = tab_context(request, campaign, slug="intercom_disconnect", title=title) | found
    return TemplateResponse(request, "integrations/disconnect.html", context)


def _leave(request: HttpRequest, campaign: Campaign, *, user: User) -> None:
    connection = connection_of(campaign)
    done = detach(campaign, user=user)
    if connection is not None and done.campaigns:
        record(request, connection, left_words(campaign))
        if done.given_back is not GivenBack.KEPT:
            record(request, connection, _("Disconnected: no campaign used it any more"))
    _say(request, done.given_back)
    tell_what_is_left(request, done.left)


def _say(request: HttpRequest, given_back: GivenBack | None) -> None:
    if given_back is None:
        messages.info(request, _("This campaign is not connected."))
        return
    first = _("Disconnected. The settings are kept; people who join from now on are not sent.")
    tell_about_access(request, given_back, first=first)


def tell_about_access(request: HttpRequest, given_back: GivenBack | None, *, first: str) -> None:
    """What was done, and what became of our access: a warning where Intercom still has it."""
    about = ABOUT_ACCESS[given_back] if given_back else ""
    level = messages.WARNING if given_back is GivenBack.NOT_TOLD else messages.SUCCESS
    messages.add_message(request, level, f"{first} {about}".rstrip())


def tell_what_is_left(request: HttpRequest, emails: Sequence[str]) -> None:
    """Test contacts that we could not delete, and can reach no more."""
    if emails:
        text = ngettext(
            "A test contact may still be in Intercom. Delete it there: %(emails)s",
            "Test contacts may still be in Intercom. Delete them there: %(emails)s",
            len(emails),
        )
        messages.warning(request, text % {"emails": ", ".join(emails)})


@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Only with a tick beside what it means."""
    user = require(request, EDIT)
    data = request.POST if request.method == "POST" else request.GET
    tab, unticked = tab_in(data), False
    if request.method == "POST":
        if request.POST.get("sure") == "on":
            forget_settings(campaign, user=user)
            messages.success(request, _("The settings are forgotten. The history still has them."))
            return redirect(panel_url(campaign, tab=tab))
        unticked = True
    waiting = waiting_of(campaign)
    context = tab_context(request, campaign, slug="intercom_forget", title=_("Forget these settings?")) | {
        "unticked": unticked,
        "tab": tab,
        "back": panel_url(campaign, tab=tab),
        "waiting": _waiting(waiting) if waiting else "",
    }
    return TemplateResponse(request, "integrations/forget.html", context)


def _waiting(number: int) -> str:
    text = ngettext(
        "%(number)d person who waits stays waiting until you choose an action again.",
        "%(number)d people who wait stay waiting until you choose an action again.",
        number,
    )
    return text % {"number": number}
