"""The way back from a mistake: sets leads back to pending or rejects them, one or all of one version.

Nothing changes before a page has said how many it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.admin import tab_context
from campaigns.admin.participant import BADGES
from campaigns.models import Audience, Participant, ParticipantStatus
from integrations.models import SettingsRevision
from integrations.services.outcome_words import Badge, Look
from integrations.services.qualification_story import Teller, reasons_of
from integrations.services.qualify import undo
from integrations.services.settings_saving import TAB_NAMES
from integrations.views.access import EDIT, require
from integrations.views.page import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from campaigns.models import Campaign
    from integrations.models import SyncSettings
    from integrations.services.qualification_story import Line
    from integrations.views.page import Panel

WAYS: Mapping[ParticipantStatus, tuple[ParticipantStatus, ...]] = {
    ParticipantStatus.PENDING: (ParticipantStatus.REJECTED,),
    ParticipantStatus.QUALIFIED: (ParticipantStatus.PENDING, ParticipantStatus.REJECTED),
    ParticipantStatus.REJECTED: (ParticipantStatus.PENDING,),
}
"""What a lead may be made, by how it stands."""


@dataclass(frozen=True, slots=True)
class One:
    """The page about one lead. `was` is how it stood when the page was made."""

    person: Participant
    status: Badge
    reason: Line | None
    ways: tuple[ParticipantStatus, ...]
    url: str
    back: str


@dataclass(frozen=True, slots=True)
class All:
    """The page about all that qualified under one version of the settings."""

    revision: SettingsRevision
    number: int
    in_use: bool
    changed: bool
    """Whether more or fewer have come to be than the page had said."""
    url: str
    back: str
    panel_url: str


def one(request: HttpRequest, campaign: Campaign, lead: int) -> HttpResponseBase:
    user = require(request, EDIT)
    leads = Participant.objects.filter(campaign=campaign, audience=Audience.LEAD)
    person = get_object_or_404(leads.select_related("delivery"), pk=lead)
    if request.method == "POST":
        return _one_done(request, person, user=user)
    panel = load(request, campaign)
    title = _("Set back or reject %(name)s") % {"name": person.full_name or person.email}
    status = ParticipantStatus(person.status)
    context = tab_context(request, campaign, slug="intercom_way_back", title=title)
    context["one"] = One(
        person=person,
        status=Badge(person.get_status_display(), Look(BADGES[status])),
        reason=reasons_of([person.pk], teller=Teller(panel.connection)).get(person.pk),
        ways=WAYS[status],
        url=request.path,
        back=_page_of(person),
    )
    return TemplateResponse(request, "integrations/way_back.html", context)


def _one_done(request: HttpRequest, person: Participant, *, user: User) -> HttpResponse:
    to = _way(request)
    if to is None or request.POST.get("was") not in ParticipantStatus.values:
        messages.warning(request, _("Nothing was changed: choose one of the answers."))
        return HttpResponseRedirect(request.path)
    if person.status != request.POST["was"] or not undo.set_back(person, to=to, user=user):
        messages.info(
            request, _("Nothing was changed: the lead does not stand any more as the page had said.")
        )
        return HttpResponseRedirect(_page_of(person))
    was = ParticipantStatus(request.POST["was"])
    _record(person, user, text=f"{was.label} → {to.label}")
    messages.success(request, _done(was, to=to))
    return HttpResponseRedirect(_page_of(person))


def _done(was: ParticipantStatus, *, to: ParticipantStatus) -> str:
    if to is ParticipantStatus.REJECTED:
        return _("The lead is rejected.")
    if was is ParticipantStatus.REJECTED:
        return _("The lead is pending again, as if it had not been rejected.")
    return _("The lead is pending again. A new change in Intercom can qualify it.")


def everybody(request: HttpRequest, campaign: Campaign, revision: int) -> HttpResponseBase:
    """All that qualified under one version."""
    user = require(request, EDIT)
    panel = load(request, campaign)
    row = panel.rows.get(Audience.LEAD)
    version = get_object_or_404(
        SettingsRevision.objects.select_related("settings").filter(settings=row), number=revision
    )
    number = undo.qualified_under(version.settings, revision=revision).count()
    if request.method != "POST":
        return _ask(panel, version, number=number)
    to, said = _way(request), request.POST.get("number", "")
    if to is None:
        messages.warning(request, _("Nothing was changed: choose one of the answers."))
    elif number and said != str(number):
        return _ask(panel, version, number=number, changed=True)
    else:
        _all_done(request, version, to=to, user=user)
    return HttpResponseRedirect(_history(panel))


def _ask(panel: Panel, version: SettingsRevision, *, number: int, changed: bool = False) -> HttpResponseBase:
    title = _("Leads that qualified under version %(number)d") % {"number": version.number}
    context = tab_context(panel.request, panel.campaign, slug="intercom_way_back_all", title=title)
    context["all"] = All(
        revision=version,
        number=number,
        in_use=panel.settings(Audience.LEAD).revision == version.number,
        changed=changed,
        url=panel.request.path,
        back=_history(panel),
        panel_url=panel.url(Audience.LEAD),
    )
    return TemplateResponse(panel.request, "integrations/way_back_all.html", context)


def _all_done(request: HttpRequest, version: SettingsRevision, *, to: ParticipantStatus, user: User) -> None:
    number = undo.set_back_all(version.settings, revision=version.number, to=to, user=user)
    if not number:
        messages.info(request, _("Nobody is left who qualified under this version: nothing was changed."))
        return
    if to is ParticipantStatus.PENDING:
        text = ngettext("%(number)d lead is pending again.", "%(number)d leads are pending again.", number)
    else:
        text = ngettext("%(number)d lead is rejected.", "%(number)d leads are rejected.", number)
    _record(version.settings, user, text=f"{version}: {number} → {to.label}")
    messages.success(request, text % {"number": number})


def _way(request: HttpRequest) -> ParticipantStatus | None:
    ways = WAYS[ParticipantStatus.QUALIFIED]
    return next((way for way in ways if way.value == request.POST.get("to")), None)


def _history(panel: Panel) -> str:
    return panel.address("intercom_history", TAB_NAMES[Audience.LEAD])


def _page_of(person: Participant) -> str:
    delivery = getattr(person, "delivery", None)
    if delivery is None:
        return reverse("admin:campaigns_participant_change", args=[person.pk])
    return reverse("admin:integrations_delivery_change", args=[delivery.pk]) + "#qualification"


def _record(about: Participant | SyncSettings, user: User, *, text: str) -> None:
    LogEntry.objects.log_actions(user.pk, [about], CHANGE, change_message=text, single_object=True)
