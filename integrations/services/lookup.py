"""The contacts that an email has in Intercom at this moment, for a person who asks. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.intercom.errors import IntercomError, MergedError, NotFoundError
from integrations.intercom.hurry import PATIENCE, HurriedSession
from integrations.logic.duplicates import matching
from integrations.models import ContactLink, SecretUnreadableError
from integrations.services.access import asking
from integrations.services.vendor_words import cannot_ask, failure_in_words

if TYPE_CHECKING:
    from integrations.intercom.client import IntercomClient
    from integrations.logic.types import Contact
    from integrations.models import IntercomConnection

MOST_MERGES = 3


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What Intercom has, or a sentence that says why we do not know (`trouble`).

    `gone`: the contact that we knew is archived or deleted.
    """

    contacts: tuple[Contact, ...] = ()
    gone: bool = False
    trouble: str = ""


def look_up(connection: IntercomConnection, *, email: str, seconds: float = PATIENCE) -> LookedUp:
    """As the drain looks: first the contact that we remember, else a search. `email` in its one spelling.

    Ends within so many seconds, and never raises for what Intercom does.
    """
    if refusal := cannot_ask(connection):
        return LookedUp(trouble=refusal)
    link = ContactLink.objects.filter(connection=connection, email=email).first()
    try:
        with HurriedSession(seconds=seconds) as session, asking(connection, session=session) as client:
            known = _remembered(client, link.contact_id) if link else None
            if known is not None and matching([known], email=email):
                return LookedUp((known,))
            gone = link is not None and known is None
            return LookedUp(client.search_contacts([email]).value, gone=gone)
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        return LookedUp(trouble=failure_in_words(err, keep=[email]))


def _remembered(client: IntercomClient, contact_id: str) -> Contact | None:
    """The contact of our link, followed to where it was merged into; None if it is not there any more."""
    for _hop in range(MOST_MERGES + 1):
        try:
            return client.get_contact(contact_id).value
        except MergedError as err:
            if err.canonical_id is None:
                return None
            contact_id = err.canonical_id
        except NotFoundError:
            return None
    return None
