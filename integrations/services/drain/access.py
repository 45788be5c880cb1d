"""A slice's way to its workspace: the client it may use, and what a refusal does to all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.intercom.errors import IntercomError, RateLimitedError
from integrations.models import SecretUnreadableError
from integrations.services.drain.calls import Caller
from integrations.services.drain.verdicts import Trouble
from integrations.services.drain.workspace import (
    load,
    need_reconnect,
    pace_of,
    rest,
    rest_in_silence,
    silence_of,
)

if TYPE_CHECKING:
    from integrations.services.lease import Lease


class Access:
    """`caller` is None while the workspace may not be called at all."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._token_since = timezone.now()
        self._rate_limit_hits = 0
        self._silence = silence_of(lease.connection_id)
        self.workspace = load(lease.connection_id, now=timezone.now())
        self.caller = self._new_caller()

    @property
    def open(self) -> bool:
        """Nobody has paused the workspace, nor has Intercom."""
        return self.workspace.usable and not self.paused_for

    @property
    def paused_for(self) -> float:
        """Seconds for which it rests, after a rate limit or because Intercom does not answer."""
        return self.workspace.paused_for(timezone.now())

    def close(self) -> None:
        """What has not left stays here."""
        if self.caller:
            self.caller.stop()
        self.caller = None

    def rest_if_silent(self) -> bool:
        """Whether Intercom has not answered for so long that nothing more may leave as things are."""
        seconds = self._silence.rest()
        if not seconds:
            return False
        rest_in_silence(self._lease.connection_id, seconds=seconds)
        self._begin_anew()
        return True

    def _begin_anew(self) -> None:
        self.reload()
        self.close()
        self.caller = self._new_caller()

    def reload(self) -> None:
        """Reads the workspace anew; a token that was renewed meanwhile is used from here on."""
        before = self.workspace
        self.workspace = load(self._lease.connection_id, now=timezone.now(), before=before)
        if self.workspace.connection.sealed_token != before.connection.sealed_token:
            if self.caller:
                self.close()
                self.caller = self._new_caller()
            self._token_since = timezone.now()

    def hear(self, trouble: Trouble, error: Exception | None) -> bool:
        """What a failure says about the whole workspace; True when nothing more may leave as things are."""
        connection_id = self._lease.connection_id
        match trouble:
            case Trouble.NONE:
                return False
            case Trouble.RECONNECT:
                self.reload()
                if not self._was_asked_with_an_old_token(error):
                    token = self.workspace.connection.sealed_token
                    need_reconnect(connection_id, detail=getattr(error, "code", ""), asked_with=token)
            case Trouble.RATE_LIMIT:
                # One refusal concerns a whole batch, and the calls beside it are refused together.
                self._rate_limit_hits += not self.workspace.paused_for(timezone.now())
                retry_at = error.retry_at if isinstance(error, RateLimitedError) else None
                rest(connection_id, retry_at=retry_at, hits=self._rate_limit_hits)
        self._begin_anew()
        return True

    def _was_asked_with_an_old_token(self, error: Exception | None) -> bool:
        exchange = error.exchange if isinstance(error, IntercomError) else None
        return exchange is not None and exchange.started_at < self._token_since

    def _new_caller(self) -> Caller | None:
        if not self.workspace.usable:
            return None
        try:
            client = self.workspace.client()
        except (SecretUnreadableError, ValueError) as err:
            # No key opens the token, or its address cannot be used (a sandbox that is switched off).
            need_reconnect(self._lease.connection_id, detail=type(err).__name__)
            return None
        pace = pace_of(self._lease.connection_id)
        return Caller(client, lease=self._lease, pace=pace, silence=self._silence)
