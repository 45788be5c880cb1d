"""Pages on which a contact is changed as a teammate would in the vendor's own screens. Staff only."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from integrations.sandbox import teammate
from integrations.sandbox.demo import open_sandbox
from integrations.sandbox.forms import ContactForm
from integrations.sandbox.messages import RefusalError
from integrations.sandbox.pages import attributes_of, chosen_workspace, frame, show_contact
from integrations.sandbox.views import only_when_switched_on

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox


class Act(StrEnum):
    """What a button does to a contact."""

    CONVERT = "convert"
    ARCHIVE = "archive"
    RESTORE = "restore"
    DELETE = "delete"
    MERGE = "merge"


@only_when_switched_on
@staff_member_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, workspace: str, contact_id: str) -> HttpResponse:
    """The contact's fields; only what was changed is written, as one change."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    workspace = chosen_workspace(sandbox, workspace)
    contact = show_contact(sandbox, workspace, contact_id)
    known = attributes_of(sandbox, workspace)
    form = ContactForm(request.POST if request.method == "POST" else None, contact=contact, attributes=known)
    if form.is_valid() and _save(request, sandbox, workspace, contact_id, form):
        return redirect("sandbox:contact", workspace, contact_id)
    context = frame(sandbox, workspace) | {"contact": contact, "form": form}
    return render(request, "sandbox/edit.html", context)


def _save(request: HttpRequest, sandbox: Sandbox, workspace: str, contact_id: str, form: ContactForm) -> bool:
    changes = form.changes()
    if not changes:
        messages.info(request, _("Nothing was changed."))
        return True
    try:
        teammate.edit(sandbox, workspace, contact_id, changes)
    except RefusalError as refusal:
        form.add_error(None, refusal.message)
        return False
    messages.success(request, _("Saved."))
    return True


@only_when_switched_on
@staff_member_required
@require_POST
def act(request: HttpRequest, workspace: str, contact_id: str, action: str) -> HttpResponse:
    """One of the buttons; what cannot be done is said above the contact."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    workspace = chosen_workspace(sandbox, workspace)
    show_contact(sandbox, workspace, contact_id)
    try:
        said = _act(sandbox, workspace, contact_id, _named(action), into=request.POST.get("into", ""))
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, said)
    return redirect("sandbox:contact", workspace, contact_id)


def _named(action: str) -> Act:
    try:
        return Act(action)
    except ValueError:
        raise Http404 from None


def _act(sandbox: Sandbox, workspace: str, contact_id: str, action: Act, *, into: str) -> str:
    match action:
        case Act.CONVERT:
            teammate.convert(sandbox, workspace, contact_id)
            return _("This lead is a user now.")
        case Act.ARCHIVE:
            teammate.archive(sandbox, workspace, contact_id)
            return _("Archived.")
        case Act.RESTORE:
            teammate.restore(sandbox, workspace, contact_id)
            return _("Restored.")
        case Act.DELETE:
            teammate.delete(sandbox, workspace, contact_id)
            return _("Deleted for good.")
        case Act.MERGE:
            teammate.merge(sandbox, workspace, contact_id, into=into)
            return _("Merged: the other contact goes on, this one has ended.")
