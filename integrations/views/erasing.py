"""Erasing a person: what we hold, the email once more, done; and the list of who was erased when.

The email goes by POST alone: addresses are written into logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from campaigns.models import Participant
from campaigns.text import normalized_email, refuse_unstorable
from integrations.models import Erasure, ErasureState, IntercomConnection
from integrations.services.keeping.deletions import done_by_hand, try_again
from integrations.services.keeping.erasing import ask
from integrations.services.keeping.keeping_words import (
    badge_of,
    contacts_of,
    is_looking,
    numbers,
    remains_of,
    still_named,
    told,
)
from integrations.services.keeping.person import counted, person_of
from integrations.views.access import EDIT, require

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LONGEST_EMAIL = 254
SHOWN = 100
LARGEST_ID = 2**63 - 1


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    user = require(request, EDIT)
    email = _email_in(request)
    if request.method != "POST" or request.POST.get("do") != "erase" or not email:
        return _page(request, email=email)
    if normalized_email(request.POST.get("again", "")) != email:
        return _page(request, email=email, error=_("This is not the email above. Type it once more."))
    if not _found(email):
        return _page(request, email=email)
    done = ask(email, user=user, delete_in=_chosen(request))
    level = messages.INFO if done.state == ErasureState.WAITING else messages.SUCCESS
    messages.add_message(request, level, told(done))
    return redirect("admin:integrations_erasures")


@require_http_methods(["GET", "HEAD", "POST"])
def erasures(request: HttpRequest) -> HttpResponse:
    require(request, EDIT)
    if request.method == "POST":
        _order(request)
        return redirect("admin:integrations_erasures")
    rows = Erasure.objects.select_related("asked_by").prefetch_related("contacts__connection")
    entries = [
        {
            "erasure": row,
            "badge": badge_of(row),
            "email": still_named(row),
            "is_looking": is_looking(row),
            "numbers": numbers(row.found),
            "remains": remains_of(row),
        }
        for row in rows.order_by("-pk")[:SHOWN]
    ]
    context = _context(request, _("Erased people")) | {"entries": entries}
    return TemplateResponse(request, "integrations/erasures.html", context)


def _order(request: HttpRequest) -> None:
    """Says nothing where there is nothing (any more) to be done: a second click, say."""
    text = request.POST.get("erasure", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    row = Erasure.objects.filter(pk=min(number, LARGEST_ID), state=ErasureState.DELETING).first()
    if row is None:
        return
    if request.POST.get("do") == "again" and try_again(row):
        messages.info(request, _("It is tried again now. Look again in a moment."))
    if request.POST.get("do") == "by_hand" and (done := done_by_hand(row)):
        said = ngettext(
            "Noted: %(number)d contact deleted by hand.", "Noted: %(number)d contacts deleted by hand.", done
        )
        messages.success(request, said % {"number": done})


def _email_in(request: HttpRequest) -> str:
    """In its one spelling: as posted, or of the person that a link names; "" for none that could be one."""
    if request.method == "POST":
        email = normalized_email(request.POST.get("email", ""))
    else:
        text = request.GET.get("person", "")
        known = text.isascii() and text.isdigit() and len(text) < 19
        rows = Participant.objects.filter(pk=int(text)) if known else Participant.objects.none()
        email = rows.values_list("email_normalized", flat=True).first() or ""
    try:
        refuse_unstorable(email)
    except ValidationError:
        return ""
    return email if len(email) <= LONGEST_EMAIL else ""


def _found(email: str) -> bool:
    person = person_of(email)
    return bool(person.contacts or counted(person))


def _chosen(request: HttpRequest) -> list[int]:
    """The workspaces that were ticked."""
    person = person_of(_email_in(request))
    ticked = set(request.POST.getlist("delete_in"))
    return sorted(pk for pk in person.workspaces if str(pk) in ticked)


def _page(request: HttpRequest, *, email: str, error: str = "") -> HttpResponse:
    """The box, and below it what we hold of whom it names."""
    asked = request.method == "POST"
    context = _context(request, _("Erase a person")) | {
        "email": email,
        "asked": asked or bool(email),
        "error": error,
        "ticked": request.POST.getlist("delete_in"),
    }
    if email:
        person = person_of(email)
        workspaces = IntercomConnection.objects.in_bulk(person.workspaces | person.in_doubt)
        context |= {
            "numbers": numbers(counted(person)),
            "people": person.people,
            "contacts": contacts_of(person, workspaces),
        }
    return TemplateResponse(request, "integrations/erase.html", context)


def _context(request: HttpRequest, title: str) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title}
