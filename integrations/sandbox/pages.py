"""Pages for people below /sandbox/ui/: what has arrived in the pretend workspaces. Staff only, read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from integrations.sandbox import attributes, display
from integrations.sandbox.demo import WORKSPACE_ID, open_sandbox
from integrations.sandbox.views import only_when_switched_on

if TYPE_CHECKING:
    from integrations.sandbox.attributes import Attribute
    from integrations.sandbox.control import Sandbox

CONTACTS_TO_A_PAGE = 50


@only_when_switched_on
@staff_member_required
def contacts(request: HttpRequest) -> HttpResponse:
    """The contacts of one workspace (?workspace=), newest first."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    workspace = _chosen_workspace(sandbox, request.GET.get("workspace", WORKSPACE_ID))
    known = _attributes(sandbox, workspace)
    paginator = Paginator(range(sandbox.count(workspace)), CONTACTS_TO_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    newest = sandbox.newest(workspace, limit=CONTACTS_TO_A_PAGE, offset=max(page.start_index() - 1, 0))
    cards = [display.card(contact, state=state, attributes=known) for contact, state in newest]
    context = {"cards": cards, "page": page, "total": paginator.count}
    return render(request, "sandbox/contacts.html", _frame(sandbox, workspace) | context)


@only_when_switched_on
@staff_member_required
def contact(request: HttpRequest, workspace: str, contact_id: str) -> HttpResponse:
    """One contact: what it holds, and every write that made it so, newest first."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    workspace = _chosen_workspace(sandbox, workspace)
    known = _attributes(sandbox, workspace)
    try:
        found = sandbox.contact(workspace, contact_id)
    except LookupError:
        raise Http404 from None
    history = [display.entry(each, attributes=known) for each in reversed(sandbox.history(contact_id))]
    card = display.card(found, state=sandbox.state(contact_id), attributes=known)
    context = {"card": card, "history": history}
    return render(request, "sandbox/contact.html", _frame(sandbox, workspace) | context)


def _chosen_workspace(sandbox: Sandbox, workspace: str) -> str:
    if workspace not in sandbox.workspaces():
        raise Http404
    return workspace


def _attributes(sandbox: Sandbox, workspace: str) -> dict[str, Attribute]:
    with sandbox.store.snapshot() as db:
        return attributes.read_all(db, workspace)


def _frame(sandbox: Sandbox, workspace: str) -> dict[str, Any]:
    workspaces = sandbox.workspaces()
    return {
        "workspaces": workspaces,
        "workspace": workspace,
        "workspace_name": workspaces[workspace],
        "now": timezone.now(),
    }
