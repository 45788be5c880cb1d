"""Draws a tab of the panel: the whole page, or the pieces of it that a change concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_htmx.http import trigger_client_event

from campaigns.admin import tab_context
from integrations.forms.sheet import Sheet
from integrations.views import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.http import HttpRequest, HttpResponse

    from campaigns.models import Audience
    from integrations.forms.draft import Draft
    from integrations.views.page import Panel

FRESH, OLD = timedelta(minutes=1), timedelta(days=1)
"""Up to when the list of Intercom's fields was read just now, and from when on it is called old."""


class Level(StrEnum):
    """How a notice looks."""

    INFO = "info"
    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message above the form. `overwrite` is the revision that a button would save over."""

    level: Level
    title: str
    text: str = ""
    lines: Sequence[str] = ()
    overwrite: int | None = None


@dataclass(frozen=True)
class Outcome:
    """A form as it shall be shown after a change.

    `row` is the one row to draw anew; `body`: all of the form is. `judged`: somebody tried to save, so
    what is wrong is summed up at the top.
    """

    draft: Draft
    row: int | None = None
    body: bool = False
    judged: bool = False
    notices: Sequence[Notice] = field(default_factory=tuple)
    creation: str = ""
    """Why an attribute was not created in Intercom."""
    created: str = ""
    """That it is there, and which row fills it."""
    chosen: bool = True
    """Whether a row was changed for it."""
    announce: str = ""
    focus: str = ""


def render_draft(
    request: HttpRequest, panel: Panel, audience: Audience, draft: Draft, **cards: Any
) -> TemplateResponse:
    """The whole page with a form that is not saved; `cards` are drawn in place of the usual ones."""
    return show_page(request, panel, audience, Outcome(draft), **cards)


def show_page(
    request: HttpRequest, panel: Panel, audience: Audience, outcome: Outcome, **cards: Any
) -> TemplateResponse:
    context = {
        **tab_context(request, panel.campaign, slug="intercom", title=str(_("Intercom"))),
        **_form_context(panel, audience, outcome),
        **_cards(panel, audience, draft=outcome.draft, drawn=cards),
        "slip": kept.slip(request) if panel.may_edit else "",
    }
    return TemplateResponse(request, "integrations/panel.html", context)


def show_pieces(request: HttpRequest, panel: Panel, audience: Audience, outcome: Outcome) -> HttpResponse:
    """What htmx puts into the page: the row or form that was asked for, and all that follows from it."""
    # These pages draw this one, and this one draws their cards.
    from integrations.views import checklist, header, trials

    above = header.changed(panel, audience)
    context = {
        **_form_context(panel, audience, outcome),
        "preview": _preview(panel, audience, draft=outcome.draft),
        "campaign": panel.campaign,
        "checklist": checklist.checklist(panel, audience, outcome.draft),
        "header": above,
        "trial": trials.card(panel, audience, outcome.draft),
    }
    response: HttpResponse = TemplateResponse(request, "integrations/panel/answer.html", context)
    if outcome.announce:
        trigger_client_event(response, "announce", {"value": outcome.announce})
    # How to connect again stands there, far above what was pressed.
    focus = "#connection" if above and outcome.notices else outcome.focus
    if focus:
        trigger_client_event(response, "focus", {"value": focus})
    return response


def _form_context(panel: Panel, audience: Audience, outcome: Outcome) -> dict[str, Any]:
    sheet = Sheet(panel, audience, outcome.draft, creation=outcome.creation)
    read_at = panel.connection.attributes_at if panel.connection else None
    age = timezone.now() - read_at if read_at else None
    return {
        "panel": panel,
        "sheet": sheet,
        "outcome": outcome,
        "drawn": None if outcome.row is None else sheet.rows[outcome.row],
        "read_at": read_at,
        "is_fresh": age is not None and age < FRESH,
        "is_old": age is not None and age > OLD,
    }


def _cards(panel: Panel, audience: Audience, *, draft: Draft, drawn: Mapping[str, Any]) -> dict[str, Any]:
    from integrations.views import checklist, header, releases, stuck, trials, webhook_health

    usual: dict[str, Callable[[Panel, Audience], Any]] = {
        "header": header.header,
        "checklist": partial(checklist.checklist, draft=draft),
        "questions": releases.questions,
        "trial": partial(trials.card, draft=draft),
        "foot": stuck.foot,
        "webhooks": webhook_health.card,
        "preview": partial(_preview, draft=draft),
        "rehearsal": partial(_rehearsal, draft=draft),
    }
    return {name: drawn.get(name) or card(panel, audience) for name, card in usual.items()}


def _preview(panel: Panel, audience: Audience, *, draft: Draft) -> Any:
    # These pages draw this one, and this one draws their cards.
    from integrations.views import preview

    return preview.card(panel, audience, draft)


def _rehearsal(panel: Panel, audience: Audience, *, draft: Draft) -> Any:
    from integrations.views import rehearse

    return rehearse.card(panel, audience, draft)
