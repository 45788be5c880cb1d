"""A workspace's own page: how it stands, whom it serves, and the secrets that it is reached with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from integrations.forms.workspace import ClientSecretForm, TokenForm
from integrations.intercom.errors import AuthError, IntercomError
from integrations.intercom.session import Session
from integrations.models import Access, ConnectionStatus, IntercomConnection
from integrations.services.everything import served_by
from integrations.services.explain import explain
from integrations.services.renewal import OtherWorkspaceError, renew_with_token
from integrations.services.vendor_words import DISCONNECTED, failure_in_words
from integrations.services.workspaces import (
    access_words,
    badge_of,
    fields_of,
    is_sandbox,
    standing_since,
    uses_of,
)
from integrations.views.access import EDIT, OUTCOMES, PAUSE, WORKSPACE, may
from integrations.views.ages import age_words
from integrations.views.times import ago, how_long

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    Forms = dict[str, TokenForm | ClientSecretForm]

PAGE = "admin:integrations_intercomconnection_change"


def show(request: HttpRequest, connection: IntercomConnection, **refused: Any) -> HttpResponse:
    """The page. A form that was `refused` comes back with its errors, and without what was typed."""
    context = page_context(request, connection) | {
        "uses": uses_of(connection),
        **_activity(request, connection),
        "fields": fields_of(connection),
        "access": access_words(connection),
        "is_private": connection.access == Access.TOKEN,
        "has_secret": bool(connection.sealed_webhook_secret),
        "webhook_address": f"{settings.PUBLIC_URL}/webhooks/intercom/{connection.uuid}/",
        "token_form": TokenForm(prefix="access"),
        "secret_form": ClientSecretForm(prefix="notifications"),
        "may_edit": may(request, EDIT),
        "may_pause": may(request, PAUSE),
        "may_change": may(request, WORKSPACE),
    }
    return TemplateResponse(request, "integrations/workspace.html", context | refused)


def _activity(request: HttpRequest, connection: IntercomConnection) -> dict[str, Any]:
    """What was last written, and who waits longest; nothing for who may not see what became of people."""
    if not may(request, OUTCOMES):
        return {}
    part, age = served_by(connection)
    oldest = min(part.oldest.items(), key=lambda one: one[1], default=None)
    return {
        "has_activity": not age.is_missing,
        "age": age_words(age),
        "last_success": ago(part.last_success) if part.last_success else "",
        "waits": {"time": how_long(oldest[1]), "why": explain(oldest[0]).what} if oldest else None,
    }


@require_POST
def renew(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    """Takes a fresh token, if Intercom says that it opens this very workspace."""
    if is_sandbox(connection):
        return _needs_none(request, connection)
    form = TokenForm(request.POST, prefix="access")
    if connection.status == ConnectionStatus.DISCONNECTED:
        messages.error(request, str(DISCONNECTED))
        return redirect(PAGE, connection.pk)
    if form.is_valid():
        problem = _try(connection, form.cleaned_data["token"])
        if not problem:
            record(request, connection, _("Access renewed"))
            messages.success(request, _("Access renewed. Whoever waited for it goes on by itself."))
            return redirect(PAGE, connection.pk)
        form.add_error("token", problem)
    return show(request, connection, token_form=form)


@require_POST
def keep_secret(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    """Sets or replaces what Intercom signs its notifications with."""
    if is_sandbox(connection):
        return _needs_none(request, connection)
    form = ClientSecretForm(request.POST, prefix="notifications")
    if not form.is_valid():
        return show(request, connection, secret_form=form)
    connection.webhook_secret = form.cleaned_data["secret"]
    connection.save(update_fields=["sealed_webhook_secret"])
    record(request, connection, _("Client secret replaced"))
    messages.success(request, _("The client secret is saved. It is never shown again."))
    return redirect(PAGE, connection.pk)


def _needs_none(request: HttpRequest, connection: IntercomConnection) -> HttpResponse:
    """Another secret than its own would have the sandbox's notifications refused."""
    messages.info(request, _("Nothing was changed: the sandbox needs no token and no client secret."))
    return redirect(PAGE, connection.pk)


def page_context(request: HttpRequest, connection: IntercomConnection) -> dict[str, Any]:
    """What every page of a workspace needs."""
    name = connection.name or connection.workspace_id
    return {
        **admin.site.each_context(request),
        "opts": IntercomConnection._meta,  # noqa: SLF001  (Django documents it)
        "connection": connection,
        "name": name,
        "title": name,
        "badge": badge_of(connection),
        "since": standing_since(connection),
        "is_sandbox": is_sandbox(connection),
        "is_gone": connection.status == ConnectionStatus.DISCONNECTED,
    }


def record(request: HttpRequest, connection: IntercomConnection, words: str) -> None:
    """For the workspace's history: who did what."""
    if isinstance(request.user, User):
        only = IntercomConnection.objects.filter(pk=connection.pk)
        LogEntry.objects.log_actions(request.user.pk, only, CHANGE, change_message=words, single_object=True)


def _try(connection: IntercomConnection, token: str) -> str:
    """Why the token is not taken; "" if it was."""
    try:
        with Session() as session:
            renew_with_token(connection, token, session=session)
    except OtherWorkspaceError as err:
        text = _(
            "This token opens another workspace, %(name)s, so nothing was changed. To use that workspace, "
            "connect it from a campaign."
        )
        return text % {"name": err.name}
    except AuthError:
        return _("Intercom does not accept this token. Copy it again from the Developer Hub, whole.")
    except (IntercomError, ValueError) as err:
        return failure_in_words(err)
    return ""
