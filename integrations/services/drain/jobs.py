"""Takes what is due in one workspace out of the outbox, as values that need no database any more.

A claim writes nothing: the lease keeps other drains away, and until a write is committed as `sending` a
row simply stays what it was. So what a drain has in hand can be dropped at any moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from campaigns.models import Participant
from integrations.logic.duplicates import Unanswered
from integrations.logic.mapping import Mapped, source_keys
from integrations.logic.setup import OWN_EMAIL
from integrations.logic.states import DELIVERED, Intent, Order, Reason, State
from integrations.logic.targets import EXTERNAL_ID
from integrations.logic.text import normal_email
from integrations.logic.types import Attribute, Policy, Role, TabSettings
from integrations.models import ContactLink, Delivery
from integrations.services.drain.due import Owed, due
from integrations.services.drain.values import mapped_for, values_of
from integrations.services.keeping.blind_spots import blind_until
from integrations.services.written import history_of

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.logic.undo import Wrote
    from integrations.services.tabs import Tab

WANT_HISTORY = (Order.UNDO, Order.UPDATE)


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
    """What an update makes of it: what is sent later leaves a contact that we created as created."""
    delivered: bool
    """It was delivered before, and a person has ordered something more."""
    history: Sequence[Wrote] = ()
    """What we wrote before, newest first: for an undo, and where present values are sent."""
    begun: bool = False
    """An update of this email may have arrived unheard. It is finished as one, whatever the policy says now:
    whoever was written to was not skipped."""
    due_at: datetime | None = None
    referrer_id: int | None = None
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """What the person, and who brought them in, are called: Intercom may quote it."""
    blind_until: datetime | None = None
    """Search may not show till then what was written for somebody of this email who was erased."""

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
    rows: list[Owed] = []
    for row in due(connection_id, tabs=tabs, limit=limit, held=held, now=now):
        email = _email_of(row)
        if email not in emails and len(rows) < limit:
            emails.add(email)
            rows.append(row)
    return _jobs(rows, connection_id=connection_id, tabs=tabs, attributes=attributes)


def _jobs(
    rows: list[Owed],
    *,
    connection_id: int,
    tabs: Mapping[int, Tab],
    attributes: Mapping[str, Attribute],
) -> list[Job]:
    keys = frozenset[str]().union(*(source_keys(tab.settings) for tab in tabs.values()))
    people = _people(rows)
    values = values_of([*people.values()], keys=keys | {OWN_EMAIL})
    emails = [normal_email(person.email) for person in people.values()]
    known = ContactLink.objects.filter(connection=connection_id, email__among=emails)
    links = {link.email: link for link in known}
    blind = blind_until(connection_id, emails=[email for email in emails if email not in links])
    histories = _histories(rows)
    jobs = []
    for row in rows:
        person = people.get(row.participant_id)
        if person is None or person.email != row.own_email:
            # Deleted or changed a moment ago: the next claim takes it as it is then.
            continue
        tab = tabs.get(row.settings_id or 0)
        settings = tab.settings if tab else TabSettings()
        if row.order == Order.UNDO:
            jobs.append(_undo(row, person, settings=settings, history=histories.get(row.pk, ())))
            continue
        mapped = mapped_for(person, settings, values=values.get(person.pk), attributes=attributes)
        job = _job(row, person, connection_id, tab=tab, settings=settings, mapped=mapped, links=links)
        job = replace(job, history=histories.get(row.pk, ())) if histories else job
        jobs.append(replace(job, blind_until=blind.get(job.email)) if blind else job)
    return jobs


def _people(rows: Iterable[Owed]) -> dict[int, Participant]:
    loaded = Participant.objects.select_related("referrer").prefetch_related("campaign")
    found = loaded.filter(pk__among=[row.participant_id for row in rows])
    return {person.pk: person for person in found}


def _histories(rows: Iterable[Owed]) -> Mapping[int, Sequence[Wrote]]:
    wanted = [row.pk for row in rows if row.order in WANT_HISTORY and row.settled_as in DELIVERED]
    return history_of(Delivery.objects.filter(pk__in=wanted)) if wanted else {}


def _job(
    row: Owed,
    person: Participant,
    connection_id: int,
    *,
    tab: Tab | None,
    settings: TabSettings,
    mapped: Mapped | None,
    links: Mapping[str, ContactLink],
) -> Job:
    now_email, in_doubt = normal_email(person.email), row.state == State.UNCERTAIN
    begun = not in_doubt and row.intent == Intent.UPDATE
    begun = begun and (row.connection_id, row.email) == (connection_id, now_email)
    if begun:
        settings = replace(settings, policy=Policy.UPDATE)
    return Job(
        delivery_id=row.pk,
        settings_id=row.settings_id,
        email=_email_of(row),
        settings=settings,
        moved=in_doubt and (tab is None or bool(tab.held_by) or row.email != now_email),
        mapped=mapped or Mapped(),
        broken=mapped is None,
        attempts=row.attempts,
        failing_since=row.failing_since,
        unanswered=_unanswered(row) if in_doubt else None,
        link=None if in_doubt else links.get(now_email),
        reason=Reason(row.reason),
        due_at=row.due_at,
        order=Order(row.order),
        contact_id=row.contact_id,
        settles_as=_settles_as(row),
        delivered=row.settled_as in DELIVERED,
        begun=begun,
        referrer_id=person.referrer_id,
        names=_names(person),
        others=_names(person.referrer),
    )


def _undo(row: Owed, person: Participant, *, settings: TabSettings, history: Sequence[Wrote]) -> Job:
    """Goes by what was written then: the person's values and the tab's rules play no part in it."""
    return Job(
        delivery_id=row.pk,
        settings_id=row.settings_id,
        email=_email_of(row),
        settings=replace(settings, revision=row.settings_revision or 0),
        moved=False,
        mapped=Mapped(),
        broken=False,
        attempts=row.attempts,
        failing_since=row.failing_since,
        unanswered=None,
        link=None,
        reason=Reason(row.reason),
        due_at=row.due_at,
        order=Order.UNDO,
        contact_id=row.contact_id,
        settles_as=_settles_as(row),
        delivered=True,
        history=history,
        referrer_id=person.referrer_id,
        names=_names(person),
        others=_names(person.referrer),
    )


def _names(person: Participant | None) -> tuple[str, ...]:
    if person is None:
        return ()
    named = (person.full_name, person.first_name, person.last_name, person.referral_code)
    return tuple(name for name in named if name)


def _email_of(row: Owed) -> str:
    """As it was sent, where what was sent is to be looked for or taken back; else as it is now."""
    as_sent = row.state == State.UNCERTAIN or (row.order == Order.UNDO and row.email)
    return row.email if as_sent else normal_email(row.own_email)


def _settles_as(row: Owed) -> State:
    return State(row.settled_as) if row.settled_as in DELIVERED else State.UPDATED


def _unanswered(row: Owed) -> Unanswered | None:
    if row.intent_at is None:
        return None
    role = Role.USER if row.intent == Intent.CREATE_USER else Role.LEAD
    return Unanswered(at=int(row.intent_at.timestamp()), role=role)
