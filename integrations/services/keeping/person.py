"""All that we hold of one person, found by their email. Reads only; asks Intercom nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from campaigns.models import Participant
from integrations.logic.states import DUE, Reason, State
from integrations.models import (
    Attempt,
    ContactLink,
    Delivery,
    ReceiptState,
    Sighting,
    Watch,
    WebhookReceipt,
)

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

Contact = tuple[int, str]
"""A workspace's primary key, and an id that is unique only there."""

SHORTEST = 4
"""A shorter text may be a part of any word."""

NOT_CUT_DOWN = (ReceiptState.NEW, ReceiptState.FAILED)
"""Notifications that may still hold a whole contact."""


@dataclass(slots=True)
class Person:
    """Who is meant by an email. `emails`: that one first, then others that were sent for the same people.

    `coming` are the workspaces that something of theirs is on its way to, or in line for: what contact comes
    of it is known afterwards. `in_doubt` are those that never said whether they made one.
    """

    emails: list[str]
    people: list[Participant]
    deliveries: list[int] = field(default_factory=list)
    contacts: set[Contact] = field(default_factory=set)
    coming: set[int] = field(default_factory=set)
    in_doubt: set[int] = field(default_factory=set)

    @property
    def ids(self) -> list[int]:
        return [one.pk for one in self.people]

    @property
    def workspaces(self) -> set[int]:
        """Where they have a contact, or may have one by the time they are erased."""
        return {connection_id for connection_id, _ in self.contacts} | self.coming

    @property
    def texts(self) -> list[str]:
        """What can only mean them, the longest first: so that no part of it is left standing."""
        own = {
            text for one in self.people for text in (one.email, one.full_name, one.phone, one.referral_code)
        }
        return sorted((text for text in own if len(text) >= SHORTEST), key=lambda text: (-len(text), text))

    @property
    def names(self) -> list[str]:
        """First and last names, which others may have too."""
        return sorted({name for one in self.people for name in (one.first_name, one.last_name) if name})


def person_of(email: str, *, until: datetime | None = None) -> Person:
    """Everybody with this email, in its one spelling; of those who joined after `until` nobody."""
    people = Participant.objects.filter(email_normalized=email).select_related("campaign").order_by("pk")
    person = Person([email], list(people if until is None else people.filter(joined_at__lte=until)))
    for row in Delivery.objects.filter(participant__in=person.ids).select_related("settings").order_by("pk"):
        person.deliveries.append(row.pk)
        _add(person, row.connection_id, row.contact_id)
        _add_expected(person, row)
        if row.email and row.email not in person.emails and not _is_somebody_elses(row.email, person):
            person.emails.append(row.email)
    _add_contacts(person)
    return person


def _is_somebody_elses(email: str, person: Person) -> bool:
    return Participant.objects.filter(email_normalized=email).exclude(pk__in=person.ids).exists()


def _add(person: Person, connection_id: int | None, contact_id: str) -> None:
    if connection_id is not None and contact_id:
        person.contacts.add((connection_id, contact_id))


def _add_expected(person: Person, row: Delivery) -> None:
    """Where what is under way may end. A row in line may leave any moment, for the workspace of its tab."""
    bound = row.connection_id or (row.settings.connection_id if row.settings else None)
    if bound is not None and row.state in (*DUE, State.SENDING):
        person.coming.add(bound)
    if row.connection_id is not None and row.reason == Reason.GAVE_UP_IN_DOUBT:
        person.in_doubt.add(row.connection_id)


def _add_contacts(person: Person) -> None:
    """From our memory, from each try, and from what is watched."""
    for rows in (
        ContactLink.objects.filter(email__in=person.emails),
        Watch.objects.filter(participant__in=person.ids),
        tries_of(person),
    ):
        for connection_id, contact_id in rows.order_by().values_list("connection", "contact_id").distinct():
            _add(person, connection_id, contact_id)
    # All that a search has shown for their email, but for the contact of somebody else that stood in the way.
    several = tries_of(person).exclude(reason=Reason.EXTERNAL_ID_TAKEN).exclude(matches=[])
    for connection_id, matches in several.values_list("connection", "matches"):
        for contact_id in matches:
            _add(person, connection_id, str(contact_id))


def tries_of(person: Person) -> QuerySet[Attempt]:
    return Attempt.objects.filter(delivery__in=person.deliveries)


def links_of(person: Person) -> QuerySet[ContactLink]:
    """By email, and by contact where nobody else here goes by the link's email."""
    others = Participant.objects.exclude(pk__in=person.ids).values("email_normalized")
    same = within(person.contacts) & ~Q(email__in=others)
    return ContactLink.objects.filter(Q(email__in=person.emails) | same)


def receipts_of(person: Person) -> QuerySet[WebhookReceipt]:
    """What Intercom told of their contacts, also what nobody has looked at yet."""
    untouched = Q(pk__in=[])
    for email in person.emails:
        untouched |= Q(state__in=NOT_CUT_DOWN, item__email__iexact=email)
    about = Sighting.objects.filter(participant__in=person.ids, receipt__isnull=False).values("receipt")
    return WebhookReceipt.objects.filter(within(person.contacts) | untouched | Q(pk__in=about))


def used_by_others(person: Person) -> set[Contact]:
    """Those of their contacts that an entry of somebody who stays is about."""
    rows = Delivery.objects.filter(within(person.contacts)).exclude(pk__in=person.deliveries)
    return set(rows.exclude(connection=None).values_list("connection_id", "contact_id"))


def within(contacts: Collection[Contact]) -> Q:
    """The rows of these contacts, by their `connection` and `contact_id`."""
    found = Q(pk__in=[])
    for connection_id in {connection_id for connection_id, _ in contacts}:
        ids = [contact_id for other, contact_id in contacts if other == connection_id]
        found |= Q(connection=connection_id, contact_id__in=ids)
    return found


def counted(person: Person) -> dict[str, int]:
    """How much there is, by kind; only what there is."""
    rows: dict[str, Any] = {
        "people": Participant.objects.filter(pk__in=person.ids),
        "entries": Delivery.objects.filter(pk__in=person.deliveries),
        "attempts": tries_of(person),
        "links": links_of(person),
        "watches": Watch.objects.filter(participant__in=person.ids),
        "sightings": Sighting.objects.filter(participant__in=person.ids),
        "receipts": receipts_of(person),
        "referred": Participant.objects.filter(referrer__in=person.ids).exclude(pk__in=person.ids),
    }
    numbers = {kind: found.count() for kind, found in rows.items()}
    return {kind: number for kind, number in numbers.items() if number}
