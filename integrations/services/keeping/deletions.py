"""Contacts of erased people that are still to be deleted in Intercom: rows for the drain."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.logic.backoff import LONGEST, retry_after
from integrations.models import Delivery, ErasedContact, Erasure, ErasureState, Fate, Hitch
from integrations.models.erasure import hash_of
from integrations.services.keeping.blind_spots import keep_blind
from integrations.services.wake import wake

if TYPE_CHECKING:
    from django.db.models import QuerySet


def owed_deletions() -> QuerySet[ErasedContact]:
    return ErasedContact.objects.filter(fate=Fate.OWED)


def is_used(contact: ErasedContact) -> bool:
    """Whether an entry of somebody who is here now is about it: they joined again meanwhile, say."""
    return Delivery.objects.filter(connection=contact.connection_id, contact_id=contact.contact_id).exists()


def is_deleted_by_us(connection_id: int, contact_id: str) -> bool:
    """Whether it was an erased person's, and goes, or has gone, because of that."""
    rows = ErasedContact.objects.filter(connection=connection_id, contact_hash=hash_of(contact_id))
    return rows.exclude(fate=Fate.USED).exists()


def end(contact: ErasedContact, fate: Fate) -> None:
    """Nothing more is owed for this contact, and its id is forgotten. For inside a transaction."""
    now = timezone.now()
    ended = owed_deletions().filter(pk=contact.pk)
    if not ended.update(fate=fate, sealed_contact_id="", due_at=None, hitch=Hitch.NONE, ended_at=now):
        return
    if fate == Fate.DELETED:
        # Search shows for minutes what is gone: who joins again must not be taken for it.
        lag = timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
        keep_blind(contact.erasure.email_hash, until={contact.connection_id: now + lag})
    waiting = owed_deletions().filter(erasure=contact.erasure_id)
    if not waiting.exists():
        Erasure.objects.filter(pk=contact.erasure_id, state=ErasureState.DELETING).update(
            state=ErasureState.DONE, done_at=now
        )


def follow(contact: ErasedContact, *, to: str) -> None:
    """It was merged into another contact, which has its values now: that one is to be deleted."""
    contact.contact_id = to
    owed_deletions().filter(pk=contact.pk).update(
        sealed_contact_id=contact.sealed_contact_id,
        contact_hash=contact.contact_hash,
        due_at=timezone.now(),
    )


def put_off(contact: ErasedContact, hitch: Hitch) -> None:
    """Tried again later: what cannot be helped by waiting once an hour, till a person has seen to it."""
    wait = retry_after(contact.tries + 1) if hitch == Hitch.NO_ANSWER else LONGEST
    owed_deletions().filter(pk=contact.pk).update(
        tries=contact.tries + 1, hitch=hitch, due_at=timezone.now() + wait
    )


def try_again(erasure: Erasure) -> int:
    """A person says so: all that is owed for an erasure is tried at once. Returns how many there are."""
    rows = owed_deletions().filter(erasure=erasure)
    with transaction.atomic():
        for connection_id in set(rows.values_list("connection", flat=True)):
            transaction.on_commit(partial(wake, connection_id), robust=True)
        return rows.update(due_at=timezone.now())


def done_by_hand(erasure: Erasure) -> int:
    """A person says that they have deleted the contacts in Intercom themselves. Returns how many."""
    with transaction.atomic():
        rows = owed_deletions().select_for_update(of=("self",)).filter(erasure=erasure)
        contacts = list(rows.select_related("erasure").order_by("pk"))
        for contact in contacts:
            end(contact, Fate.BY_HAND)
    return len(contacts)
