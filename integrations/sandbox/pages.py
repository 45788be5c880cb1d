"""Pages for people below /sandbox/ui/: what has arrived in the pretend workspaces. Staff only; they change
nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from integrations.sandbox import attributes, display
from integrations.sandbox.demo import WORKSPACE_ID, open_sandbox
from integrations.sandbox.fields import LEAD, USER
from integrations.sandbox.people import State
from integrations.sandbox.told import told
from integrations.sandbox.views import only_when_switched_on

if TYPE_CHECKING:
    from integrations.sandbox.attributes import Attribute
    from integrations.sandbox.control import Sandbox
    from integrations.sandbox.messages import Json

CONTACTS_TO_A_PAGE = 50
USERS_OFFERED = 200


@only_when_switched_on
@staff_member_required
def contacts(request: HttpRequest) -> HttpResponse:
    """The contacts of one workspace (?workspace=), newest first."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    workspace = chosen_workspace(sandbox, request.GET.get("workspace", WORKSPACE_ID))
    known = attributes_of(sandbox, workspace)
    paginator = Paginator(range(sandbox.count(workspace)), CONTACTS_TO_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    newest = sandbox.newest(workspace, limit=CONTACTS_TO_A_PAGE, offset=max(page.start_index() - 1, 0))
    cards = [display.card(contact, state=state, attributes=known) for contact, state in newest]
    live = sandbox.count(workspace, state=State.LIVE)
    context = {"cards": cards, "page": page, "live": live, "gone": max(paginator.count - live, 0)}
    return render(request, "sandbox/contacts.html", frame(sandbox, workspace) | context)


@only_when_switched_on
@staff_member_required
def contact(request: HttpRequest, workspace: str, contact_id: str) -> HttpResponse:
    """One contact: what it holds, and every write that made it so, newest first."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    workspace = chosen_workspace(sandbox, workspace)
    known = attributes_of(sandbox, workspace)
    found = show_contact(sandbox, workspace, contact_id)
    history = [display.entry(each, attributes=known) for each in reversed(sandbox.history(contact_id))]
    state = sandbox.state(contact_id)
    context = {
        "card": display.card(found, state=state, attributes=known),
        "history": history,
        "told": told(reversed(sandbox.webhooks(workspace, contact=contact_id))),
        "archived": state is State.ARCHIVED,
        "users": _users(sandbox, workspace) if found["role"] == LEAD and state is State.LIVE else [],
    }
    return render(request, "sandbox/contact.html", frame(sandbox, workspace) | context)


@only_when_switched_on
@staff_member_required
def authorize(request: HttpRequest) -> HttpResponse:
    """The stand-in for the vendor's permission page: whoever gives access is sent back with a code."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    back, state = request.GET.get("redirect_uri", ""), request.GET.get("state", "")
    if not back.startswith(f"{settings.PUBLIC_URL}/"):
        raise Http404
    answers = [
        (name, f"{back}?{urlencode({'code': sandbox.issue_code(workspace), 'state': state})}")
        for workspace, name in sandbox.workspaces().items()
    ]
    denied = f"{back}?{urlencode({'error': 'access_denied', 'state': state})}"
    return render(request, "sandbox/authorize.html", {"answers": answers, "denied": denied})


def show_contact(sandbox: Sandbox, workspace: str, contact_id: str) -> Json:
    try:
        return sandbox.contact(workspace, contact_id)
    except LookupError:
        raise Http404 from None


def _users(sandbox: Sandbox, workspace: str) -> list[Json]:
    """Whom a lead may be merged into: the newest of them, as the page is for trying."""
    newest = sandbox.newest(workspace, limit=USERS_OFFERED)
    return [each for each, state in newest if each["role"] == USER and state is State.LIVE]


def chosen_workspace(sandbox: Sandbox, workspace: str) -> str:
    if workspace not in sandbox.workspaces():
        raise Http404
    return workspace


def attributes_of(sandbox: Sandbox, workspace: str) -> dict[str, Attribute]:
    with sandbox.store.snapshot() as db:
        return attributes.read_all(db, workspace)


def frame(sandbox: Sandbox, workspace: str) -> dict[str, Any]:
    workspaces = sandbox.workspaces()
    return {
        "workspaces": workspaces,
        "workspace": workspace,
        "workspace_name": workspaces[workspace],
        "now": timezone.now(),
    }
