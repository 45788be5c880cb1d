"""What is wrong now, what was, and who is told by e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.forms.alerts import AlertForm, form_of
from integrations.services.alerts.listing import past, standing
from integrations.services.alerts.mailing import send_test
from integrations.services.alerts.recipients import can_mail, group_addresses, recipients
from integrations.services.alerts.settings import alert_settings, change
from integrations.views.access import EDIT, LOOK, OUTCOMES, WORKSPACES, may, require

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = "admin:integrations_alerts"
SHOWN_ADDRESSES = 3


def alerts(request: HttpRequest) -> HttpResponse:
    """The page; a POST saves who is told."""
    require(request, LOOK)
    if request.method != "POST":
        return _page(request, form_of(alert_settings(), group=group_addresses()))
    user = require(request, EDIT)
    form = AlertForm(request.POST, group=group_addresses())
    if not form.is_valid():
        return _page(request, form)
    change(form.cleaned_data, user=user)
    messages.success(request, _("Saved."))
    return redirect(PAGE)


def test(request: HttpRequest) -> HttpResponse:
    """Sends an e-mail to everybody who would get an alert, and says what became of it."""
    require(request, EDIT)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    to = recipients(alert_settings())
    if not can_mail():
        messages.error(request, _("Nothing was sent: this installation knows no mail server."))
    elif not to:
        messages.error(request, _("Nothing was sent: nobody is chosen who has an e-mail address."))
    elif problem := send_test(to):
        messages.error(request, _("The test e-mail was not sent. %(why)s") % {"why": problem})
    else:
        messages.success(request, _sent(to))
    return redirect(PAGE)


def _sent(to: list[str]) -> str:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return _(
            "The test e-mail was written to the console of this installation, where all e-mail goes now."
        )
    text = ngettext(
        "The mail server took the test e-mail to %(who)s. It should arrive within minutes.",
        "The mail server took the test e-mail to %(who)s and others, %(number)d in all. It should arrive "
        "within minutes.",
        1 if len(to) <= SHOWN_ADDRESSES else 2,
    )
    return text % {"who": ", ".join(to[:SHOWN_ADDRESSES]), "number": len(to)}


def _page(request: HttpRequest, form: AlertForm) -> HttpResponse:
    wanted = alert_settings()
    to = recipients(wanted)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Alerts"),
        "standing": standing(),
        "past": past(),
        "form": form,
        "wanted": wanted,
        "to": to,
        "can_mail": can_mail(),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "may_edit": may(request, EDIT),
        "may_see_outcomes": may(request, OUTCOMES),
        "may_see_workspaces": may(request, WORKSPACES),
    }
    return TemplateResponse(request, "integrations/alerts.html", context)
