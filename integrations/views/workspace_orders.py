"""What a person orders for a whole workspace, so for all of its campaigns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.models import User
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.models import ConnectionStatus, IntercomConnection
from integrations.models.secrets import SecretUnreadableError
from integrations.services.attributes import refresh_attributes
from integrations.services.campaign_connection import disconnect_workspace
from integrations.services.pausing import pause_workspaces, resume_workspaces
from integrations.services.vendor_words import cannot_ask, failure_in_words
from integrations.services.workspaces import uses_of
from integrations.views.access import WORKSPACE, require
from integrations.views.disconnect import tell_about_access, tell_what_is_left
from integrations.views.workspace import PAGE, page_context, record

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_POST
def pause(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    """What is being sent is finished; everybody else waits."""
    user = request.user if isinstance(request.user, User) else None
    if pause_workspaces(IntercomConnection.objects.filter(pk=connection.pk), user=user):
        record(request, connection, _("Paused"))
    messages.success(request, _("Paused. Nothing is sent to this workspace until somebody resumes it."))
    return redirect(PAGE, connection.pk)


@require_POST
def resume(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    if resume_workspaces(IntercomConnection.objects.filter(pk=connection.pk)):
        record(request, connection, _("Resumed"))
    messages.success(request, _("Resumed. People who waited for under 72 hours are on their way."))
    return redirect(PAGE, connection.pk)


@require_POST
def refresh(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    """Reads the workspace's fields again; a failure leaves them as they were."""
    problem, number = cannot_ask(connection), 0
    if not problem:
        try:
            with Session() as session:
                number = refresh_attributes(connection, session=session)
        except (IntercomError, SecretUnreadableError, ValueError) as err:
            problem = failure_in_words(err)
    if problem:
        messages.error(request, problem)
    else:
        text = ngettext(
            "%(number)d field read from Intercom.", "%(number)d fields read from Intercom.", number
        )
        messages.success(request, text % {"number": number})
    return redirect(PAGE, connection.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    """Asks first, and names every campaign that it stops."""
    if connection.status == ConnectionStatus.DISCONNECTED:
        messages.info(request, _("This workspace is disconnected already."))
        return redirect(PAGE, connection.pk)
    if request.method != "POST":
        context = page_context(request, connection) | {"uses": uses_of(connection)}
        return TemplateResponse(request, "integrations/workspace_disconnect.html", context)
    done = disconnect_workspace(connection, user=require(request, WORKSPACE))
    record(request, connection, _("Disconnected"))
    first = _("Disconnected. The settings of its campaigns are kept.")
    tell_about_access(request, done.given_back, first=first)
    tell_what_is_left(request, done.left)
    return redirect(PAGE, connection.pk)
