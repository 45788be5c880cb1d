"""Adding a lead or a referrer to a campaign by hand. Joining itself is the campaign's own service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from campaigns.adding import AddLeadForm, AddReferrerForm
from campaigns.admin import tab_context
from campaigns.models import Audience
from campaigns.services import join_lead, join_referrer
from integrations.services.settings_saving import TAB_NAMES
from integrations.views.access import ADD_PEOPLE, PEOPLE, may, require

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Campaign, Participant


def add_lead(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    return _add(request, campaign, audience=Audience.LEAD, title=_("Add a lead"))


def add_referrer(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    return _add(request, campaign, audience=Audience.REFERRER, title=_("Add a referrer"))


def _add(request: HttpRequest, campaign: Campaign, *, audience: Audience, title: str) -> HttpResponseBase:
    """The form; once it is taken, the list that the person is in now."""
    require(request, ADD_PEOPLE)
    data = request.POST if request.method == "POST" else None
    form = (AddLeadForm if audience is Audience.LEAD else AddReferrerForm)(data, campaign=campaign)
    person = _joined(form) if form.is_valid() else None
    if person and person.newly_joined:
        return _done(request, person)
    back = _list(campaign, audience) if may(request, PEOPLE) else ""
    context = tab_context(request, campaign, slug=f"{TAB_NAMES[audience]}_add", title=title)
    context |= {"form": form, "back_url": back, "known": person}
    if person and back:
        context["known_url"] = f"{back}?{urlencode({'q': person.email})}"
    return TemplateResponse(request, "integrations/people_adding.html", context)


def _joined(form: AddReferrerForm) -> Participant | None:
    """The person who is in now, since this moment or before; None if the service finds something wrong."""
    join = join_lead if isinstance(form, AddLeadForm) else join_referrer
    try:
        return join(campaign=form.campaign, **form.person)
    except ValidationError as err:
        form.take_errors(err)
        return None


def _done(request: HttpRequest, person: Participant) -> HttpResponseBase:
    user, rows = require(request, ADD_PEOPLE), type(person).objects.filter(pk=person.pk)
    LogEntry.objects.log_actions(user.pk, rows, ADDITION, change_message=[{"added": {}}], single_object=True)
    messages.success(request, render_to_string("integrations/people_added.html", {"person": person}))
    if not may(request, PEOPLE):
        return redirect(request.path)
    return redirect(_list(person.campaign, Audience(person.audience)))


def _list(campaign: Campaign, audience: Audience) -> str:
    return reverse(f"admin:campaigns_campaign_{TAB_NAMES[audience]}", args=[campaign.pk])
