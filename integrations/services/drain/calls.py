"""The drain's calls to Intercom. Runs in threads: touches no database and no shared state but the pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from integrations.intercom.deadline import over_by
from integrations.intercom.errors import (
    ConflictError,
    IntercomError,
    Kind,
    MergedError,
    NotFoundError,
    RejectedError,
    TransientError,
)
from integrations.intercom.exchange import Exchange
from integrations.intercom.session import DEADLINE

if TYPE_CHECKING:
    from integrations.intercom.client import Answer, IntercomClient
    from integrations.logic.pace import Pace
    from integrations.logic.silence import Silence
    from integrations.logic.types import Contact
    from integrations.services.lease import Lease

T = TypeVar("T")

MOST_MERGES = 3

NO_ANSWER = frozenset(Kind) - {Kind.BAD_SHAPE, Kind.INCOMPLETE, Kind.NO_WORKSPACE}
"""Nothing of Intercom's came back, whatever its gateway may have said."""


class NotSentError(Exception):
    """The call did not leave: the lease would not have covered it, or the drain is stopping."""


@dataclass(frozen=True, slots=True)
class Found:
    """What Intercom has for one job, or why we do not know; and the calls that it took.

    `gone`: the contact that our link named is not there any more.
    """

    contacts: tuple[Contact, ...] = ()
    error: Exception | None = None
    exchanges: tuple[Exchange, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write: the contact as Intercom answered it, the contact that stood in the way
    of a create (`existing`), or the error."""

    contact: Contact | None = None
    existing: Contact | None = None
    error: Exception | None = None
    exchanges: tuple[Exchange, ...] = ()


class Caller:
    """Makes calls in one workspace, at its pace, and only while the lease covers them."""

    def __init__(self, client: IntercomClient, *, lease: Lease, pace: Pace, silence: Silence) -> None:
        self._client = client
        self._lease = lease
        self._pace = pace
        self._silence = silence
        self._stopping = threading.Event()

    def stop(self) -> None:
        """What has not left yet stays here; what has left is waited for by whoever called."""
        self._stopping.set()

    def look_up(self, emails: Sequence[str]) -> dict[str, Found]:
        """One search for up to 15 emails; singly when Intercom rejects them together.

        So that one bad address fails alone.
        """
        try:
            answer = self._call(self._client.search_contacts, emails)
        except RejectedError as err:
            if len(emails) == 1:
                return {emails[0]: _failed(err)}
            singly: dict[str, Found] = {}
            for email in emails:
                singly |= self.look_up([email])
            return singly
        except (IntercomError, NotSentError) as err:
            return dict.fromkeys(emails, _failed(err))
        return dict.fromkeys(emails, Found(contacts=answer.value, exchanges=answer.exchanges))

    def read(self, contact_id: str) -> Found:
        """A linked contact, followed to where it was merged into."""
        exchanges: tuple[Exchange, ...] = ()
        for _hop in range(MOST_MERGES + 1):
            try:
                answer = self._call(self._client.get_contact, contact_id)
            except MergedError as err:
                exchanges = (*exchanges, *_exchanges(err))
                if err.canonical_id is None:
                    break
                contact_id = err.canonical_id
            except NotFoundError as err:
                exchanges = (*exchanges, *_exchanges(err))
                break
            except (IntercomError, NotSentError) as err:
                return replace(_failed(err), exchanges=(*exchanges, *_exchanges(err)))
            else:
                return Found(contacts=(answer.value,), exchanges=(*exchanges, *answer.exchanges))
        return Found(gone=True, exchanges=exchanges)

    def restore(self, contact_id: str) -> Found:
        """A contact taken out of the archive; one that is not in it any more is simply read."""
        found = self.read(contact_id)
        if not found.gone:
            return found
        try:
            answer = self._call(self._client.unarchive_contact, contact_id)
        except (IntercomError, NotSentError) as err:
            return replace(_failed(err), exchanges=(*found.exchanges, *_exchanges(err)))
        again = self.read(contact_id)
        return replace(again, exchanges=(*found.exchanges, *answer.exchanges, *again.exchanges))

    def create(self, body: Mapping[str, Any]) -> Written:
        """Creates a contact; where Intercom says that it exists, reads the one that it names."""
        try:
            answer = self._call(self._client.create_contact, body)
        except ConflictError as err:
            if err.archived or err.contact_id is None:
                return Written(error=err, exchanges=_exchanges(err))
            found = self.read(err.contact_id)
            exchanges = (*_exchanges(err), *found.exchanges)
            if found.contacts:
                return Written(existing=found.contacts[0], exchanges=exchanges)
            return Written(error=found.error or err, exchanges=exchanges)
        except (IntercomError, NotSentError) as err:
            return Written(error=err, exchanges=_exchanges(err))
        return Written(contact=answer.value, exchanges=answer.exchanges)

    def update(self, contact_id: str, body: Mapping[str, Any]) -> Written:
        try:
            answer = self._call(lambda changed: self._client.update_contact(contact_id, changed), body)
        except (IntercomError, NotSentError) as err:
            return Written(error=err, exchanges=_exchanges(err))
        return Written(contact=answer.value, exchanges=answer.exchanges)

    def delete(self, contact_id: str) -> Found:
        """Deletes a contact for good; one that is not there any more is `gone` as well."""
        found = self.erase(contact_id)
        return replace(found, error=None, gone=True) if isinstance(found.error, MergedError) else found

    def erase(self, contact_id: str) -> Found:
        """The same; but where it was merged into another contact, that is the error."""
        try:
            answer = self._call(self._client.delete_contact, contact_id)
        except NotFoundError as err:
            return Found(gone=True, exchanges=_exchanges(err))
        except (IntercomError, NotSentError) as err:
            return _failed(err)
        return Found(gone=True, exchanges=answer.exchanges)

    def _call(self, method: Callable[[Any], Answer[T]], argument: Any) -> Answer[T]:
        self._wait_for_turn()
        rate = None
        try:
            # A process that stood still since its lease was looked at must not send any more.
            with over_by(self._lease.safe_until):
                answer = method(argument)
            rate = answer.exchange.rate
            self._silence.answered()
        except IntercomError as err:
            rate = err.exchange.rate if err.exchange else None
            self._note(err)
            raise
        finally:
            self._pace.release(rate)
        return answer

    def _note(self, error: IntercomError) -> None:
        if isinstance(error, TransientError) and error.kind in NO_ANSWER:
            ms = error.exchange.duration_ms if error.exchange else 0
            self._silence.unanswered(seconds=ms / 1000)
        else:
            self._silence.answered()

    def _wait_for_turn(self) -> None:
        """Raises NotSentError rather than sending what might arrive after the lease has run out."""
        while True:
            if self._stopping.is_set() or not self._lease.covers(DEADLINE):
                raise NotSentError
            wait = self._pace.acquire()
            if wait <= 0:
                return
            # In small steps, so that a stop is heard; the lease is looked at again right before sending.
            time.sleep(min(wait, 0.25))


def _failed(err: Exception) -> Found:
    return Found(error=err, exchanges=_exchanges(err))


def _exchanges(err: Exception) -> tuple[Exchange, ...]:
    exchange = getattr(err, "exchange", None)
    return (exchange,) if isinstance(exchange, Exchange) else ()
