"""Takes what is due in one workspace out of the outbox, as values that need no database any more.

A claim writes nothing: the lease keeps other drains away, and until a write is committed as `sending` a
row simply stays what it was. So what a drain has in hand can be dropped at any moment.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from campaigns import fields
from campaigns.models import Participant
from integrations.logic.duplicates import Unanswered
from integrations.logic.mapping import Mapped, map_values, source_keys
from integrations.logic.setup import OWN_EMAIL
from integrations.logic.states import IN_FLIGHT, Intent, Order, Reason, State
from integrations.logic.targets import EXTERNAL_ID
from integrations.logic.text import normal_email
from integrations.logic.types import Attribute, Role, TabSettings
from integrations.models import ContactLink, Delivery, SyncSettings

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.tabs import Tab

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery as a drain has it in hand: all that a decision about it rests on."""

    delivery_id: int
    settings_id: int | None
    email: str
    settings: TabSettings
    moved: bool
    """A write has left for this workspace, and now its tab or its email says something else."""
    mapped: Mapped
    broken: bool
    """The mapping failed on it: a bug of ours, which must not stop everybody else."""
    attempts: int
    failing_since: datetime | None
    unanswered: Unanswered | None
    link: ContactLink | None
    reason: Reason
    order: Order
    contact_id: str
    """The contact that an order is about."""
    settles_as: State
    """What an update makes of it: fields sent later leave a contact that we created as created."""

    @property
    def external_id(self) -> str | None:
        value = self.mapped.standard.get(EXTERNAL_ID)
        return None if value is None else str(value)


def claim(
    connection_id: int,
    *,
    tabs: Mapping[int, Tab],
    attributes: Mapping[str, Attribute],
    limit: int,
    busy: Collection[Job],
    now: datetime,
) -> list[Job]:
    """At most `limit` due deliveries, one for each email, and none that `busy` has in hand already."""
    held = {job.delivery_id for job in busy}
    emails = {job.email for job in busy}
    rows: list[Delivery] = []
    for row in _due(connection_id, tabs=tabs, limit=limit, held=held, now=now):
        email = row.email if row.state == State.UNCERTAIN else normal_email(row.participant.email)
        if email not in emails and len(rows) < limit:
            emails.add(email)
            rows.append(row)
    return _jobs(rows, connection_id=connection_id, tabs=tabs, attributes=attributes)


def _due(
    connection_id: int, *, tabs: Mapping[int, Tab], limit: int, held: Collection[int], now: datetime
) -> Iterable[Delivery]:
    """What was left in doubt first, then the waiting ones of each tab, oldest first, tabs in turn."""
    waiting, doubtful = (
        rows.filter(due_at__lte=now)
        .exclude(pk__in=held)
        .select_related("participant__referrer")
        .prefetch_related("participant__campaign")
        .order_by("due_at", "pk")
        for rows in _owed(connection_id)
    )
    yield from doubtful[:limit]
    ready = _tabs_with_due(_ready(tabs), now=now)
    for tab_id in ready:
        yield from waiting.filter(settings=tab_id)[: math.ceil(limit / len(ready))]


def next_due(connection_id: int, *, tabs: Mapping[int, Tab]) -> datetime | None:
    """When the next delivery may be taken, which may be past; None when there is none."""
    waiting, doubtful = _owed(connection_id)
    times = (
        rows.order_by("due_at").values_list("due_at", flat=True).first()
        for rows in (waiting.filter(settings__in=_ready(tabs)), doubtful)
    )
    return min((due_at for due_at in times if due_at is not None), default=None)


def _owed(connection_id: int) -> tuple[QuerySet[Delivery], QuerySet[Delivery]]:
    """The waiting, without those whose email is being written to or in doubt here; and the doubtful."""
    at_it = Delivery.objects.filter(
        connection=connection_id, state__in=IN_FLIGHT, email=OuterRef("participant__email_normalized")
    )
    waiting = Delivery.objects.filter(~Exists(at_it), state=State.WAITING)
    return waiting, Delivery.objects.filter(connection=connection_id, state=State.UNCERTAIN)


def _ready(tabs: Mapping[int, Tab]) -> list[int]:
    return [tab.id for tab in tabs.values() if not tab.held_by]


def _tabs_with_due(ready: list[int], *, now: datetime) -> list[int]:
    if len(ready) < 2:
        return ready
    due = Delivery.objects.filter(settings=OuterRef("pk"), state=State.WAITING, due_at__lte=now)
    some = SyncSettings.objects.filter(Exists(due), pk__in=ready)
    return list(some.order_by("pk").values_list("pk", flat=True))


def _jobs(
    rows: list[Delivery],
    *,
    connection_id: int,
    tabs: Mapping[int, Tab],
    attributes: Mapping[str, Attribute],
) -> list[Job]:
    keys = frozenset[str]().union(*(source_keys(tab.settings) for tab in tabs.values()))
    values = _values([row.participant for row in rows], keys=keys | {OWN_EMAIL})
    emails = [normal_email(row.participant.email) for row in rows]
    known = ContactLink.objects.filter(connection=connection_id, email__in=emails)
    links = {link.email: link for link in known}
    jobs = []
    for row in rows:
        tab = tabs.get(row.settings_id or 0)
        settings = tab.settings if tab else TabSettings()
        mapped = _mapped(row, settings, values=values.get(row.participant_id), attributes=attributes)
        jobs.append(_job(row, tab=tab, settings=settings, mapped=mapped, links=links))
    return jobs


def _values(people: list[Participant], *, keys: Collection[str]) -> dict[int, dict[str, fields.Value]]:
    """The people's values; who breaks the reading of all is read alone, and left out if that breaks too."""
    try:
        return fields.values(people, keys=keys)
    except Exception:
        if len(people) == 1:
            log.exception("reading participant %d failed", people[0].pk)
            return {}
    return {pk: row for one in people for pk, row in _values([one], keys=keys).items()}


def _mapped(
    row: Delivery,
    settings: TabSettings,
    *,
    values: Mapping[str, fields.Value] | None,
    attributes: Mapping[str, Attribute],
) -> Mapped | None:
    """None where our code stumbles over this one, or where its email is not what it is found by."""
    person = row.participant
    if values is None or normal_email(person.email) != person.email_normalized:
        return None
    try:
        return map_values(settings, values=values, attributes=attributes)
    except Exception:
        log.exception("mapping delivery %d failed", row.pk)
        return None


def _job(
    row: Delivery,
    *,
    tab: Tab | None,
    settings: TabSettings,
    mapped: Mapped | None,
    links: Mapping[str, ContactLink],
) -> Job:
    now_email, in_doubt = normal_email(row.participant.email), row.state == State.UNCERTAIN
    return Job(
        delivery_id=row.pk,
        settings_id=row.settings_id,
        email=row.email if in_doubt else now_email,
        settings=settings,
        moved=in_doubt and (tab is None or bool(tab.held_by) or row.email != now_email),
        mapped=mapped or Mapped(),
        broken=mapped is None,
        attempts=row.attempts,
        failing_since=row.failing_since,
        unanswered=_unanswered(row) if in_doubt else None,
        link=None if in_doubt else links.get(now_email),
        reason=Reason(row.reason),
        order=Order(row.order),
        contact_id=row.contact_id,
        settles_as=State(row.settled_as) if row.order == Order.COMPLETE else State.UPDATED,
    )


def _unanswered(row: Delivery) -> Unanswered | None:
    if row.intent_at is None:
        return None
    role = Role.USER if row.intent == Intent.CREATE_USER else Role.LEAD
    return Unanswered(at=int(row.intent_at.timestamp()), role=role)
