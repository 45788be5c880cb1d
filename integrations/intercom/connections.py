"""Connections that end a call at its total deadline, however slowly the other side drips.

requests' own read time-out starts anew with each byte; this one does not. It retries nothing.
"""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from integrations.intercom.deadline import present

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3.connectionpool import ConnectionPool

_PIECE = 16 * 1024
_BLINK = 0.05
"""Seconds."""


def _allow(sock: socket.socket, seconds: float) -> None:
    """Let the next read or write take so long, or the blink of an eye longer: to set a time-out, Python lets
    go of its lock, and where many threads wait for that, getting it back costs more than the write itself."""
    now = sock.gettimeout()
    if now is None or not seconds <= now <= seconds + _BLINK:
        sock.settimeout(seconds)


class _TimedStream(io.RawIOBase):
    """A socket's bytes, each read allowed only what is left of the call."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        _allow(self._sock, present().left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedStream(self.fp.detach(), sock))

    def begin(self) -> None:
        """Up to the final answer. Python passes over 100 alone: after any other interim answer the true one
        would stay in the connection, and the next call would take it for its own."""
        super().begin()
        while 100 < self.status < 200:
            self.headers = None  # type: ignore[assignment]
            super().begin()


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse
    _unsent: bytearray | None = None
    """Collects what a request consists of, while it is put together."""

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

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Head and body leave together: a write for each would be a packet and a TLS record for each."""
        self._unsent = bytearray()
        try:
            super().request(*args, **kwargs)
            whole = bytes(self._unsent)
        finally:
            self._unsent = None
        self.send(whole)

    def send(self, data: Any) -> None:
        """Send bytes piece by piece: over TLS, the time-out of one big write would start anew inside it."""
        if self._unsent is not None:
            self._unsent += data
            return
        call = present()
        for start in range(0, len(data), _PIECE):
            if self.sock is None:
                self.connect()
            _allow(self.sock, call.left())
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
        self._pools: dict[tuple[str, ...], Any] = {}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *args: Any, **kwargs: Any
    ) -> ConnectionPool:
        """The host's, remembered: to look for proxies and certificates, which are the same for all calls and
        never others, takes a tenth of a call."""
        origin = urlsplit(request.url or "")[:2]
        pool = self._pools.get(origin)
        # One that was put away, as many other hosts were asked since, has nothing in it.
        if pool is None or pool.pool is None:
            pool = self._pools[origin] = super().get_connection_with_tls_context(request, *args, **kwargs)
        return cast("ConnectionPool", pool)

    def request_url(self, request: PreparedRequest, *_: Any, **__: Any) -> str:
        """There is no proxy, which would want the whole of it."""
        return request.path_url


def _open_socket(host: str, port: int) -> socket.socket:
    """Connect to the first address that answers; all addresses together stay within the deadline.

    Looking up the name itself can't be interrupted; if it was too slow, nothing is sent any more.
    """
    call = present()
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
