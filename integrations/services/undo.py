"""What taking an update back would do, for a person to look at first. Asks Intercom; changes no contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.intercom.errors import AuthError, IntercomError, MergedError, NotFoundError
from integrations.intercom.hurry import PATIENCE, HurriedSession
from integrations.logic.undo import Fate, FieldUndo, foreseen, plan
from integrations.models import ConnectionStatus, SecretUnreadableError
from integrations.services.access import asking
from integrations.services.vendor_words import cannot_ask, failure_in_words
from integrations.services.written import history_of

if TYPE_CHECKING:
    from integrations.logic.types import Contact
    from integrations.models import Delivery, IntercomConnection


@dataclass(frozen=True, slots=True)
class Proposal:
    """`trouble`: a sentence that says why Intercom could not be asked; the fields are then as they would be
    if nobody had touched them. `refused`: not before the workspace is connected again. `gone`: the contact is
    archived, deleted or merged into another."""

    fields: tuple[FieldUndo, ...] = ()
    trouble: str = ""
    refused: bool = False
    gone: bool = False

    @property
    def asked(self) -> bool:
        return not self.trouble and not self.gone

    @property
    def too_late(self) -> bool:
        """Whether some fields have what we wrote, and nobody knows any more what was there before."""
        return any(one.fate is Fate.FORGOTTEN for one in self.fields)

    @property
    def goes_back(self) -> int:
        """How many fields would be written."""
        return 0 if self.gone or self.refused else sum(one.fate is Fate.BACK for one in self.fields)


def propose(delivery: Delivery, *, seconds: float = PATIENCE) -> Proposal:
    """For a row loaded with its connection. Ends within so many seconds, whatever Intercom does.

    Where the workspace is not connected there is nothing to order, only something to say.
    """
    history = history_of([delivery]).get(delivery.pk, ())
    fields = tuple(foreseen(history))
    if not fields or delivery.connection is None:
        return Proposal()
    try:
        contact = _read(delivery.connection, delivery.contact_id, seconds=seconds)
    except (NotFoundError, MergedError):
        return Proposal(fields, gone=True)
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        words = failure_in_words(err, keep=[delivery.email])
        return Proposal(fields, trouble=words, refused=isinstance(err, AuthError))
    if isinstance(contact, str):
        lost = delivery.connection.status != ConnectionStatus.CONNECTED
        return Proposal(fields, trouble=contact, refused=lost)
    return Proposal(tuple(plan(history, contact=contact)))


def _read(connection: IntercomConnection, contact_id: str, *, seconds: float) -> Contact | str:
    """The contact as it is at this moment, or why nobody may ask."""
    if refusal := cannot_ask(connection):
        return refusal
    with HurriedSession(seconds=seconds) as session, asking(connection, session=session) as client:
        return client.get_contact(contact_id).value
