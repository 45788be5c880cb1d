"""Which watched contacts a look asks Intercom for, and what its answers mean. Makes no call itself.

A search may show what is minutes old; reading one contact shows it as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns.models import ParticipantStatus
from integrations.logic.qualification import looked
from integrations.models import (
    ConnectionStatus,
    IntercomConnection,
    QualificationRule,
    Via,
    Watch,
    WatchState,
)
from integrations.services.qualify.desk import Desk, lock
from integrations.services.qualify.hearing import hear, stepped_over
from integrations.services.qualify.links import moved
from integrations.services.qualify.rules import IN_FORCE
from integrations.services.qualify.stored import OPEN, WAITS_FOR_LOOK, waits_for_look
from integrations.services.qualify.story import Happened

if TYPE_CHECKING:
    from integrations.logic.qualification import Moment
    from integrations.logic.types import Contact

EVERY = timedelta(minutes=3)
"""How often each contact is looked at: webhooks are quicker, and this makes up for those that got lost."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What Intercom showed, by the id that was asked for; `as_of`: what it shows was true then or later."""

    contacts: Mapping[str, Contact]
    as_of: datetime
    surely: bool = False
    """Read one by one: what it does not show is not there."""


def search_lag() -> timedelta:
    return timedelta(seconds=settings.INTERCOM_SEARCH_LAG)


def due_for_search(connection_id: int, *, now: datetime) -> QuerySet[Watch]:
    """Whom a search can tell of: not those whose first look is wanted since less than its lag."""
    shown = ~WAITS_FOR_LOOK | Q(wanted_at__lte=now - search_lag())
    return _due(connection_id, now=now).filter(shown, state=WatchState.WATCHING)


def due_for_reading(connection_id: int, *, now: datetime) -> QuerySet[Watch]:
    """Whose first look cannot wait for a search, and whose contact is said to be gone."""
    fresh = Q(wanted_at__gt=now - search_lag(), wanted_at__lte=now, state=WatchState.WATCHING)
    return _due(connection_id, now=now).filter((fresh & WAITS_FOR_LOOK) | Q(state=WatchState.GONE))


def _due(connection_id: int, *, now: datetime) -> QuerySet[Watch]:
    watching = Q(checked_at__lte=long_ago(now), state=WatchState.WATCHING)
    return unsettled(connection_id).filter(Q(checked_at=None) | watching)


def unsettled(connection_id: int) -> QuerySet[Watch]:
    """The leads that may still qualify: wanted at once first, then those looked at longest ago."""
    rows = Watch.objects.filter(
        connection=connection_id,
        state__in=OPEN,
        settings__connection=connection_id,
        participant__status=ParticipantStatus.PENDING,
    )
    return rows.order_by(F("checked_at").asc(nulls_first=True), "pk")


def long_ago(now: datetime) -> datetime:
    return now - max(EVERY, search_lag())


def claim(rows: QuerySet[Watch], *, limit: int, now: datetime) -> list[str]:
    """The ids of the next contacts, marked as looked at, so that no other look asks for them as well.

    All watches of a contact are taken together: it is asked for once.
    """
    return sorted({row.contact_id for row in claim_rows(rows, by="contact_id", limit=limit, now=now)})


def claim_rows(rows: QuerySet[Watch], *, by: str, limit: int, now: datetime) -> list[Watch]:
    """The next rows, marked as looked at, together with all that have the same in the field `by`."""
    while wanted := list(rows.values_list(by, flat=True)[:limit]):
        with transaction.atomic():
            same = rows.filter(**{f"{by}__in": wanted}).select_related("participant").order_by("pk")
            taken = list(same.select_for_update(of=("self",)))
            Watch.objects.filter(pk__in=[row.pk for row in taken]).update(checked_at=now)
        if taken:
            return taken
    return []


def give_back(connection_id: int, contacts: Collection[str]) -> None:
    """They were not asked for after all: the next look begins with them."""
    watched = Watch.objects.filter(connection=connection_id, contact_id__in=contacts, state__in=OPEN)
    watched.update(checked_at=None)


def take(connection_id: int, answered: Answered) -> int:
    """Uses what Intercom showed; returns how many watches it was about."""
    with transaction.atomic():
        rows = _lock_contacts(connection_id, answered.contacts)
        desk = Desk(rows)
        for row in rows:
            _take_one(row, answered.contacts[row.contact_id], answered=answered, desk=desk)
        desk.save()
    return len(rows)


def _take_one(row: Watch, contact: Contact, *, answered: Answered, desk: Desk) -> None:
    if waits_for_look(row) and row.wanted_at is not None and answered.as_of < row.wanted_at:
        # It shows what was before the rule, perhaps: nothing to begin with.
        return
    at = looked(contact, now=int(answered.as_of.timestamp()))
    if contact.id != row.contact_id and _merged(row, contact, at=at, desk=desk):
        return
    if row.state == WatchState.GONE and answered.surely:
        desk.stand(row, WatchState.WATCHING)
        desk.note(row, Happened.RETURNED, via=Via.LOOK)
    row.checked_at = timezone.now()
    hear(row, contact, desk=desk, at=at, via=Via.LOOK, looking=True)


def _merged(row: Watch, contact: Contact, *, at: Moment, desk: Desk) -> bool:
    """Follows a contact to the one that it was merged into; True where that has qualified the lead."""
    moved(row.connection_id, gone=row.contact_id, to=contact)
    if stepped_over(row, contact, desk=desk, at=at, via=Via.LOOK):
        return True
    desk.move(row, contact.id)
    desk.begin_anew(row)
    desk.note(row, Happened.MERGED, via=Via.LOOK)
    return False


def take_gone(connection_id: int, contacts: Iterable[str]) -> None:
    """Intercom says that they are not there: archived or deleted, without our having heard of it.

    They are looked for by email as soon as a round has room.
    """
    due_again = long_ago(timezone.now())
    with transaction.atomic():
        rows = _lock_contacts(connection_id, list(contacts))
        desk = Desk(rows)
        for row in rows:
            if row.state == WatchState.WATCHING:
                desk.stand(row, WatchState.GONE)
                desk.note(row, Happened.NOT_FOUND, via=Via.LOOK)
            row.checked_at = due_again
            desk.change(row)
        desk.save()


def _lock_contacts(connection_id: int, contacts: Collection[str]) -> list[Watch]:
    watched = Watch.objects.filter(connection=connection_id, contact_id__in=contacts, state__in=OPEN)
    rows = lock(list(watched.values_list("pk", flat=True)))
    return [row for row in rows if row.contact_id in contacts]


def due_looks(now: datetime) -> list[int]:
    """The workspaces that may be asked and in which a rule is in force: each gets a look a minute."""
    rows = IntercomConnection.objects.filter(
        Exists(QualificationRule.objects.filter(IN_FORCE, settings__connection=OuterRef("pk"))),
        Q(paused_until=None) | Q(paused_until__lte=now),
        status=ConnectionStatus.CONNECTED,
        paused_at=None,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))
