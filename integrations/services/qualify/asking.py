"""How a look calls Intercom: until its time is up, its share of the limit used, or Intercom says no."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings

from integrations.intercom.errors import (
    AuthError,
    ForbiddenError,
    IntercomError,
    MergedError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
)
from integrations.logic.silence import STALLED
from integrations.models import IntercomConnection
from integrations.services.drain.workspace import need_reconnect, rest, rest_in_silence, silence_of

if TYPE_CHECKING:
    from integrations.intercom.client import Answer
    from integrations.intercom.exchange import RateLimit

Given = TypeVar("Given")
Found = TypeVar("Found")

SECONDS = 20.0
HALF = 0.5
"""A look stops when this part of our share of the window is used, by whomever: the rest is for sending."""

MOST_FAILURES = 2


class StopError(Exception):
    """Nothing more is asked in this round, and this was not."""


class Asker:
    """One round's calls in one workspace."""

    def __init__(self, connection: IntercomConnection) -> None:
        self._connection = connection
        self._ends = time.monotonic() + SECONDS
        self._silence = silence_of(connection.pk)
        self._failures = 0
        self._enough = False

    def ask(self, method: Callable[[Given], Answer[Found]], argument: Given) -> Found | None:
        """The answer; None where none came that can be trusted.

        Raises StopError, and what Intercom says of a contact: NotFoundError, MergedError, RejectedError.
        """
        if self._enough or time.monotonic() >= self._ends:
            raise StopError
        try:
            answer = method(argument)
        except (NotFoundError, MergedError, RejectedError):
            raise
        except (AuthError, ForbiddenError, RateLimitedError) as err:
            self._refused(err)
            raise StopError from None
        except IntercomError as err:
            self._failures += 1
            self._enough = self._failures >= MOST_FAILURES
            self._heed_silence(err)
            return None
        self._silence.answered()
        self._leave_the_drain_its_share(answer.exchange.rate)
        return answer.value

    def _heed_silence(self, error: IntercomError) -> None:
        """Calls that hang hold a worker, in each round anew. Those that fail at once may be one contact's."""
        seconds = error.exchange.duration_ms / 1000 if error.exchange else 0.0
        if seconds < STALLED:
            return
        self._silence.unanswered(seconds=seconds)
        rest_for = self._silence.rest()
        if rest_for:
            rest_in_silence(self._connection.pk, seconds=rest_for)

    def _leave_the_drain_its_share(self, rate: RateLimit | None) -> None:
        ours = settings.INTERCOM_LIMIT_SHARE / 100
        self._enough = rate is not None and rate.remaining < rate.limit * (1 - ours * HALF)

    def _refused(self, error: AuthError | ForbiddenError | RateLimitedError) -> None:
        connection = self._connection
        if isinstance(error, RateLimitedError):
            rest(connection.pk, retry_at=error.retry_at, hits=1)
            return
        need_reconnect(connection.pk, detail=error.code, asked_with=connection.sealed_token)
