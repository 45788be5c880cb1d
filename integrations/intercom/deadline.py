"""Connections that end a call at its total deadline, however slowly the other side drips.

requests' own read time-out starts anew with each byte; this one does not. It retries nothing.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONNECT_TIMEOUT = 3.05
_PIECE = 16 * 1024


_LATEST: ContextVar[float] = ContextVar("latest", default=math.inf)


@contextmanager
def over_by(moment: float) -> Iterator[None]:
    """Every call that this thread begins within the block ends by then too (`time.monotonic`).

    For who looked at the clock before: a process may stand still between a look and a call, for minutes.
    """
    reset = _LATEST.set(moment)
    try:
        yield
    finally:
        _LATEST.reset(reset)


class Call:
    """The clock of one call, and how far it got: `connecting`, `sent` (a byte has left)."""

    def __init__(self, seconds: float, *, connect_timeout: float) -> None:
        self._ends = min(time.monotonic() + seconds, _LATEST.get())
        self._connect_timeout = connect_timeout
        self.connecting = False
        self.sent = False

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._ends

    def left_to_connect(self) -> float:
        """The seconds that connecting, or the TLS handshake, may take. Raises TimeoutError."""
        return min(self._connect_timeout, self.left())

    def left(self) -> float:
        """The seconds that remain. Raises TimeoutError once none do."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


_CALL: ContextVar[Call] = ContextVar("intercom_call")


@contextmanager
def limited(seconds: float, *, connect_timeout: float = CONNECT_TIMEOUT) -> Iterator[Call]:
    """Bind every connection that this thread uses within the block to one deadline."""
    call = Call(seconds, connect_timeout=connect_timeout)
    reset = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(reset)


class _TimedStream(io.RawIOBase):
    """A socket's bytes, each read allowed only what is left of the call."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        self._sock.settimeout(_CALL.get().left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedStream(self.fp.detach(), sock))


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        try:
            sock = _open_socket(self.host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        return sock

    def send(self, data: Any) -> None:
        """Send bytes piece by piece: over TLS, the time-out of one big write would start anew inside it."""
        call = _CALL.get()
        for start in range(0, len(data), _PIECE):
            if self.sock is None:
                self.connect()
            self.sock.settimeout(call.left())
            call.sent = True
            super().send(data[start : start + _PIECE])


class _TimedSecureConnection(_TimedConnection, HTTPSConnection):
    """TLS from urllib3, the clock from above."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _TimedSecureConnection


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter over timed connections. Usable only inside `limited`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _open_socket(host: str, port: int) -> socket.socket:
    """Connect to the first address that answers; all addresses together stay within the deadline.

    Looking up the name itself can't be interrupted; if it was too slow, nothing is sent any more.
    """
    call = _CALL.get()
    call.connecting = True
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(call.left_to_connect())
            sock.connect(address)
            sock.settimeout(call.left_to_connect())
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure
