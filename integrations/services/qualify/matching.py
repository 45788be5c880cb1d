"""Finds the watches that a batch of notifications is about: by contact, else by email. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from campaigns.models import Audience, ParticipantStatus
from integrations.logic.states import Intent
from integrations.logic.text import normal_email
from integrations.models import ContactLink, Delivery, Watch
from integrations.models.delivery import IS_IN_FLIGHT
from integrations.services.qualify.heard import Heard
from integrations.services.qualify.stored import OPEN

CREATES = (Intent.CREATE_LEAD.value, Intent.CREATE_USER.value)

Key = tuple[int, str]
"""A contact: its workspace's primary key and its id, which is unique only there."""


@dataclass(slots=True)
class Matches:
    """What a batch may be about. `emails`: those of contacts that are not watched under their own id."""

    watches: set[int] = field(default_factory=set)
    emails: dict[Key, set[str]] = field(default_factory=dict)
    doubtful: list[Delivery] = field(default_factory=list)

    def in_doubt(self, heard: Heard) -> list[Delivery]:
        """The creates on their way, or in doubt, that may have made this contact."""
        emails = self.emails.get(heard.key, set())
        return [one for one in self.doubtful if one.connection_id == heard.key[0] and one.email in emails]


def match(batch: Collection[Heard]) -> Matches:
    """Two queries, and three more where a contact is not watched."""
    found = Matches()
    watched = _watched(found, batch)
    strangers = [one for one in batch if one.tells and one.key not in watched]
    if strangers:
        found.emails = _emails(strangers)
        _by_email(found)
    return found


def _watched(found: Matches, batch: Iterable[Heard]) -> set[Key]:
    keys = {key for one in batch for key in one.keys}
    rows = Watch.objects.filter(
        connection__in={connection_id for connection_id, _ in keys},
        contact_id__in={contact_id for _, contact_id in keys},
        state__in=OPEN,
    )
    watched = set()
    for pk, connection_id, contact_id in rows.values_list("pk", "connection", "contact_id"):
        found.watches.add(pk)
        watched.add((connection_id, contact_id))
    return watched


def _emails(strangers: Iterable[Heard]) -> dict[Key, set[str]]:
    """The email that each contact has, and the one by which we knew it: people change theirs."""
    emails: dict[Key, set[str]] = {one.key: set() for one in strangers}
    for one in strangers:
        emails[one.key] |= {normal_email(one.contact.email)} if one.contact.email else set()
    links = ContactLink.objects.filter(
        connection__in={connection_id for connection_id, _ in emails},
        contact_id__in={contact_id for _, contact_id in emails},
    )
    for connection_id, contact_id, email in links.values_list("connection", "contact_id", "email"):
        emails.get((connection_id, contact_id), set()).add(email)
    return emails


def _by_email(found: Matches) -> None:
    emails = {email for some in found.emails.values() for email in some if email}
    connections = {connection_id for connection_id, _ in found.emails}
    if not emails:
        return
    rows = Watch.objects.filter(
        connection__in=connections, participant__email_normalized__in=emails, state__in=OPEN
    )
    found.watches |= set(rows.values_list("pk", flat=True))
    leads = Q(participant__audience=Audience.LEAD, participant__status=ParticipantStatus.PENDING)
    found.doubtful = list(
        Delivery.objects.filter(
            IS_IN_FLIGHT,
            leads,
            connection__in=connections,
            email__in=emails,
            intent__in=CREATES,
            participant__watch=None,
        ).select_related("participant")
    )
