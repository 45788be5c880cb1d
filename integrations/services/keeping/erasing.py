"""Erases a person on request: everywhere here, and their contact in Intercom if that was asked for too.

Nobody is erased while something of theirs is on its way, or somebody whom they brought in is being sent, with
their name perhaps: what has left must be known first. Where much is
kept of others, looking through it for the person takes more than one round. The sweep carries out what
waits. Rows alone: contacts are deleted by the drain, which alone writes them.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Participant
from integrations.logic.states import IN_FLIGHT, State
from integrations.models import (
    BulkOrder,
    ContactLink,
    Delivery,
    ErasedContact,
    Erasure,
    ErasureState,
    Fate,
    SecretUnreadableError,
    Watch,
)
from integrations.models.erasure import hash_of
from integrations.services.keeping.blind_spots import keep_blind
from integrations.services.keeping.person import (
    Person,
    counted,
    links_of,
    person_of,
    receipts_of,
    used_by_others,
)
from integrations.services.keeping.referrers import remove_as_referrer
from integrations.services.keeping.traces import remove_history, remove_traces
from integrations.services.keeping.walking import Walk, look_through, walk_of
from integrations.services.repair import cancel
from integrations.services.rounds import IN_A_REQUEST
from integrations.services.wake import wake

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Requests that one sweep carries out at most."""

SECONDS = 10.0
"""For all of them: the sweep has more to do, and a task has a minute."""


def ask(email: str, *, user: User | None, delete_in: Collection[int] = ()) -> Erasure:
    """Erases the person with this email, in its one spelling, at once or as soon as nothing is on its way.

    `delete_in`: the workspaces in which their contact is deleted too. Asking twice is once, for everybody
    with this email till then.
    """
    digest = hash_of(email)
    with transaction.atomic():
        waiting = Erasure.objects.select_for_update(of=("self",)).filter(state=ErasureState.WAITING)
        erasure = waiting.filter(email_hash=digest).first() or Erasure(email_hash=digest, asked_by=user)
        erasure.email = email
        erasure.delete_in = sorted({*erasure.delete_in, *delete_in})
        erasure.asked_at = timezone.now()
        erasure.save()
    carry_out(erasure.pk, until=time.monotonic() + IN_A_REQUEST)
    erasure.refresh_from_db()
    return erasure


def carry_on() -> int:
    """For the sweep: carries out what can be by now; returns how many people were erased."""
    waiting = Erasure.objects.filter(state=ErasureState.WAITING).order_by("pk")
    until = time.monotonic() + SECONDS
    return sum(carry_out(pk, until=until) for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]))


def carry_out(erasure_id: int, *, until: float) -> bool:
    """False while something is on its way, where the time is up (`until`, by the monotonic clock) before
    everything has been looked through, and where the database would not have it just now."""
    try:
        return _carry_out(erasure_id, until=until)
    except SecretUnreadableError:
        log.error("erasure %d: no key opens what it is about", erasure_id)
    except DatabaseError as err:
        # Its words may quote a value. The sweep tries again.
        log.warning("erasure %d put off: %s", erasure_id, type(err).__name__)
    return False


def _carry_out(erasure_id: int, *, until: float) -> bool:
    row = Erasure.objects.filter(pk=erasure_id, state=ErasureState.WAITING).first()
    if row is None:
        return False
    # What has not left is called back at once, even if the rest has to wait.
    person = person_of(row.email, until=row.asked_at)
    cancel(person.deliveries)
    mine = Delivery.objects.filter(pk__in=person.deliveries, state__in=IN_FLIGHT)
    if mine.exists() or _brought_in_by(person).filter(state=State.SENDING).exists():
        return False
    walk = walk_of(row, person)
    look_through(person, walk, until=until)
    Erasure.objects.filter(pk=erasure_id, state=ErasureState.WAITING).update(walk=walk.as_json())
    if not walk.through:
        return False
    with transaction.atomic():
        erasure = (
            Erasure.objects.select_for_update(of=("self",))
            .filter(pk=erasure_id, state=ErasureState.WAITING)
            .first()
        )
        if erasure is None:
            return False
        _hold_orders()
        person = person_of(erasure.email, until=erasure.asked_at)
        if _something_is_on_its_way(person) or walk_of(erasure, person).words != walk.words:
            return False
        _erase(erasure, person, walk)
    return True


def _hold_orders() -> None:
    """Orders for many lock themselves first and people next: so do we, or each might wait for the other."""
    running = BulkOrder.objects.filter(finished_at=None, stopped_at=None).order_by("pk")
    list(running.select_for_update(of=("self",)).values_list("pk", flat=True))


def _something_is_on_its_way(person: Person) -> bool:
    """Locks their rows, in the order in which notifications are used."""
    list(Watch.objects.select_for_update().filter(participant__in=person.ids).order_by("pk"))
    mine = Q(pk__in=person.deliveries) | Q(email__in=person.emails)
    theirs = Q(pk__in=_brought_in_by(person).values("pk"))
    rows = Delivery.objects.filter(mine | theirs).select_for_update(of=("self",)).order_by("pk")
    known = {*person.deliveries}
    return any(
        state == State.SENDING or (state in IN_FLIGHT and (pk in known or email in person.emails))
        for pk, email, state in rows.values_list("pk", "email", "state")
    )


def _brought_in_by(person: Person) -> QuerySet[Delivery]:
    return Delivery.objects.filter(participant__referrer__in=person.ids)


def _erase(erasure: Erasure, person: Person, walk: Walk) -> None:
    now = timezone.now()
    erasure.found = counted(person)
    contacts = _contacts(erasure, person, now=now)
    _keep_blind(erasure, person, now=now)
    remove_as_referrer(person)
    remove_history(person)
    receipts_of(person).delete()
    links_of(person).delete()
    Participant.objects.filter(pk__in=person.ids).delete()
    remove_traces(person, walk.reached)
    ErasedContact.objects.bulk_create(contacts)
    owed = {one.connection_id for one in contacts if one.fate == Fate.OWED}
    erasure.sealed_email, erasure.erased_at, erasure.walk = "", now, {}
    erasure.state = ErasureState.DELETING if owed else ErasureState.DONE
    erasure.done_at = None if owed else now
    erasure.save()
    for connection_id in sorted(owed):
        transaction.on_commit(partial(wake, connection_id), robust=True)


def _contacts(erasure: Erasure, person: Person, *, now: datetime) -> list[ErasedContact]:
    used, rows = used_by_others(person), []
    for connection_id, contact_id in sorted(person.contacts):
        row = ErasedContact(erasure=erasure, connection_id=connection_id)
        if (connection_id, contact_id) in used:
            row.fate, row.ended_at = Fate.USED, now
        elif connection_id in erasure.delete_in:
            row.fate, row.due_at, row.contact_id = Fate.OWED, now, contact_id
        rows.append(row)
    return rows


def _keep_blind(erasure: Erasure, person: Person, *, now: datetime) -> None:
    """Who joins again with this email waits until search can show what was written last, or deleted."""
    deleted = {connection_id for connection_id, _ in person.contacts} & set(erasure.delete_in)
    written: dict[int, datetime] = dict.fromkeys(deleted, now)
    mine = Delivery.objects.filter(pk__in=person.deliveries, connection__isnull=False)
    for rows, name in (
        (mine, "intent_at"),
        (mine, "settled_at"),
        (ContactLink.objects.filter(email__in=person.emails), "confirmed_at"),
    ):
        for connection_id, at in rows.exclude(**{name: None}).values_list("connection_id", name):
            written[connection_id] = max(at, written.get(connection_id, at))
    lag = timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
    for email in person.emails:
        keep_blind(hash_of(email), until={pk: at + lag for pk, at in written.items()})
