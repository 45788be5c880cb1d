"""One try of somebody of the sync log, told step by step in plain words. Asks no database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.logic.duplicates import Step
from integrations.logic.states import Reason, State
from integrations.models import Action
from integrations.services.consequence_words import cannot_qualify
from integrations.services.explain import explain
from integrations.services.outcome_words import STATES, Badge, Look
from integrations.services.try_fields import ROLE, Sent, arrived, remarks, sent_fields

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.functional import _StrPromise

    from integrations.models import Attempt
    from integrations.services.field_names import Names

OK, CONFLICT = 200, 409
NOT_THERE = (404, 410)
ACTIONS: Mapping[str, Action] = {"lead": Action.CREATE_LEAD, "user": Action.CREATE_USER}
ONE_CONTACT = re.compile(r"/contacts/[^/]+")

LOOKED: Mapping[str, _StrPromise] = {
    "search": gettext_lazy("We looked in Intercom for contacts with this email."),
    "conflict": gettext_lazy("Intercom refused a new contact, because there is one already."),
    "read": gettext_lazy("We looked at the contact itself."),
    "gone": gettext_lazy("The contact that we knew was not found: it is archived, deleted or merged."),
    "restore": gettext_lazy("We asked Intercom to take the contact out of its archive."),
}
RULES: Mapping[str, _StrPromise] = {
    Step.UPDATE: gettext_lazy("So this contact was to be updated."),
    Step.SKIP: gettext_lazy("Your settings say: if the contact already exists, do nothing."),
    Step.ADOPT: gettext_lazy("It is the contact that we created ourselves."),
    Step.CHOOSE: gettext_lazy("We cannot tell which of them is meant."),
    Step.UNDO: gettext_lazy("Somebody asked for what we had written over to be put back."),
}
ENDINGS: Mapping[Reason, _StrPromise] = {Reason.POLICY: gettext_lazy("So nothing was sent.")}
"""Where the steps have said all but the end."""

BADGES: Mapping[Reason, Badge] = {
    Reason.RETRY: Badge(gettext_lazy("Did not work"), Look.WARN),
    Reason.UNDONE: Badge(gettext_lazy("Taken back"), Look.OK),
    Reason.NOTHING_TO_UNDO: Badge(gettext_lazy("Nothing to take back"), Look.MUTED),
    Reason.UNDO_NO_CONTACT: Badge(gettext_lazy("Not taken back"), Look.WARN),
    Reason.UNDO_FAILED: Badge(gettext_lazy("Not taken back"), Look.WARN),
}
"""Where the state alone would not say what came of a try."""


@dataclass(frozen=True, slots=True)
class Told:
    """A try: what was done until something was sent, what was sent, what did not go, how it ended."""

    badge: Badge
    steps: tuple[str, ...]
    sent: tuple[Sent, ...]
    remarks: tuple[str, ...]
    ending: str
    said: str
    arrived: bool = False
    """Intercom's answer shows the contact with what was sent."""
    follows: str = ""
    """What it means for the referral."""

    @property
    def compares(self) -> bool:
        return any(field.before is not None for field in self.sent)

    @property
    def as_sent(self) -> bool:
        return self.arrived and all(field.shows is None for field in self.sent)


def tell(attempt: Attempt, *, names: Names, is_lead: bool = False) -> Told:
    """`names` are of the workspace that was asked; `is_lead`: the person's referral could qualify."""
    state, reason = State(attempt.state), Reason(attempt.reason)
    return Told(
        badge=BADGES.get(reason, STATES[state]),
        steps=tuple(_steps(attempt) if attempt.pruned_at is None else _pruned(attempt, at=attempt.pruned_at)),
        sent=tuple(sent_fields(attempt, names=names)),
        remarks=tuple(remarks(attempt, names=names)),
        ending=str(ENDINGS.get(reason, "")) or explain(reason).what,
        said=attempt.message,
        arrived=arrived(attempt),
        follows=cannot_qualify() if is_lead and state is State.SKIPPED else "",
    )


def _pruned(attempt: Attempt, *, at: datetime) -> Iterator[str]:
    """What is left of an old try tells what was decided, and not how we came to it."""
    kept = at - attempt.started_at
    text = ngettext(
        "Details of this try were removed after %(days)d day.",
        "Details of this try were removed after %(days)d days.",
        kept.days,
    )
    yield text % {"days": kept.days}
    if attempt.decision in RULES:
        yield str(RULES[attempt.decision])


def _steps(attempt: Attempt) -> Iterator[str]:
    kinds = [_kind(call) for call in attempt.calls]
    yield from (str(LOOKED[kind]) for kind in dict.fromkeys(kinds) if kind in LOOKED)
    if attempt.decision == Step.SKIP and not kinds:
        yield _("We knew the contact from a short while ago, so Intercom was not asked again.")
    elif not any(map(_answered, attempt.calls)):
        # Nothing was learned, so nothing was decided either, whatever is stored.
        return
    else:
        yield _found(len(attempt.matches), searched="search" in kinds)
    if attempt.decision in {Step.UPDATE, Step.SKIP} and len(attempt.matches) > 1:
        yield _(
            "We took one by a fixed rule: the one with our External ID, else a user before a lead, else the "
            "one changed last."
        )
    if attempt.decision == Step.CREATE:
        yield _create(attempt.sent)
    elif attempt.decision in RULES:
        yield str(RULES[attempt.decision])


def _kind(call: Mapping[str, Any]) -> str:
    """What a call was for; "" for a write, which shows by what was sent."""
    method, path = call.get("method", ""), str(call.get("path", ""))
    if path.endswith("/contacts/search"):
        return "search"
    if path.endswith("/unarchive"):
        return "restore"
    if path.endswith("/contacts"):
        return "conflict" if call.get("status") == CONFLICT else ""
    if method != "GET" or not ONE_CONTACT.search(path):
        return ""
    return "gone" if call.get("status") in NOT_THERE else "read"


def _answered(call: Mapping[str, Any]) -> bool:
    """Whether a look was answered with contacts, or with none."""
    return _kind(call) in {"search", "read"} and call.get("status") == OK


def _found(number: int, *, searched: bool) -> str:
    if number == 1 and not searched:
        return _("It is there.")
    if not number:
        return _("Nobody with this email was found.")
    text = ngettext(
        "%(number)d contact with this email was found.",
        "%(number)d contacts with this email were found.",
        number,
    )
    return text % {"number": number}


def _create(sent: Mapping[str, Any]) -> str:
    action = ACTIONS.get(str(sent.get(ROLE, "")))
    if action is None:
        return _("So a new contact was to be created.")
    return _("Your settings say: %(action)s.") % {"action": action.label}
