"""What the orders of the sync log are called, and what became of one, in words. Orders nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from integrations.logic.states import DELIVERED, RESTING, Reason
from integrations.models import Delivery
from integrations.services.explain import explain
from integrations.services.repair_meanwhile import (
    leaving_in_words,
    meanwhile_of,
    moved_in_words,
    there_in_words,
)
from integrations.services.repair_rules import Command, holds, refused

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.functional import _StrPromise

LABELS: Mapping[Command, _StrPromise] = {
    Command.SEND_AGAIN: _("Send (again)"),
    Command.RETRY_NOW: _("Try now instead of later"),
    Command.UPDATE_ANYWAY: _("Update the existing contact after all"),
    Command.RESTORE_AND_UPDATE: _("Restore the archived contact and update it"),
    Command.SEND_PRESENT: _("Send the present values"),
    Command.COMPLETE: _("Send the missing fields"),
    Command.UNDO: _("Undo the update"),
    Command.CANCEL: _("Don't send"),
}

DEAD_ENDS: Mapping[Reason, _StrPromise] = {
    Reason.SWITCHED_OFF: _(
        "The campaign's settings say Nothing to action, so nobody can be sent. Choose an action in the "
        "settings and save; then send from the sync log."
    ),
    Reason.NOT_CONNECTED: _(
        "No Intercom workspace is connected to this campaign, so nobody can be sent. Connect one; then send "
        "from the sync log."
    ),
}

GO_BY_THEMSELVES = (Reason.NONE, *RESTING)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence or two about some of those for whom something was ordered."""

    text: str
    good: bool = False


def told(
    command: Command,
    *,
    asked: Collection[int],
    changed: Collection[int],
    seen_at: datetime | None = None,
) -> list[Said]:
    """What became of an order: for whom it was carried out, and whom it left alone, and why."""
    left = set(asked) - set(changed)
    meanwhile = meanwhile_of(command, left, seen_at=seen_at)
    left -= meanwhile.all
    nowhere = refused(command, left)
    said = [*_done(command, changed), *_refused(nowhere)]
    for people, in_words in (
        (meanwhile.there, there_in_words),
        (meanwhile.leaving, leaving_in_words),
        (meanwhile.moved, moved_in_words),
    ):
        if people:
            said.append(Said(in_words(len(people))))
    others = len(left) - sum(nowhere.values())
    return [*said, _left(others)] if others else said


def _done(command: Command, changed: Collection[int]) -> Iterator[Said]:
    if command is Command.UNDO:
        yield from _taken_back(len(changed))
        return
    if command is Command.CANCEL:
        yield from _not_sent(changed)
        return
    found = Counter(Reason.NONE if why in GO_BY_THEMSELVES else why for why in holds(changed).values())
    for reason, number in found.items():
        if reason is Reason.NONE:
            text = ngettext(
                "%(number)d person is on the way to Intercom.",
                "%(number)d people are on the way to Intercom.",
                number,
            )
            yield Said(text % {"number": number}, good=True)
        else:
            why = explain(reason)
            text = ngettext("%(number)d person waits now.", "%(number)d people wait now.", number)
            yield Said(f"{text % {'number': number}} {why.what} {why.next_step}")


def _taken_back(number: int) -> Iterator[Said]:
    if number:
        text = ngettext(
            "%(number)d update is being taken back: what was there before is put back in a moment.",
            "%(number)d updates are being taken back: what was there before is put back soon.",
            number,
        )
        yield Said(text % {"number": number}, good=True)


def _not_sent(changed: Collection[int]) -> Iterator[Said]:
    """Who was delivered before something more was ordered is still delivered."""
    still = Delivery.objects.filter(pk__in=changed, state__in=DELIVERED).count() if changed else 0
    number = len(changed) - still
    if number:
        text = ngettext("%(number)d person is not sent.", "%(number)d people are not sent.", number)
        yield Said(text % {"number": number}, good=True)
    if still:
        text = ngettext(
            "%(number)d contact stays as it was: nothing more is done about it.",
            "%(number)d contacts stay as they were: nothing more is done about them.",
            still,
        )
        yield Said(text % {"number": still}, good=True)


def _refused(nowhere: Mapping[Reason, int]) -> Iterator[Said]:
    for reason, number in nowhere.items():
        text = ngettext(
            "%(number)d person was left as they are.", "%(number)d people were left as they are.", number
        )
        yield Said(f"{text % {'number': number}} {DEAD_ENDS[reason]}")


def _left(number: int) -> Said:
    text = ngettext(
        "%(number)d was left as it is: this does not fit where it stands now.",
        "%(number)d were left as they are: this does not fit where they stand now.",
        number,
    )
    return Said(text % {"number": number})
