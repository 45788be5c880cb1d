"""Says in a word, and with a look, what became of a person, and how a tab stands. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from integrations.logic.states import Outcome, Reason, State, outcome_of
from integrations.services.explain import explain
from integrations.services.outcomes import Group
from integrations.services.status import waiting_reason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.models import Delivery
    from integrations.services.tabs import Tab


class Look(StrEnum):
    """The kind of a badge: the end of its CSS class."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class Badge:
    word: str | _StrPromise
    look: Look


@dataclass(frozen=True, slots=True)
class InWords:
    """What became of one person. `why` and `next_step` are whole sentences, or empty."""

    badge: Badge
    why: str = ""
    next_step: str = ""


STATES: Mapping[State, Badge] = {
    State.WAITING: Badge(pgettext_lazy("person", "Waiting"), Look.INFO),
    State.SENDING: Badge(gettext_lazy("Sending"), Look.INFO),
    State.UNCERTAIN: Badge(gettext_lazy("Being checked"), Look.INFO),
    State.HELD: Badge(gettext_lazy("Waiting for your answer"), Look.WARN),
    State.CREATED: Badge(gettext_lazy("Created"), Look.OK),
    State.UPDATED: Badge(gettext_lazy("Updated"), Look.OK),
    State.SKIPPED: Badge(gettext_lazy("Skipped"), Look.MUTED),
    State.NOT_SENT: Badge(gettext_lazy("Not sent"), Look.MUTED),
    State.NEEDS_ATTENTION: Badge(gettext_lazy("Needs attention"), Look.ERROR),
}
INCOMPLETE: Mapping[State, Badge] = {
    State.CREATED: Badge(gettext_lazy("Created, incomplete"), Look.WARN),
    State.UPDATED: Badge(gettext_lazy("Updated, incomplete"), Look.WARN),
}
TAKEN_BACK: Mapping[State, Badge] = {
    State.CREATED: Badge(gettext_lazy("Created, update taken back"), Look.MUTED),
    State.UPDATED: Badge(gettext_lazy("Updated, taken back"), Look.MUTED),
}
UNRECORDED = Badge(gettext_lazy("Not recorded yet"), Look.WARN)

GROUPS: Mapping[Group, Badge] = {
    Group.CREATED: STATES[State.CREATED],
    Group.UPDATED: STATES[State.UPDATED],
    Group.SKIPPED: STATES[State.SKIPPED],
    Group.NOT_SENT: STATES[State.NOT_SENT],
    Group.WAITING: STATES[State.WAITING],
    Group.NEEDS_ATTENTION: STATES[State.NEEDS_ATTENTION],
    Group.UNEXPLAINED: UNRECORDED,
    Group.INCOMPLETE: Badge(gettext_lazy("Incomplete"), Look.WARN),
}
"""What a group of people is called where they are counted or chosen."""

STANDINGS: Mapping[Reason, Badge] = {
    Reason.NONE: Badge(gettext_lazy("Sending automatically"), Look.OK),
    Reason.SWITCHED_OFF: Badge(gettext_lazy("Nothing to action"), Look.MUTED),
    Reason.NOT_CONNECTED: Badge(gettext_lazy("Not connected"), Look.MUTED),
    Reason.RECONNECT_NEEDED: Badge(gettext_lazy("Reconnect needed"), Look.ERROR),
    Reason.SETUP_REQUIRED: Badge(gettext_lazy("Setup Required"), Look.WARN),
    Reason.PAUSED_CAMPAIGN: Badge(gettext_lazy("Paused"), Look.INFO),
    Reason.PAUSED_WORKSPACE: Badge(gettext_lazy("Workspace paused"), Look.INFO),
    Reason.RATE_LIMITED: Badge(gettext_lazy("Slowed down by Intercom"), Look.INFO),
    Reason.NO_ANSWER: Badge(gettext_lazy("Intercom does not answer"), Look.WARN),
}
"""How a tab stands, by what holds its people back (`logic.waiting.held_by`)."""


def in_words(delivery: Delivery | None, *, tab: Tab | None) -> InWords:
    """What became of a person; `tab` is the one under which they joined, as it is now."""
    if delivery is None:
        return InWords(UNRECORDED, _("They joined a moment ago, or without leaving a trace here."))
    state, reason = State(delivery.state), Reason(delivery.reason)
    if outcome_of(state) is Outcome.WAITING:
        reason = waiting_reason(state, delivery.reason, tab=tab)
    if delivery.incomplete and state in INCOMPLETE:
        return InWords(INCOMPLETE[state], _("A field could not be written."))
    if reason is Reason.NEW:
        return InWords(STATES[state])
    if reason is Reason.UNDONE and state in TAKEN_BACK:
        return InWords(TAKEN_BACK[state], *_taken_back(delivery))
    sentence = explain(reason)
    return InWords(STATES[state], sentence.what, sentence.next_step)


def _taken_back(delivery: Delivery) -> tuple[str, str]:
    sentence = explain(Reason.UNDONE)
    if delivery.settled_at is None:
        return sentence.what, sentence.next_step
    day = date_format(timezone.localtime(delivery.settled_at), "DATETIME_FORMAT")
    return _("Updated, and taken back on %(day)s.") % {"day": day}, sentence.next_step
