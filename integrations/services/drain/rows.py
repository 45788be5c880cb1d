"""The rows of the outbox that a drain is about to change: locked, and no more of each than it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from integrations.logic.states import Order, State
from integrations.logic.text import normal_email
from integrations.models import Delivery, SyncSettings
from integrations.services.bulk import update_rows

if TYPE_CHECKING:
    from integrations.services.drain.jobs import Job
    from integrations.services.lease import Lease


@dataclass(slots=True)
class Row:
    """A delivery as it stands; `tab_connection_id` is the workspace that its tab points to now.

    `reason` is only ever written. `own_email` and `referrer_id` are the participant's.
    """

    pk: int
    tab_connection_id: int | None
    own_email: str
    referrer_id: int | None
    state: str
    due_at: datetime | None
    order: str
    settled_as: str
    connection_id: int | None
    lease_token: UUID | None
    email: str
    intent: str
    intent_at: datetime | None
    contact_id: str
    attempts: int
    failing_since: datetime | None
    settings_revision: int | None
    incomplete: bool
    message: str
    settled_at: datetime | None
    reason: str = ""

    def belongs_to(self, job: Job, *, lease: Lease) -> bool:
        """Whether this drain may decide about it: what it is sending, what is in doubt or to be taken back in
        its workspace, and what waits under a tab that points to it. What a person has ordered since the job
        was claimed is another job, and so is one whose time, email or referrer is not what it was then."""
        if self.order != job.order:
            return False
        if self.state == State.SENDING:
            return self.lease_token == lease.token
        if (self.due_at, self.referrer_id) != (job.due_at, job.referrer_id):
            return False
        own_email = normal_email(self.own_email)
        if self.state == State.WAITING and self.order != Order.UNDO and own_email != job.email:
            return False
        if self.state == State.UNCERTAIN or self.order == Order.UNDO:
            return self.connection_id == lease.connection_id
        return self.tab_connection_id == lease.connection_id


_READ = tuple(field.name for field in fields(Row) if field.name != "reason")


def locked(ids: Collection[int], *conditions: Q) -> list[Row]:
    """Those of these rows that meet the conditions, in the order in which everybody locks them.

    A statement that had to wait for a lock knows other tables as they were before. So whoever locks these
    rows to change what stands there, and would be sent, moves `due_at` (an erasure, of a referrer).
    """
    tab = SyncSettings.objects.filter(pk=OuterRef("settings")).values("connection_id")
    rows = (
        Delivery.objects.select_for_update(of=("self",))
        .annotate(
            tab_connection_id=Subquery(tab),
            own_email=F("participant__email"),
            referrer_id=F("participant__referrer_id"),
        )
        .filter(*conditions, pk__among=ids)
        .order_by("pk")
    )
    return [Row(*values) for values in rows.values_list(*_READ)]


def store(rows: Iterable[Row], names: tuple[str, ...]) -> None:
    """Writes these fields of locked rows."""
    values = attrgetter("pk", *names)
    update_rows(Delivery, names, [values(row) for row in rows])
