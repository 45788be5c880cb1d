"""The lease on a workspace: one drain at a time, on whatever machine. Times are the database's clock."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import connections, router, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from integrations.logic.states import Intent, Order, Reason, State
from integrations.models import Delivery, DrainLease, IntercomConnection
from integrations.models.delivery import IS_IN_FLIGHT

TIME_TO_LIVE = 30.0
RENEW_EVERY = 5.0
ENDS = {
    "postgresql": "STATEMENT_TIMESTAMP() + INTERVAL '%f seconds'",
    "sqlite": "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW', '+%f seconds')",
}
"""So many seconds from now by the database's clock, in each one's words."""


class LeaseLostError(Exception):
    """Another drain holds the workspace now; nothing more may be written under this lease."""


@dataclass(slots=True)
class Lease:
    """A held lease. `safe_until` is this process's monotonic clock, and errs on the early side."""

    connection_id: int
    token: uuid.UUID
    safe_until: float
    renewed_at: float = field(default_factory=time.monotonic)

    def renew(self) -> None:
        """Extends the lease. First in each transaction of the drain, so that a lost lease writes nothing.

        Raises LeaseLostError.
        """
        asked_at = time.monotonic()
        if not _extend(self.connection_id, self.token):
            raise LeaseLostError
        self.renewed_at, self.safe_until = asked_at, asked_at + TIME_TO_LIVE

    def renew_if_old(self) -> None:
        if time.monotonic() - self.renewed_at >= RENEW_EVERY:
            self.renew()

    def covers(self, seconds: float) -> bool:
        """Whether a call that takes at most so many seconds would end under this lease."""
        return time.monotonic() + seconds < self.safe_until

    def stay_dirty(self) -> None:
        """For the beginning: whoever joins while this drain is at work wakes no other. It looks by itself."""
        self._workspace().filter(dirty=False).update(dirty=True)

    def clear_dirty(self) -> None:
        """For before the last look: whoever joins from here on makes the workspace dirty again."""
        self._workspace().filter(dirty=True).update(dirty=False)

    def release(self) -> None:
        """Gives the lease back. Then look at `dirty` once more (`somebody_joined`): a task that came while
        the lease was held went away again, counting on that."""
        self._mine().update(token=None, expires_at=None)

    def _workspace(self) -> QuerySet[IntercomConnection]:
        return IntercomConnection.objects.filter(pk=self.connection_id, lease__token=self.token)

    def _mine(self) -> QuerySet[DrainLease]:
        return DrainLease.objects.filter(connection_id=self.connection_id, token=self.token)


def acquire(connection_id: int) -> Lease | None:
    """Takes the lease of a workspace, or None while another drain holds it.

    Whatever an earlier holder left as `sending` may or may not have reached Intercom.
    """
    token, asked_at = uuid.uuid4(), time.monotonic()
    free = Q(token=None) | Q(expires_at__lt=Now())
    with transaction.atomic():
        taken = DrainLease.objects.filter(free, connection_id=connection_id).update(
            token=token, expires_at=Now() + timedelta(seconds=TIME_TO_LIVE)
        )
        if not taken:
            return None
        _doubt_what_was_sending(connection_id)
    return Lease(connection_id=connection_id, token=token, safe_until=asked_at + TIME_TO_LIVE)


def _extend(connection_id: int, token: uuid.UUID) -> bool:
    """In SQL, as it comes so often: what Django thinks of the statement is a twentieth of a drain's time."""
    database, meta = connections[router.db_for_write(DrainLease)], DrainLease._meta  # noqa: SLF001
    names = (meta.db_table, "expires_at", "connection_id", "token")
    table, until, connection, held = map(database.ops.quote_name, names)
    ends = ENDS[database.vendor] % TIME_TO_LIVE
    with database.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {until} = {ends} WHERE {connection} = %s AND {held} = %s",  # noqa: S608
            [connection_id, meta.get_field("token").get_db_prep_value(token, database)],
        )
        return bool(cursor.rowcount)


def somebody_joined(connection_id: int) -> bool:
    """Whether there may be something that no drain has looked for yet."""
    return IntercomConnection.objects.filter(pk=connection_id, dirty=True).exists()


def _doubt_what_was_sending(connection_id: int) -> None:
    """An update can simply be written again; a create is looked for first, once search can show it."""
    left = Delivery.objects.filter(IS_IN_FLIGHT, connection_id=connection_id, state=State.SENDING)
    now = timezone.now()
    left.filter(intent=Intent.UPDATE).update(
        state=State.WAITING,
        reason=Case(
            When(order=Order.UNDO, then=Value(Reason.UNDOING.value)), default=Value(Reason.RETRY.value)
        ),
        due_at=now,
        lease_token=None,
    )
    left.update(
        state=State.UNCERTAIN,
        reason=Reason.UNCERTAIN,
        due_at=now + timedelta(seconds=settings.INTERCOM_SEARCH_LAG),
        lease_token=None,
    )
