"""Those who joined before, and those who waited too long: send them, or not."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from campaigns.admin import tab_context
from campaigns.models import Audience
from integrations.models import Pace, ReleaseKind
from integrations.services import releases
from integrations.views.access import REPAIR, require
from integrations.views.page import audience_of, load
from integrations.views.release_card import questions

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Campaign
    from integrations.models import SyncSettings
    from integrations.views.page import Panel
    from integrations.views.release_card import Questions

__all__ = ["answer", "questions"]

CARD = "integrations/panel/questions.html"


class Answer(StrEnum):
    SEND = "send"
    KEEP = "keep"
    STOP = "stop"


def answer(request: HttpRequest, campaign: Campaign, tab: str) -> HttpResponseBase:
    """Takes an answer; shows the card by itself, to htmx alone and to people as a page."""
    user = require(request, REPAIR)
    panel, audience = load(request, campaign), audience_of(tab)
    if request.method == "POST":
        return _answered(panel, audience, note=_take(panel, audience, user=user))
    if _is_htmx(request):
        return _watched(panel, audience)
    context = tab_context(request, campaign, slug="intercom_people", title=_("People who were not sent"))
    context |= {"questions": questions(panel, audience), "back": panel.url(audience)}
    return TemplateResponse(request, "integrations/release.html", context)


def _answered(panel: Panel, audience: Audience, *, note: str) -> HttpResponseBase:
    """htmx gets the card alone, so that nothing that is typed elsewhere on the page is lost."""
    if _is_htmx(panel.request):
        found = questions(load(panel.request, panel.campaign), audience, note=note)
        return trigger_client_event(_card(panel, found), "focus", {"value": "#people"})
    messages.success(panel.request, note)
    return HttpResponseRedirect(f"{panel.url(audience)}#people")


def _watched(panel: Panel, audience: Audience) -> TemplateResponse:
    """The card once more for who looks on; at the end, where to read on."""
    found = questions(panel, audience)
    if found is not None and not found.is_watched:
        found = replace(found, note=_through(audience))
    return _card(panel, found)


def _through(audience: Audience) -> str:
    if audience is Audience.LEAD:
        return _("Nobody is on the way any more. The page Leads says what became of each.")
    return _("Nobody is on the way any more. The page Referrers says what became of each.")


def _card(panel: Panel, found: Questions | None) -> TemplateResponse:
    """Says its note aloud."""
    response = TemplateResponse(panel.request, CARD, {"questions": found})
    if found is not None and found.note:
        trigger_client_event(response, "announce", {"value": found.note})
    return response


def _is_htmx(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _take(panel: Panel, audience: Audience, *, user: User) -> str:
    """Carries an answer out; says what happens now."""
    data = panel.request.POST
    row, kind = panel.rows.get(audience), data.get("kind", "")
    if row is None or kind not in ReleaseKind.values or data.get("answer", "") not in set(Answer):
        return _("Nothing was changed: choose one of the answers.")
    orders = {Answer.SEND: _send, Answer.KEEP: _keep, Answer.STOP: _stop}
    return orders[Answer(data["answer"])](panel, row, ReleaseKind(kind), user)


def _send(panel: Panel, row: SyncSettings, kind: ReleaseKind, user: User) -> str:
    release = releases.start(row, kind, pace=_pace(panel.request.POST.get("pace", "")), user=user)
    if release is None:
        return _("Nobody is left to send.")
    _record(row, user, text=f"{ReleaseKind(kind).label}: {release.total} to be sent")
    text = ngettext("%(number)d person goes to Intercom.", "%(number)d people go to Intercom.", release.total)
    return text % {"number": release.total}


def _keep(_panel: Panel, row: SyncSettings, kind: ReleaseKind, user: User) -> str:
    if kind is ReleaseKind.JOINED_BEFORE:
        releases.settle_question(row)
        _record(row, user, text=f"{kind.label}: not to be sent")
        return _("They are not sent. You can still send them from here later.")
    dropped = releases.drop_held(row)
    _record(row, user, text=f"{kind.label}: {dropped} not to be sent")
    text = ngettext(
        "%(number)d person is not sent. You can still send them one by one from the sync log.",
        "%(number)d people are not sent. You can still send them one by one from the sync log.",
        dropped,
    )
    return text % {"number": dropped}


def _stop(_panel: Panel, row: SyncSettings, kind: ReleaseKind, user: User) -> str:
    release = releases.running().filter(settings=row, kind=kind).first()
    if release is None or not releases.stop(release.pk, user=user):
        return _("It had ended already.")
    _record(row, user, text=f"{kind.label}: stopped")
    return _("Stopped. Who is on the way already goes on.")


def _pace(text: str) -> Pace:
    """The careful one, unless another was chosen."""
    return next((pace for pace in Pace if str(pace.value) == text), Pace.CAREFUL)


def _record(row: SyncSettings, user: User, *, text: str) -> None:
    LogEntry.objects.log_actions(user.pk, [row], CHANGE, change_message=text, single_object=True)
