"""Deletes the contacts of erased people in a workspace, one at a time beside the leads.

As with test leads: the slice's thread alone touches the database, a thread of its own makes the call, and
what came of it is stored at once, so that any later drain goes on from there.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.intercom.errors import (
    AuthError,
    ForbiddenError,
    MergedError,
    RateLimitedError,
    RejectedError,
)
from integrations.models import Fate, Hitch
from integrations.services.drain.calls import Found, NotSentError
from integrations.services.drain.verdicts import Trouble
from integrations.services.keeping.deletions import end, follow, is_used, owed_deletions, put_off
from integrations.services.lease import LeaseLostError

if TYPE_CHECKING:
    from integrations.models import ErasedContact
    from integrations.services.drain.access import Access
    from integrations.services.lease import Lease

log = logging.getLogger(__name__)

LOOK_AGAIN_AFTER = 1.0

Heard = tuple[Trouble, Exception | None]
NOTHING: Heard = (Trouble.NONE, None)


class Erasures:
    """The one contact in hand, if any. Raises LeaseLostError from `turn`."""

    def __init__(self, lease: Lease, pool: ThreadPoolExecutor) -> None:
        self._lease = lease
        self._pool = pool
        self._contact: ErasedContact | None = None
        self._call: Future[Found] | None = None
        self._looked_at = 0.0
        self._stopping = False

    @property
    def busy(self) -> bool:
        return self._call is not None

    def stop(self) -> None:
        """No further call; `turn` hears the one that is out."""
        self._stopping = True

    def turn(self, access: Access, *, within: float) -> Heard:
        """Goes one step on; returns what an answer says about the whole workspace."""
        try:
            return self._turn(access, within=within)
        except LeaseLostError:
            raise
        except Exception as err:  # noqa: BLE001  (nobody else is held up; a database's words may quote a value)
            log.error("deleting an erased contact failed: %s", type(err).__name__)
            contact, self._contact, self._call = self._contact, None, None
            if contact is not None:
                self._store(contact, Hitch.REFUSED)
            return NOTHING

    def _turn(self, access: Access, *, within: float) -> Heard:
        if self._contact is not None and self._call is not None:
            wait([self._call], timeout=within)
            return self._heard(self._contact, self._call) if self._call.done() else NOTHING
        if not self._stopping and access.caller is not None and access.open:
            self._contact = self._next()
            if self._contact is not None:
                self._call = self._pool.submit(access.caller.erase, self._contact.contact_id)
        return NOTHING

    def _next(self) -> ErasedContact | None:
        clock = time.monotonic()
        if clock - self._looked_at < LOOK_AGAIN_AFTER:
            return None
        self._looked_at = clock
        due = owed_deletions().filter(connection=self._lease.connection_id, due_at__lte=timezone.now())
        contact = self._contact = due.select_related("erasure").order_by("due_at", "pk").first()
        if contact is not None and is_used(contact):
            self._store(contact, Fate.USED)
            return None
        return contact

    def _heard(self, contact: ErasedContact, call: Future[Found]) -> Heard:
        self._contact = self._call = None
        error = call.result().error
        if error is None:
            self._looked_at = 0.0
        match error:
            case None:
                self._store(contact, Fate.DELETED)
            case MergedError(canonical_id=None):
                self._store(contact, Fate.DELETED)
            case MergedError(canonical_id=str() as to):
                self._store(contact, to)
            case NotSentError():
                pass
            case RateLimitedError():
                return Trouble.RATE_LIMIT, error
            case AuthError():
                return Trouble.RECONNECT, error
            case ForbiddenError():
                # That we may not delete keeps nobody from being sent.
                self._store(contact, Hitch.FORBIDDEN)
            case RejectedError():
                self._store(contact, Hitch.REFUSED)
            case _:
                self._store(contact, Hitch.NO_ANSWER)
        return NOTHING

    def _store(self, contact: ErasedContact, what: Fate | Hitch | str) -> None:
        """Raises LeaseLostError, and has then stored nothing."""
        with transaction.atomic():
            self._lease.renew()
            match what:
                case Fate():
                    end(contact, what)
                case Hitch():
                    put_off(contact, what)
                case _:
                    follow(contact, to=what)
