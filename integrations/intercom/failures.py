"""Which error an answer of Intercom is. Reads status, headers and JSON; decides nothing about retries."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from integrations.intercom import errors as e
from integrations.intercom.exchange import read_count

if TYPE_CHECKING:
    from integrations.intercom.exchange import Exchange

LONGEST_PAUSE = 60.0
_MOST_ERRORS = 10
_ID = r"([A-Za-z0-9_-]{1,64})(?![A-Za-z0-9_-])"
_EXISTING_ID = re.compile(rf"(?<![\w-])id={_ID}")
_UNKNOWN_ATTRIBUTE = re.compile(r"Custom attribute '(.*)' does not exist")
_CANONICAL = re.compile(rf"<[^<>]*/contacts/{_ID}>\s*;[^<]*?rel\s*=\s*\"?canonical\b", re.IGNORECASE)

_Maker = Callable[["Exchange", tuple[e.VendorError, ...], Mapping[str, str]], e.IntercomError]


def failure_of(
    exchange: Exchange, *, headers: Mapping[str, str], data: Any, readable: bool
) -> e.IntercomError | None:
    """The error that an answer stands for; None for a readable 2xx.

    `data` is the body's JSON (None for an empty body), `readable` whether it was JSON at all. Never raises.
    https://developers.intercom.com/docs/references/rest-api/errors/http-responses
    """
    status = exchange.status or 0
    errors = read_errors(data)
    if status in {401, 429}:
        return _BY_STATUS[status](exchange, errors, headers)
    kind = _no_answer(status, data, readable=readable)
    if kind is not None:
        return e.TransientError(exchange, kind=kind, errors=errors)
    if status < 400:
        return None
    return _BY_STATUS.get(status, _rejected)(exchange, errors, headers)


def read_errors(data: Any) -> tuple[e.VendorError, ...]:
    """Intercom's error list; entries that are no errors are passed over."""
    entries = data.get("errors") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(_entry(entry) for entry in entries[:_MOST_ERRORS] if isinstance(entry, dict))


def _entry(entry: dict[str, Any]) -> e.VendorError:
    return e.VendorError(*(_text(entry.get(key)) for key in ("code", "message", "field")))


def _text(value: Any) -> str:
    return value[: e.MESSAGE_LIMIT] if isinstance(value, str) else ""


def _no_answer(status: int, data: Any, *, readable: bool) -> e.Kind | None:
    """Why this is no answer of Intercom's to our request; None if it is one."""
    if status >= 500:
        return e.Kind.SERVER_ERROR
    if status == 408:
        return e.Kind.SERVER_TIMEOUT
    if not 200 <= status < 300 and status < 400:
        return e.Kind.REDIRECT
    # A gateway's HTML with a 404 or 403 says nothing about the contact or our rights.
    if not readable or (status >= 400 and not isinstance(data, dict | None)):
        return e.Kind.NOT_JSON
    return None


def _conflict(exchange: Exchange, errors: tuple[e.VendorError, ...], _: Mapping[str, str]) -> e.IntercomError:
    """The id stands in the message alone, maybe in a later error; two different ids are no answer."""
    named = [error for error in errors if error.code == "conflict" or "already exists" in error.message]
    if not named or not exchange.path.startswith("/contacts"):
        return _rejected(exchange, errors, _)
    ids = {match[1] for error in named for match in _EXISTING_ID.finditer(error.message)}
    archived = any(error.message.lstrip().lower().startswith("an archived contact") for error in named)
    only = ids.pop() if len(ids) == 1 else None
    return e.ConflictError(exchange, errors=errors, contact_id=only, archived=archived)


def _gone(
    exchange: Exchange, errors: tuple[e.VendorError, ...], headers: Mapping[str, str]
) -> e.IntercomError:
    found = {match[1] for match in _CANONICAL.finditer(headers.get("Link", ""))}
    if not found and all(error.code != "contact_merged" for error in errors):
        return _rejected(exchange, errors, headers)
    return e.MergedError(exchange, errors=errors, canonical_id=found.pop() if len(found) == 1 else None)


def _rate_limited(
    exchange: Exchange, errors: tuple[e.VendorError, ...], headers: Mapping[str, str]
) -> e.IntercomError:
    return e.RateLimitedError(exchange, errors=errors, retry_at=_retry_at(headers, now=time.time()))


def _retry_at(headers: Mapping[str, str], *, now: float) -> float | None:
    """The later of the window's end and Retry-After (not documented, but honoured), within a minute."""
    reset = read_count(headers.get("X-RateLimit-Reset"))
    after = _retry_after(headers.get("Retry-After", ""), now=now)
    times = [moment for moment in (reset, after) if moment is not None]
    return min(max(*times, now), now + LONGEST_PAUSE) if times else None


def _retry_after(text: str, *, now: float) -> float | None:
    seconds = read_count(text)
    if seconds is not None:
        return now + seconds
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _rejected(exchange: Exchange, errors: tuple[e.VendorError, ...], _: Mapping[str, str]) -> e.IntercomError:
    names = (match[1] for error in errors if (match := _UNKNOWN_ATTRIBUTE.search(error.message)))
    return e.RejectedError(exchange, errors=errors, attribute_name=next(names, None))


def _simple(kind: type[e.AuthError | e.ForbiddenError | e.NotFoundError]) -> _Maker:
    return lambda exchange, errors, _: kind(exchange, errors=errors)


_BY_STATUS: dict[int, _Maker] = {
    401: _simple(e.AuthError),
    402: _simple(e.ForbiddenError),
    403: _simple(e.ForbiddenError),
    404: _simple(e.NotFoundError),
    409: _conflict,
    410: _gone,
    429: _rate_limited,
}
