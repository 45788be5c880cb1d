"""The test lead: asking for one, and watching it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django_htmx.http import reswap, retarget, trigger_client_event

from campaigns.admin import tab_context
from integrations.forms.draft import read_draft, saved_draft
from integrations.models import Trial
from integrations.services.trials import ask
from integrations.views.access import EDIT, LOOK, require
from integrations.views.checklist import checklist
from integrations.views.page import audience_of, load
from integrations.views.panel_page import render_draft
from integrations.views.trial_card import card, not_ready, obstacle

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Audience, Campaign
    from integrations.forms.draft import Draft
    from integrations.views.checklist import Checklist
    from integrations.views.page import Panel
    from integrations.views.trial_card import TrialCard

__all__ = ["card", "start", "watch"]

WHOLE = "integrations/panel/trial.html"
ENDED = "integrations/panel/trial_ended.html"
STATE = "integrations/panel/trial_state.html"


def start(request: HttpRequest, campaign: Campaign, tab: str) -> HttpResponseBase:
    """Takes the whole form: what is typed is tested, saved or not, and stays in the form."""
    user = require(request, EDIT)
    panel, audience = load(request, campaign), audience_of(tab)
    if request.method != "POST":
        return HttpResponseRedirect(f"{panel.url(audience)}#trial")
    draft = read_draft(panel, audience, request.POST)
    started = _start(panel, audience, draft, user=user)
    drawn = card(panel, audience, draft)
    if not _is_htmx(request):
        return render_draft(request, panel, audience, draft, trial=drawn)
    said = _("The test is on its way.") if started else drawn.why_not or " ".join(drawn.missing)
    response = trigger_client_event(_whole(request, drawn), "announce", {"value": said})
    return trigger_client_event(response, "focus", {"value": "#trial"})


def watch(request: HttpRequest, campaign: Campaign, tab: str, trial_id: int) -> HttpResponseBase:
    """htmx gets what has changed. Without it a form comes back as it was typed, or there is a page."""
    require(request, LOOK)
    audience = audience_of(tab)
    trials = Trial.objects.filter(settings__campaign=campaign, settings__audience=audience)
    chosen = get_object_or_404(trials.select_related("made_by", "connection"), pk=trial_id)
    # After the test itself, so that its end is known to all of the page.
    panel = load(request, campaign)
    draft = saved_draft(panel, audience)
    if request.method == "POST":
        require(request, EDIT)
        draft = read_draft(panel, audience, request.POST)
    drawn = card(panel, audience, draft, chosen=chosen)
    if _is_htmx(request):
        return _news(request, drawn, steps=checklist(panel, audience, draft))
    if request.method == "POST":
        return render_draft(request, panel, audience, draft)
    context = tab_context(request, campaign, slug="intercom_trial", title=_("Test lead"))
    context |= {"trial": drawn, "alone": True, "back": panel.url(audience)}
    return TemplateResponse(request, "integrations/trial.html", context)


def _news(request: HttpRequest, drawn: TrialCard, *, steps: Checklist | None) -> HttpResponseBase:
    """The line that changes; once a test that was watched has ended, the whole card and the first steps."""
    alone = "alone" in request.GET
    if drawn.result is None or drawn.result.going or "going" not in request.GET:
        return TemplateResponse(request, STATE, {"trial": drawn, "alone": alone})
    said = f"{drawn.result.sentence} {drawn.result.leftover}"
    whole = _whole(request, drawn, alone=alone, steps=None if alone else steps)
    response = trigger_client_event(whole, "announce", {"value": said})
    return reswap(retarget(response, "#trial"), "outerHTML")


def _start(panel: Panel, audience: Audience, draft: Draft, *, user: User) -> Trial | None:
    """The test that was asked for; None where there can be none, for what its card says."""
    row = panel.rows.get(audience)
    if row is None or obstacle(panel, audience) or not_ready(panel, audience, draft):
        return None
    return ask(row, settings=draft.settings, attributes=panel.attributes, user=user)


def _whole(
    request: HttpRequest, drawn: TrialCard, *, alone: bool = False, steps: Checklist | None = None
) -> TemplateResponse:
    context = {"trial": drawn, "alone": alone, "checklist": steps}
    return TemplateResponse(request, ENDED if steps else WHOLE, context)


def _is_htmx(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers
