"""Leads whose contact is gone from Intercom: it may be back, or the same person another contact by now.
Makes no call.

Of neither a notification has to reach us: an archived contact that is restored, a visitor who signs up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.logic.qualification import looked
from integrations.logic.text import normal_email
from integrations.models import Via, Watch, WatchState
from integrations.services.qualify.desk import Desk, lock
from integrations.services.qualify.hearing import hear_elsewhere
from integrations.services.qualify.looking import claim_rows, long_ago, unsettled

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.logic.types import Contact

EMAIL = "participant__email_normalized"


def claim_emails(connection_id: int, *, limit: int, now: datetime) -> list[str]:
    """The emails to search for next, marked as looked at, so that no other look asks for them as well.

    One that may be why Intercom refused a search goes alone, when it is its turn.
    """
    gone = unsettled(connection_id).filter(state=WatchState.GONE, checked_at__lte=long_ago(now))
    first = gone.first()
    if first is None:
        return []
    alike, limit = gone.filter(searched_alone=first.searched_alone), 1 if first.searched_alone else limit
    rows = claim_rows(alike, by=EMAIL, limit=limit, now=now)
    return sorted({row.participant.email_normalized for row in rows})


def give_back(connection_id: int, emails: Collection[str]) -> None:
    """They were not searched for after all: the next look does."""
    _of(connection_id, emails).update(checked_at=long_ago(timezone.now()))


def refused(connection_id: int, emails: Collection[str]) -> None:
    """Intercom takes one of these for no email. Each is searched for alone until it is answered, so that one
    does not stand in the way of the others."""
    if len(emails) > 1:
        _of(connection_id, emails).update(searched_alone=True, checked_at=long_ago(timezone.now()))


def take_found(
    connection_id: int, emails: Sequence[str], *, found: Iterable[Contact], as_of: datetime
) -> None:
    """Uses what a search for these emails has shown, which was true at `as_of` or later."""
    contacts = sorted(found, key=lambda contact: (contact.created_at, contact.id))
    with transaction.atomic():
        rows = lock(list(_of(connection_id, emails).values_list("pk", flat=True)))
        desk = Desk(rows)
        for row in rows:
            for contact in contacts:
                _see(row, contact, as_of=as_of, desk=desk)
        desk.save()
        _of(connection_id, emails).filter(searched_alone=True).update(searched_alone=False)


def _see(row: Watch, contact: Contact, *, as_of: datetime, desk: Desk) -> None:
    same = contact.email is not None and normal_email(contact.email) == row.participant.email_normalized
    if contact.id == row.contact_id:
        # It is back, or the search shows what was before it went: reading it tells.
        desk.want_look(row)
    elif same and row.state == WatchState.GONE:
        at = looked(contact, now=int(as_of.timestamp()))
        hear_elsewhere(row, contact, desk=desk, at=at, via=Via.LOOK)


def _of(connection_id: int, emails: Collection[str]) -> QuerySet[Watch]:
    gone = unsettled(connection_id).filter(state=WatchState.GONE).order_by()
    return gone.filter(participant__email_normalized__in=emails)
