"""All that happened to one person of the sync log, oldest first, whoever did it. Reads only.

Words for the tries are handed in, since what fields are called is the page's to know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from campaigns.models import Audience, Participant
from integrations.models import Attempt, Delivery
from integrations.services.answer_words import Answer, answer_in_words
from integrations.services.contact_page import contact_url
from integrations.services.qualification_story import story_of

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.qualification_story import Line, Teller
    from integrations.services.try_words import Told

MOST = 100
"""Of each kind, the latest that a story tells of."""

EDITED = '[{"changed"'
"""How Django's own record of an edit begins; what else is recorded of a person is told from elsewhere."""


@dataclass(frozen=True, slots=True)
class Match:
    """A contact that could be meant; `taken`: the one that was written to, or left alone."""

    contact_id: str
    url: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Try:
    """One try of ours, counted from 1. `matches` are all contacts where there was more than one."""

    number: int
    attempt: Attempt
    told: Told
    answer: Answer
    matches: Sequence[Match]


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did: gave an order, or (`edited`) changed the participant. `what` is in words."""

    by: str
    what: str
    edited: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a try, a person's deed, something seen in Intercom; else somebody joined."""

    at: datetime
    tried: Try | None = None
    deed: Deed | None = None
    seen: Line | None = None


@dataclass(frozen=True, slots=True)
class Tries:
    """The latest tries of one entry, oldest first. `left_out`: how many came before them."""

    rows: Sequence[Attempt]
    left_out: int

    @property
    def last(self) -> Attempt | None:
        return self.rows[-1] if self.rows else None


def tries_of(delivery: Delivery) -> Tries:
    """One query, and one more for very many."""
    found = Attempt.objects.filter(delivery=delivery).select_related("connection").order_by("-pk")
    rows = list(found[:MOST])[::-1]
    left_out = delivery.tries.count() - MOST if len(rows) == MOST else 0
    return Tries(rows, left_out)


def events_of(
    delivery: Delivery, tries: Tries, *, tell: Callable[[Attempt], Told], teller: Teller
) -> list[Event]:
    """Everything in the order in which it came to be known here."""
    events = [Event(delivery.participant.joined_at)]
    events += [
        Event(attempt.started_at, tried=_try(number, attempt, told=tell(attempt)))
        for number, attempt in enumerate(tries.rows, start=tries.left_out + 1)
    ]
    events += _deeds(delivery)
    if delivery.participant.audience == Audience.LEAD:
        lines = story_of(delivery.participant, teller=teller)
        events += [Event(line.sighting.made_at, seen=line) for line in lines]
    return sorted(events, key=lambda event: event.at)


def _try(number: int, attempt: Attempt, *, told: Told) -> Try:
    several = attempt.matches if len(attempt.matches) > 1 else ()
    matches = [
        Match(one, contact_url(attempt.connection, one), taken=one == attempt.contact_id) for one in several
    ]
    return Try(number, attempt, told, answer_in_words(attempt), matches)


def _deeds(delivery: Delivery) -> list[Event]:
    """What people ordered for this entry, and how they edited the participant. One query."""
    person = ContentType.objects.get_for_model(Participant)
    ordered = Q(
        content_type=ContentType.objects.get_for_model(Delivery),
        object_id=str(delivery.pk),
    )
    edited = Q(content_type=person, object_id=str(delivery.participant_id), change_message__startswith=EDITED)
    rows = LogEntry.objects.filter(ordered | edited).select_related("user").order_by("-pk")[:MOST]
    return [
        Event(
            row.action_time,
            deed=Deed(
                by=row.user.get_full_name() or row.user.get_username(),
                what=row.get_change_message(),
                edited=row.content_type_id == person.pk,
            ),
        )
        for row in rows
    ]
