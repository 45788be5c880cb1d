"""Several contacts that could be meant: what tells them apart, and a person's word for which one it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.logic.states import Reason, State
from integrations.logic.types import Role
from integrations.models import Attempt, Delivery
from integrations.services.comparing import compare
from integrations.services.contact_page import contact_url
from integrations.services.repair import choose_contact
from integrations.services.repair_rules import Command
from integrations.services.repair_words import told
from integrations.views.access import REPAIR, may, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponseBase

    from integrations.services.comparing import Compared, Seen

ROLES = {Role.USER.value: gettext_lazy("User"), Role.LEAD.value: gettext_lazy("Lead")}
SOON = 120
"""Seconds after our write within which a contact's creation is told by its distance."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the contacts. `seen` is None where Intercom was not asked, or shows it no more."""

    contact_id: str
    url: str
    seen: Seen | None
    role: str
    after_ours: str
    """How soon after our write it was created, where that says something."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """`compared`: Intercom was asked, and answered. `compare_url` asks it; "" for who may not choose."""

    rows: Sequence[Candidate]
    compared: bool
    trouble: str
    compare_url: str
    choose_url: str


def candidates_of(request: HttpRequest, delivery: Delivery, last: Attempt | None) -> Candidates | None:
    """None where there is nothing to choose. Asks Intercom only if the address says so (`compare=1`)."""
    if last is None or not _is_open(delivery) or not last.matches:
        return None
    able = may(request, REPAIR)
    compared = _compared(delivery, last) if able and request.GET.get("compare") == "1" else None
    page = reverse("admin:integrations_delivery_change", args=[delivery.pk])
    return Candidates(
        rows=[_candidate(delivery, last, one, compared=compared) for one in last.matches],
        compared=compared is not None and not compared.trouble,
        trouble=compared.trouble if compared else "",
        compare_url=f"{page}?compare=1#contacts" if able else "",
        choose_url=reverse("admin:integrations_delivery_choose", args=[delivery.pk]) if able else "",
    )


def choose(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Says that one of the contacts which the last try found is the one; recorded with who said so."""
    user = require(request, REPAIR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    delivery = get_object_or_404(Delivery, pk=pk)
    last = Attempt.objects.filter(delivery=delivery).order_by("-pk").first()
    contact_id = request.POST.get("contact", "")
    if last is None or contact_id not in last.matches:
        messages.warning(request, _("That contact is not one of those that were found. Nothing was changed."))
        return redirect("admin:integrations_delivery_change", pk)
    changed = [pk] if choose_contact(pk, contact_id=contact_id) else []
    if changed:
        said = _("This contact is the one: %(id)s") % {"id": contact_id}
        LogEntry.objects.log_actions(user.pk, Delivery.objects.filter(pk=pk), CHANGE, change_message=said)
    for line in told(Command.SEND_AGAIN, asked=[pk], changed=changed):
        messages.add_message(request, messages.SUCCESS if line.good else messages.WARNING, line.text)
    return redirect("admin:integrations_delivery_change", pk)


def _is_open(delivery: Delivery) -> bool:
    return delivery.state == State.NEEDS_ATTENTION and delivery.reason == Reason.SEVERAL_MATCHES


def _compared(delivery: Delivery, last: Attempt) -> Compared:
    email = delivery.email or delivery.participant.email_normalized
    return compare(last.connection, email=email, ids=last.matches)


def _candidate(delivery: Delivery, last: Attempt, contact_id: str, *, compared: Compared | None) -> Candidate:
    seen = compared.found.get(contact_id) if compared else None
    return Candidate(
        contact_id=contact_id,
        url=contact_url(last.connection, contact_id),
        seen=seen,
        role=str(ROLES.get(seen.role, seen.role)) if seen else "",
        after_ours=_after_ours(delivery, seen) if seen else "",
    )


def _after_ours(delivery: Delivery, seen: Seen) -> str:
    if delivery.intent_at is None or seen.created_at is None:
        return ""
    seconds = round((seen.created_at - delivery.intent_at).total_seconds())
    if not 0 <= seconds <= SOON:
        return ""
    text = ngettext("%(number)d second after we sent", "%(number)d seconds after we sent", seconds)
    return text % {"number": seconds}
