"""What has become meanwhile of those whom an order left alone. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from integrations.logic.states import DELIVERED, IN_FLIGHT
from integrations.models import Delivery
from integrations.services.repair_rules import Command

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

TOWARDS = frozenset(
    {
        Command.SEND_AGAIN,
        Command.RETRY_NOW,
        Command.UPDATE_ANYWAY,
        Command.RESTORE_AND_UPDATE,
        Command.CANCEL,
    }
)
"""Orders for somebody who is not delivered: whoever is by now went before it came."""


@dataclass(slots=True)
class Meanwhile:
    """By primary key: who is in Intercom by now, who has just left for it, for whom something else holds
    since the page was shown."""

    there: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)

    @property
    def all(self) -> set[int]:
        return self.there | self.leaving | self.moved


def meanwhile_of(command: Command, left: Collection[int], *, seen_at: datetime | None) -> Meanwhile:
    """Of those left alone. `seen_at` is when somebody saw how they stood, if that is known. One query."""
    found = Meanwhile()
    names = ("pk", "state", "settled_at", "owed_since")
    rows = Delivery.objects.filter(pk__in=left).values_list(*names) if left else ()
    for pk, state, settled_at, owed_since in rows:
        since = seen_at is not None and max(owed_since, settled_at or owed_since) > seen_at
        if state in IN_FLIGHT:
            found.leaving.add(pk)
        elif state in DELIVERED and command in TOWARDS and (since or seen_at is None):
            found.there.add(pk)
        elif since:
            found.moved.add(pk)
    return found


def there_in_words(number: int) -> str:
    text = ngettext(
        "%(number)d person is in Intercom by now: it went before this order came.",
        "%(number)d people are in Intercom by now: they went before this order came.",
        number,
    )
    return text % {"number": number}


def leaving_in_words(number: int) -> str:
    text = ngettext(
        "%(number)d person has just left for Intercom; the answer is still to come.",
        "%(number)d people have just left for Intercom; the answers are still to come.",
        number,
    )
    return text % {"number": number}


def moved_in_words(number: int) -> str:
    text = ngettext(
        "%(number)d person has moved on since this page was opened, so nothing was changed. Look at how they "
        "stand now, and order it again if it is still right.",
        "%(number)d people have moved on since this page was opened, so nothing was changed. Look at how "
        "they stand now, and order it again if it is still right.",
        number,
    )
    return text % {"number": number}
