"""What would be sent for a person, with the settings as they stand in the form. Sends and saves nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.conf import settings as django_settings
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django_htmx.http import trigger_client_event

from campaigns import fields
from integrations.forms.choices import labels_of
from integrations.forms.draft import read_draft, saved_draft
from integrations.logic.mapping import source_keys
from integrations.logic.types import Action, Policy
from integrations.services.comparison import Comparison, compare
from integrations.services.explain import explain
from integrations.services.field_names import Names
from integrations.services.preview import Preview
from integrations.services.preview import preview as preview_of
from integrations.services.sample import sample_values, targets_of
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.value_words import zone_of
from integrations.views import checklist, header
from integrations.views.access import LOOK, require
from integrations.views.page import audience_of, load
from integrations.views.panel_page import render_draft
from integrations.views.preview_person import Choice, Chooser, chooser, read_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Audience, Campaign
    from integrations.forms.draft import Draft
    from integrations.logic.types import SourceValue
    from integrations.views.page import Panel

COMPARE = "compare"


@dataclass(frozen=True, slots=True)
class Card:
    """All that the preview shows. `sheet` is None while nothing is sent, or nobody was found.

    `incomplete` and `wrong`: the draft lacks something, or cannot be saved as it is. `updates`: a contact
    that exists is updated.
    """

    url: str
    system: str
    chooser: Chooser
    switched_off: bool
    incomplete: bool
    wrong: bool
    connected: bool
    updates: bool
    held: str = ""
    """What keeps everybody from being sent at the moment, besides the settings themselves."""
    sheet: Preview | None = None
    comparison: Comparison | None = None
    compared_sample: bool = False


def preview(request: HttpRequest, campaign: Campaign, tab: str) -> HttpResponseBase:
    """Takes the whole form, so that nothing typed is lost; htmx gets what is below the choice of a person."""
    require(request, LOOK)
    audience, panel = audience_of(tab), load(request, campaign)
    if request.method != "POST":
        return HttpResponseRedirect(f"{panel.url(audience)}#preview")
    # A form that may only be looked at posts nothing of what it shows.
    draft = read_draft(panel, audience, request.POST) if panel.may_edit else saved_draft(panel, audience)
    comparing = request.POST.get("do") == COMPARE
    shown = card(panel, audience, draft, read_choice(request.POST), comparing=comparing)
    if comparing:
        # Asking may have shown that Intercom no longer lets us in.
        panel = load(request, campaign)
        shown = replace(shown, held=_held(panel, audience, draft))
    if "HX-Request" not in request.headers:
        return render_draft(request, panel, audience, draft, preview=shown)
    context = {
        "preview": shown,
        "campaign": campaign,
        "header": header.changed(panel, audience),
        "checklist": checklist.checklist(panel, audience, draft),
    }
    response = render(request, "integrations/panel/preview_answer.html", context)
    return trigger_client_event(response, "announce", {"value": _announced(shown)})


def card(
    panel: Panel, audience: Audience, draft: Draft, chosen: Choice | None = None, *, comparing: bool = False
) -> Card:
    """The preview of a draft, for the person that its form names unless `chosen` does.

    One query as a rule; what a real person takes comes on top. Asks Intercom only when `comparing`.
    """
    who = chooser(panel, audience, chosen or read_choice(draft.typed.fields))
    blank = Card(
        url=panel.address("intercom_preview", TAB_NAMES[audience]),
        system=django_settings.SOURCE_SYSTEM_NAME,
        chooser=who,
        switched_off=draft.settings.action is Action.NOTHING,
        incomplete=bool(draft.missing),
        wrong=bool(draft.found),
        connected=panel.connection is not None,
        updates=draft.settings.policy is Policy.UPDATE,
        held=_held(panel, audience, draft),
    )
    if blank.switched_off or who.problem:
        return blank
    names = _names(panel)
    values = _values(panel, audience, draft, who=who)
    shown = replace(blank, sheet=preview_of(draft.settings, values=values, names=names))
    return _compared(shown, panel, draft, names=names) if comparing else shown


def _held(panel: Panel, audience: Audience, draft: Draft) -> str:
    reason = panel.would_hold(audience, draft.settings)
    sentence = explain(reason)
    return f"{sentence.what} {sentence.next_step}".strip()


def _names(panel: Panel) -> Names:
    labels = labels_of(panel)
    zone = zone_of(panel.connection)
    return Names(panel.attributes, target=labels.target, source=labels.source, zone=zone)


def _values(panel: Panel, audience: Audience, draft: Draft, *, who: Chooser) -> Mapping[str, SourceValue]:
    if who.person is None:
        mapped_to = targets_of(draft.settings, attributes=panel.attributes)
        return sample_values(panel.campaign, audience, sources=panel.sources, mapped_to=mapped_to)
    return fields.values([who.person], keys=source_keys(draft.settings))[who.person.pk]


def _compared(shown: Card, panel: Panel, draft: Draft, *, names: Names) -> Card:
    if panel.connection is None or not shown.chooser.may_choose or not shown.sheet or not shown.sheet.body:
        return shown
    if shown.chooser.person is None:
        return replace(shown, compared_sample=True)
    found = compare(panel.connection, settings=draft.settings, mapped=shown.sheet.mapped, names=names)
    return replace(shown, comparison=found)


def _announced(shown: Card) -> str:
    """What a screen reader hears: that it is there, or why it is not."""
    if shown.comparison:
        return shown.comparison.trouble or gettext("Compared with Intercom.")
    return shown.chooser.problem or gettext("Preview updated.")
