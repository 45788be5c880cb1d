"""The first five minutes: what is done, what comes next, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.logic.states import Reason
from integrations.services.checklist import Happened, Step, progress
from integrations.services.connecting import oauth_is_set_up
from integrations.services.explain import explain
from integrations.views.access import ADD_PEOPLE, EDIT, PEOPLE, may

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from integrations.forms.draft import Draft
    from integrations.services.checklist import Progress
    from integrations.views.page import Panel


class Look(StrEnum):
    """Where a step stands among the others."""

    DONE = "done"
    NEXT = "next"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Line:
    """One step. `hint` is said of the next one alone, and `url` is empty where there is nothing to open."""

    title: str
    look: Look
    hint: str = ""
    url: str = ""
    link: str = ""
    saves: bool = False
    """Whether it is taken by a button of the form."""


@dataclass(frozen=True, slots=True)
class Checklist:
    lines: tuple[Line, ...]
    finished: str
    """What to say in one line when all is done; else empty."""
    sends: bool
    """Whether people reach Intercom at the moment."""


Texts = dict[Audience, "_StrPromise"]

TITLES: Mapping[Step, Texts] = {
    Step.CONNECT: dict.fromkeys(Audience, _("Connect Intercom")),
    Step.ACTION: {
        Audience.LEAD: _("Choose what happens when a lead joins"),
        Audience.REFERRER: _("Choose what happens when a referrer joins"),
    },
    Step.EMAIL: dict.fromkeys(Audience, _("Map Email and complete your fields")),
    Step.TEST: {
        Audience.LEAD: _("Send a test lead"),
        Audience.REFERRER: _("Send a test referrer"),
    },
    Step.SAVE: dict.fromkeys(Audience, _("Save")),
    Step.LIVE: {
        Audience.LEAD: _("The first real lead reaches Intercom"),
        Audience.REFERRER: _("The first real referrer reaches Intercom"),
    },
}

HINTS: Mapping[Step, Texts] = {
    Step.CONNECT: dict.fromkeys(
        Audience, _("You sign in to Intercom and allow access; it takes about a minute.")
    ),
    Step.ACTION: {
        Audience.LEAD: _("While it says Nothing to action, no contact is created. Most choose a new lead."),
        Audience.REFERRER: _("While it says Nothing to action, no contact is created for a referrer."),
    },
    Step.EMAIL: dict.fromkeys(
        Audience,
        _("Choose Email in the row that writes to Email; the yellow Setup Required says what is missing."),
    ),
    Step.TEST: dict.fromkeys(
        Audience, _("It tries every mapped field in your workspace and removes the test contact again.")
    ),
    Step.SAVE: dict.fromkeys(
        Audience, _("What you chose is not saved yet. It counts for everybody who joins from then on.")
    ),
    Step.LIVE: {
        Audience.LEAD: _("Share a referrer's link, or wait for the next lead: it goes by itself."),
        Audience.REFERRER: _("Add a referrer, or wait for the next one: it goes by itself."),
    },
}

BY_TOKEN = _("You copy an access token in Intercom and paste it here: three steps, shown one by one.")
"""Where Intercom's permission page is not set up, nobody signs in."""

LINKS: Mapping[Step, _StrPromise] = {
    Step.CONNECT: _("Connect"),
    Step.ACTION: _("Choose an action"),
    Step.EMAIL: _("Go to your fields"),
    Step.TEST: _("Go to the test"),
    Step.SAVE: _("Save"),
    Step.LIVE: _("See the referrers and their links"),
}

ADD_A_REFERRER = _("Add a referrer")
NO_REFERRER = _("Leads join through a referrer’s link, and this campaign has no referrer yet.")


def checklist(panel: Panel, audience: Audience, draft: Draft) -> Checklist | None:
    """What stands in the form counts. None once real people have been arriving for a week. No query."""
    happened = panel.happened.get(audience, Happened())
    if happened.settled_in:
        return None
    saved, typed = panel.settings(audience), draft.settings
    found = progress(happened, saved=saved, typed=typed, connection=panel.connection)
    lines = tuple(_line(panel, audience, step=step, found=found) for step in found.done)
    held_by = panel.held_by(audience)
    return Checklist(lines, "" if found.next else _finished(audience, held_by=held_by), sends=not held_by)


def _line(panel: Panel, audience: Audience, *, step: Step, found: Progress) -> Line:
    title = str(TITLES[step][audience])
    if step is not found.next:
        return Line(title, Look.DONE if found.done[step] else Look.LATER)
    hint = _hint(panel, audience, step=step, found=found)
    if step is Step.LIVE and _is_to_add(panel, audience, found=found):
        return Line(title, Look.NEXT, hint, panel.address("referrers_add"), str(ADD_A_REFERRER))
    saves = step is Step.SAVE and panel.may_edit
    url = "" if step is Step.SAVE else _url(panel, audience, step=step)
    return Line(title, Look.NEXT, hint, url, str(LINKS[step]), saves=saves)


def _is_to_add(panel: Panel, audience: Audience, *, found: Progress) -> bool:
    """Whether the step is taken by adding a referrer: a lead needs the link of one."""
    is_wanted = audience is Audience.REFERRER or not found.happened.has_referrers
    return is_wanted and panel.campaign.is_open and may(panel.request, ADD_PEOPLE)


def _hint(panel: Panel, audience: Audience, *, step: Step, found: Progress) -> str:
    """What keeps a tab from sending is said before anything else can be waited for."""
    held_by = panel.held_by(audience)
    if step is Step.LIVE and held_by:
        return _what_holds(held_by)
    if step is Step.CONNECT and panel.connection is not None:
        return _what_holds(Reason.RECONNECT_NEEDED)
    if step is Step.CONNECT and not oauth_is_set_up():
        return str(BY_TOKEN)
    if step is Step.LIVE and audience is Audience.LEAD and not found.happened.has_referrers:
        return str(NO_REFERRER)
    return str(HINTS[step][audience])


def _what_holds(reason: Reason) -> str:
    sentence = explain(reason)
    return f"{sentence.what} {sentence.next_step}"


def _url(panel: Panel, audience: Audience, *, step: Step) -> str:
    """Where the step is taken; "" for those who may not take it."""
    if step is Step.LIVE:
        return panel.address("referrers") if may(panel.request, PEOPLE) else ""
    if not may(panel.request, EDIT):
        return ""
    places = {Step.ACTION: "#id_action", Step.EMAIL: "#fields", Step.TEST: "#trial"}
    here = panel.url(audience)
    return panel.address("intercom_connect") if step is Step.CONNECT else f"{here}{places[step]}"


def _finished(audience: Audience, *, held_by: Reason) -> str:
    if held_by:
        return f"{gettext('Everything is set up.')} {_what_holds(held_by)}"
    if audience is Audience.LEAD:
        return gettext("Everything is set up, and leads reach Intercom.")
    return gettext("Everything is set up, and referrers reach Intercom.")
