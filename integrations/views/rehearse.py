"""Tries the qualification rule, as it stands in the form, on a lead and a value: yes or no, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django_htmx.http import trigger_client_event

from campaigns.models import Audience
from integrations.forms.draft import read_draft, saved_draft
from integrations.forms.values import typed_value
from integrations.logic.qualification import Verdict
from integrations.services.outcome_words import Badge, Look
from integrations.services.qualification_words import value_as_read
from integrations.services.qualify import rehearse as rehearsing
from integrations.services.qualify.words import verdict_in_words
from integrations.services.value_words import zone_of
from integrations.views.access import LOOK, require
from integrations.views.page import load
from integrations.views.panel_page import render_draft
from integrations.views.preview_person import chooser, read_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Campaign
    from integrations.forms.draft import Draft
    from integrations.services.qualify.rehearse import Rehearsal
    from integrations.views.page import Panel
    from integrations.views.preview_person import Chooser

FIELDS = "rehearse"
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Card:
    """All that the card shows. `chooser` is None on a fresh page: then it is the preview's, asked once.

    `answer` and `badge` are None until somebody has asked.
    """

    url: str
    value: str
    chooser: Chooser | None = None
    badge: Badge | None = None
    answer: str = ""


def rehearse(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    """Takes the whole form, so that nothing typed is lost; htmx gets the card alone. Changes nothing."""
    require(request, LOOK)
    panel = load(request, campaign)
    if request.method != "POST":
        return HttpResponseRedirect(f"{panel.url(Audience.LEAD)}#rehearse")
    # A form that may only be looked at posts nothing of what it shows.
    draft = (
        read_draft(panel, Audience.LEAD, request.POST)
        if panel.may_edit
        else saved_draft(panel, Audience.LEAD)
    )
    shown = _asked(panel, draft, request.POST)
    if "HX-Request" not in request.headers:
        return render_draft(request, panel, Audience.LEAD, draft, rehearsal=shown)
    response = render(request, "integrations/panel/rehearse.html", {"rehearsal": shown})
    return trigger_client_event(response, "announce", {"value": _announced(shown)})


def card(panel: Panel, audience: Audience, draft: Draft) -> Card | None:
    """Not asked yet, with what was typed there before. For leads alone."""
    if audience is not Audience.LEAD:
        return None
    typed = draft.typed.fields
    blank = _blank(panel, typed)
    if f"{FIELDS}_for" not in typed:
        return blank
    return replace(blank, chooser=chooser(panel, audience, read_choice(typed, name=FIELDS)))


def _blank(panel: Panel, typed: Mapping[str, str]) -> Card:
    value = str(typed.get(f"{FIELDS}_value") or "")[:LONGEST]
    return Card(url=panel.address("intercom_rehearse"), value=value)


def _asked(panel: Panel, draft: Draft, data: Mapping[str, str]) -> Card:
    blank = _blank(panel, data)
    who = chooser(panel, Audience.LEAD, read_choice(data, name=FIELDS))
    shown = replace(blank, chooser=who)
    if who.problem:
        return shown
    attribute = panel.attributes.get(draft.settings.rule_attribute)
    found = rehearsing.rehearse(
        draft.settings,
        attributes=panel.attributes,
        value=typed_value(blank.value, attribute=attribute),
        participant=who.person,
    )
    return replace(shown, badge=_badge(found), answer=_sentence(panel, draft, found))


def _badge(found: Rehearsal) -> Badge:
    if found.qualifies:
        return Badge(gettext("Qualifies"), Look.OK)
    if found.verdict is Verdict.NO_FIRST_LOOK:
        return Badge(gettext("Not known yet"), Look.INFO)
    return Badge(gettext("Does not qualify"), Look.WARN if found.verdict is Verdict.ALMOST else Look.MUTED)


def _sentence(panel: Panel, draft: Draft, found: Rehearsal) -> str:
    attribute = panel.attributes.get(draft.settings.rule_attribute)
    if found.verdict is Verdict.NO_FIRST_LOOK:
        return gettext(
            "We do not know yet what this attribute is for this lead now. Once the rule is saved we look, "
            "and changes from there on count."
        )
    if found.verdict is None or attribute is None or attribute.data_type == "string":
        return found.sentence
    zone = zone_of(panel.connection)
    value = value_as_read(found.value, attribute=attribute, zone=zone)
    before = value_as_read(found.before, attribute=attribute, zone=zone)
    return verdict_in_words(found.verdict, value=value, before=before)


def _announced(shown: Card) -> str:
    if shown.chooser and shown.chooser.problem:
        return shown.chooser.problem
    return f"{shown.badge.word}. {shown.answer}" if shown.badge else ""
