"""Why a call ended without an answer, read from the exception's type. Keeps nothing of the exception."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from integrations.intercom.body import TooLargeError
from integrations.intercom.errors import Kind

if TYPE_CHECKING:
    from integrations.intercom.deadline import Call

_BEFORE_SENDING = frozenset({Kind.CONNECT_TIMEOUT, Kind.REFUSED, Kind.UNREACHABLE, Kind.TLS})
_BY_TYPE: tuple[tuple[type[Exception], Kind], ...] = (
    (TooLargeError, Kind.TOO_LARGE),
    (requests.exceptions.ConnectTimeout, Kind.CONNECT_TIMEOUT),
    (requests.exceptions.Timeout, Kind.TIMEOUT),
    (requests.exceptions.SSLError, Kind.TLS),
    (requests.exceptions.ChunkedEncodingError, Kind.BROKEN),
    (requests.exceptions.ContentDecodingError, Kind.BROKEN),
    (NameResolutionError, Kind.UNREACHABLE),
    (NewConnectionError, Kind.REFUSED),
    (ConnectTimeoutError, Kind.CONNECT_TIMEOUT),
    (ssl.SSLError, Kind.TLS),
    (TimeoutError, Kind.TIMEOUT),
)


def lost_kind(error: Exception, *, call: Call) -> Kind:
    """The kind of a call without an answer; of the kinds before sending only if it surely never left."""
    kind = Kind.TIMEOUT if call.over else _kind(error)
    if call.sent and kind in _BEFORE_SENDING:
        return Kind.RESET
    if call.connecting and not call.sent and kind not in _BEFORE_SENDING:
        return Kind.CONNECT_TIMEOUT if kind is Kind.TIMEOUT else Kind.REFUSED
    return kind


def _kind(error: Exception) -> Kind:
    for candidate in (error, _innermost(error)):
        for kinds, kind in _BY_TYPE:
            if isinstance(candidate, kinds):
                return kind
    return Kind.RESET


def never_left(kind: Kind) -> bool:
    """Whether a call that ended so surely did not reach Intercom."""
    return kind in _BEFORE_SENDING


def _innermost(error: Exception) -> object:
    """What urllib3 said, inside the wrapping of requests."""
    wrapped = error.args[0] if error.args else None
    return getattr(wrapped, "reason", None) or wrapped
