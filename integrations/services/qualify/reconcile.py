"""Looks at the contacts of leads that may still qualify, since webhooks get lost. One round at a time.

Fifteen to a search, oldest-checked first; obeys every pause, and leaves most of the limit to the drain.
Searches by id come first. Who is gone is searched for by email, with what a round has left of one search for
fifteen leads that may still qualify.
No transaction is open while Intercom is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.intercom.errors import MergedError, NotFoundError, RejectedError
from integrations.models import ConnectionStatus, IntercomConnection, SecretUnreadableError
from integrations.services.client import client_for
from integrations.services.drain.workspace import session
from integrations.services.qualify import absent, looking
from integrations.services.qualify.asking import Asker, StopError
from integrations.services.qualify.looking import Answered
from integrations.services.qualify.watches import make_up

if TYPE_CHECKING:
    from integrations.intercom.client import IntercomClient
    from integrations.logic.types import Contact

IDS_A_SEARCH = 15
MOST_SEARCHES = 60
MOST_READS = 60
MOST_MERGES = 3


def look_round(connection_id: int) -> str:
    """One round in a workspace; returns a short sentence. Running it twice, or too often, changes nothing."""
    connection = IntercomConnection.objects.get(pk=connection_id)
    make_up(connection_id, now=timezone.now())
    if not may_look(connection):
        return "not now"
    try:
        client = client_for(connection, session=session())
    except (SecretUnreadableError, ValueError):
        return "not now: its token or its address cannot be used"
    return Round(connection, client).run()


def may_look(connection: IntercomConnection) -> bool:
    rests = connection.paused_until is not None and connection.paused_until > timezone.now()
    connected = connection.status == ConnectionStatus.CONNECTED
    return connected and connection.paused_at is None and not rests


class Round:
    """One round in one workspace."""

    def __init__(self, connection: IntercomConnection, client: IntercomClient) -> None:
        self._id = connection.pk
        self._client = client
        self._asker = Asker(connection)
        self._searches = 0
        self._reads = 0

    def run(self) -> str:
        try:
            self._read_due()
            self._search_due()
            self._search_gone()
        except StopError:
            return f"{self._searches} searches, {self._reads} read; stopped early"
        return f"{self._searches} searches, {self._reads} read"

    def _read_due(self) -> None:
        while (room := MOST_READS - self._reads) > 0:
            now = timezone.now()
            due = looking.due_for_reading(self._id, now=now)
            ids = looking.claim(due, limit=min(IDS_A_SEARCH, room), now=now)
            if not ids:
                return
            self._read_all(ids)

    def _search_due(self) -> None:
        while self._searches < MOST_SEARCHES:
            now = timezone.now()
            due = looking.due_for_search(self._id, now=now)
            ids = looking.claim(due, limit=IDS_A_SEARCH, now=now)
            if not ids:
                return
            found = self._search(ids)
            if found is not None:
                as_of = now - looking.search_lag()
                looking.take(self._id, Answered({contact.id: contact for contact in found}, as_of))
                self._read_all(sorted(set(ids) - {contact.id for contact in found}))

    def _search_gone(self) -> None:
        share = min(ceil(looking.unsettled(self._id).count() / IDS_A_SEARCH), MOST_SEARCHES)
        while self._searches < share:
            emails = absent.claim_emails(self._id, limit=IDS_A_SEARCH, now=timezone.now())
            if not emails:
                return
            self._find(emails)

    def _find(self, emails: Sequence[str]) -> None:
        as_of = timezone.now() - looking.search_lag()
        self._searches += 1
        try:
            found = self._asker.ask(self._client.search_contacts, emails)
        except StopError:
            absent.give_back(self._id, emails)
            raise
        except (RejectedError, NotFoundError, MergedError):
            absent.refused(self._id, emails)
        else:
            absent.take_found(self._id, emails, found=found or (), as_of=as_of)

    def _search(self, ids: Sequence[str]) -> Sequence[Contact] | None:
        try:
            found = self._asker.ask(self._client.search_contacts_by_id, ids)
        except StopError:
            looking.give_back(self._id, ids)
            raise
        except (RejectedError, NotFoundError, MergedError):
            # One id among them that Intercom takes for none: the others are read all the same.
            found = ()
        self._searches += 1
        return None if found is None else [contact for contact in found if contact.id in ids]

    def _read_all(self, ids: Sequence[str]) -> None:
        """Archived, merged, or new to the search: only reading tells. Too many wait for their next turn."""
        for number, contact_id in enumerate(ids):
            if self._reads >= MOST_READS:
                return
            try:
                self._read(contact_id)
            except StopError:
                looking.give_back(self._id, ids[number:])
                raise

    def _read(self, contact_id: str) -> None:
        """One contact, followed to where it was merged into."""
        as_of, asked = timezone.now(), contact_id
        for _hop in range(MOST_MERGES + 1):
            self._reads += 1
            try:
                contact = self._asker.ask(self._client.get_contact, asked)
            except MergedError as err:
                asked = err.canonical_id or ""
                if asked:
                    continue
            except NotFoundError:
                pass
            except RejectedError:
                return
            else:
                if contact is not None:
                    looking.take(self._id, Answered({contact_id: contact}, as_of, surely=True))
                return
            looking.take_gone(self._id, [contact_id])
            return
