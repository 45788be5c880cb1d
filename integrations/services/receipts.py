"""Takes in what Intercom tells us: stored once, counted, left for a worker. Decides nothing about leads."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from integrations.intercom.webhooks import Notification, Topic
from integrations.logic.types import Contact
from integrations.logic.wrong import unstorable, value_problem
from integrations.models import (
    Access,
    ConnectionStatus,
    IntercomConnection,
    SweepState,
    WebhookHealth,
    WebhookReceipt,
)
from integrations.services.access_check import ask_for_check
from integrations.services.addresses import address_by_workspace
from integrations.services.keeping.deletions import is_deleted_by_us
from integrations.services.queue import BrokerSilentError, enqueue_receipts

if TYPE_CHECKING:
    from integrations.services.addresses import Address

log = logging.getLogger(__name__)

SEEN_EVERY = 5.0
"""Seconds. How exactly each process tells when something last arrived: not at the cost of one row that
everything waits for."""

LONGEST_VALUE = 500
OWN = tuple(field.name for field in fields(Contact) if field.name not in {"custom_attributes", "standard"})


PAUSE = 0.3
"""Seconds between a worker's taking a wake and its look: what arrives in a burst is looked at together."""

SURELY = 0.8
"""The share of that pause in which nobody has to ask again whether a worker was woken."""

_woken_at = float("-inf")
_noted_at: dict[int, float] = {}
"""By the primary key of a workspace: when this process last wrote that something arrived (monotonic)."""


def take(address: Address, notification: Notification) -> None:
    """Keeps a verified notification; one that was kept before is only counted."""
    _note_arrival(address)
    if notification.contact is None or _is_our_own_deletion(address, notification.contact, notification):
        if notification.topic != Topic.PING:
            _health(address).update(unused=F("unused") + 1)
        return
    try:
        with _committed():
            _receipt(address, notification, notification.contact).save(force_insert=True)
    except IntegrityError:
        if not _note_repeat(address, notification):
            raise
    else:
        wake()


def _is_our_own_deletion(address: Address, contact: Contact, notification: Notification) -> bool:
    """Nothing that names the contact of somebody erased is kept."""
    return notification.topic == Topic.DELETED and is_deleted_by_us(address.connection_id, contact.id)


def _committed() -> AbstractContextManager[None]:
    """One statement is a transaction by itself: asking for one would only hold SQLite's lock for longer."""
    return transaction.atomic() if database.in_atomic_block else nullcontext()


def _receipt(address: Address, notification: Notification, contact: Contact) -> WebhookReceipt:
    told_at = datetime.fromtimestamp(notification.created_at, UTC) if notification.created_at else None
    item = _kept(contact) | ({"merged_from": notification.merged_from} if notification.merged_from else {})
    if not notification.whole:
        del item["custom_attributes"]
    return WebhookReceipt(
        connection_id=address.connection_id,
        notification_id=notification.id,
        topic=notification.topic,
        contact_id=contact.id,
        item=item,
        fingerprint=notification.fingerprint,
        told_at=told_at,
    )


def _kept(contact: Contact) -> dict[str, Any]:
    """What of a contact the rules may ask for: single values, none that a database cannot hold."""
    own = _storable({name: getattr(contact, name) for name in OWN})
    custom, standard = _storable(contact.custom_attributes), _storable(contact.standard)
    return own | {"custom_attributes": custom, "standard": standard}


def _storable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if _holds(name) and _holds(value)}


def _holds(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_VALUE and not unstorable(value)
    return isinstance(value, bool | int | float) and value_problem(value) is None


def _note_repeat(address: Address, notification: Notification) -> bool:
    """Intercom tries again after a minute; the same id with other content is worth a mark. False if new."""
    known = WebhookReceipt.objects.filter(connection=address.connection_id, notification_id=notification.id)
    other = ~Q(fingerprint=notification.fingerprint)
    known.filter(other).update(differed=True)
    return bool(known.update(repeats=F("repeats") + 1))


def _note_arrival(address: Address) -> None:
    now = time.monotonic()
    if now - _noted_at.get(address.connection_id, float("-inf")) < SEEN_EVERY:
        return
    received = {"last_received_at": timezone.now()}
    if not _health(address).update(**received):
        WebhookHealth.objects.get_or_create(connection_id=address.connection_id, defaults=received)
    _noted_at[address.connection_id] = now


def _health(address: Address) -> QuerySet[WebhookHealth]:
    return WebhookHealth.objects.filter(connection=address.connection_id)


def wake() -> None:
    """Queues a look at the receipts unless one is queued. Never raises: the sweep finds what is left.

    For after the commit. Nobody has to ask shortly after a wake was seen to stand: whoever takes it looks
    a PAUSE later, and so finds what was committed in between.
    """
    global _woken_at
    now = time.monotonic()
    if now - _woken_at < PAUSE * SURELY:
        return
    rows = SweepState.objects.filter(pk=SweepState.ONLY, receipts_dirty=False)
    try:
        # Asked first: even an UPDATE that changes nothing waits for other writers on SQLite.
        if rows.exists() and rows.update(receipts_dirty=True):
            _enqueue_or_reset()
        _woken_at = now
    except BrokerSilentError:
        log.debug("the broker is left in peace; the sweep will do it")
    except Exception:
        log.exception("wake failed; the sweep will do it")


def _enqueue_or_reset() -> None:
    try:
        enqueue_receipts()
    except Exception:
        SweepState.objects.filter(pk=SweepState.ONLY).update(receipts_dirty=False)
        raise


def take_wake() -> None:
    """For whoever looks, before each look: whatever comes from here on wakes somebody."""
    rows = SweepState.objects.filter(pk=SweepState.ONLY, receipts_dirty=True)
    if rows.update(receipts_dirty=False):
        time.sleep(PAUSE)


def note_uninstalled(workspace_id: str) -> None:
    """The workspace has removed our app: its token is dead, and whoever waits there waits for a person.

    That is believed at once, and looked into: it may have been told late, or a second time.
    """
    address = address_by_workspace(workspace_id)
    if address is None:
        return
    # A private app's token does not come from the app that was removed.
    rows = IntercomConnection.objects.filter(
        pk=address.connection_id, status=ConnectionStatus.CONNECTED, access=Access.OAUTH
    )
    if rows.update(
        status=ConnectionStatus.RECONNECT_NEEDED,
        status_since=timezone.now(),
        status_detail=gettext("The app was removed in Intercom."),
    ):
        ask_for_check(address.connection_id)
