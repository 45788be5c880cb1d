"""The one HTTP door to Intercom: one deadline for each call, no redirects, cookies, proxies or retries.

Keeps no token, logs nothing, and lets no exception out that holds a token or a body.
"""

from __future__ import annotations

import json as json_module
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, Self
from urllib.parse import urlencode

import requests
from urllib3.exceptions import HTTPError

from integrations.intercom.body import NotJsonError, TooLargeError, load_json, read_body
from integrations.intercom.connections import DeadlineAdapter
from integrations.intercom.deadline import CONNECT_TIMEOUT, limited
from integrations.intercom.errors import AuthError, Kind, TransientError
from integrations.intercom.exchange import Exchange, RateLimit, Reply, read_rate
from integrations.intercom.failures import failure_of
from integrations.intercom.lost import lost_kind, never_left

__all__ = ["API_VERSION", "DEADLINE", "USER_AGENT", "Exchange", "RateLimit", "Reply", "Session"]

API_VERSION = "2.16"
DEADLINE = 13.0
USER_AGENT = "LeadSync/0.1"
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Content-Type": "application/json",
    "Intercom-Version": API_VERSION,
    "User-Agent": USER_AGENT,
}
_BODY_IRRELEVANT = frozenset({401, 429})
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,100}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_TROUBLE = (TooLargeError, requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


@dataclass(slots=True)
class _Outcome:
    """What came of one request, as far as it came; `lost` says why no further."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None
    readable: bool = True
    lost: Kind | None = None


class Session:
    """One pool of connections for any number of threads, workspaces and hosts. Close it when done."""

    def __init__(
        self,
        *,
        pool_maxsize: int = 32,
        deadline: float = DEADLINE,
        connect_timeout: float = CONNECT_TIMEOUT,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        """`deadline` (for a whole call, body included) and `connect_timeout` are in seconds.

        `on_exchange` hears of every call, in the calling thread, before `send` returns or raises. It must
        not raise.
        """
        self._deadline = deadline
        self._connect_timeout = connect_timeout
        self._on_exchange = on_exchange
        self._http = _http_session(pool_maxsize)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        base_url: str,
        json: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one call and return its 2xx answer; a `token` of None sends no Authorization.

        Put nothing personal into `path` or `params`. Raises an IntercomError for anything but a 2xx with
        JSON or with no body; before sending, ValueError or TypeError for a `json` that JSON can't hold.
        """
        url = base_url.rstrip("/") + path
        request = requests.Request(
            method, url, headers=_authorization(token), params=params, data=_encoded(json)
        )
        started_at, clock = datetime.now(UTC), time.monotonic()
        outcome = self._fetch(request)
        exchange = Exchange(
            method=method,
            path=path,
            status=outcome.status,
            request_id=_request_id(outcome),
            started_at=started_at,
            duration_ms=round((time.monotonic() - clock) * 1000),
            rate=read_rate(outcome.headers),
        )
        if self._on_exchange is not None:
            self._on_exchange(exchange)
        return _judged(exchange, outcome)

    def _fetch(self, request: requests.Request) -> _Outcome:
        """Never raises for what a network or a server can do."""
        outcome = _Outcome()
        with limited(self._deadline, connect_timeout=self._connect_timeout) as call:
            try:
                self._receive(request, outcome)
            except NotJsonError:
                outcome.readable = False
            except _TROUBLE as error:
                outcome.lost = lost_kind(error, call=call)
        return outcome

    def _receive(self, request: requests.Request, outcome: _Outcome) -> None:
        """Fill `outcome` step by step, so that what did come is kept when the rest does not."""
        # Past requests' session: what it prepares, merges and looks for costs a third of the call.
        prepared = _prepared(request)
        adapter = self._http.get_adapter(request.url)
        timeout = (self._connect_timeout, self._deadline)
        with adapter.send(prepared, stream=True, timeout=timeout) as response:
            outcome.status = response.status_code
            outcome.headers = response.headers
            outcome.data = load_json(read_body(response))


def _http_session(pool_maxsize: int) -> requests.Session:
    """For its connections alone: whatever `requests.Session.send` would add, workspaces must not share."""
    http = requests.Session()
    http.headers = requests.structures.CaseInsensitiveDict(_HEADERS)
    for scheme in ("https://", "http://"):
        http.mount(scheme, DeadlineAdapter(pool_maxsize=pool_maxsize, max_retries=0))
    return http


def _prepared(request: requests.Request) -> requests.PreparedRequest:
    """As it leaves. All of it is ours and plain: nothing has to be guessed, merged or encoded."""
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = f"{request.url}?{urlencode(request.params)}" if request.params else request.url
    prepared.headers = requests.structures.CaseInsensitiveDict(_HEADERS | dict(request.headers))
    prepared.body = request.data or None
    if prepared.body is not None or request.method != "GET":
        prepared.headers["Content-Length"] = str(len(prepared.body or b""))
    return prepared


def _authorization(token: str | None) -> dict[str, str]:
    """Raises AuthError for what can't be a token: the HTTP library would quote it in its own error."""
    if token is None:
        return {}
    if _TOKEN.fullmatch(token) is None:
        raise AuthError
    return {"Authorization": f"Bearer {token}"}


def _encoded(json: Any) -> bytes | None:
    return None if json is None else json_module.dumps(json, allow_nan=False).encode()


def _request_id(outcome: _Outcome) -> str:
    told = outcome.data.get("request_id") if isinstance(outcome.data, dict) else None
    for candidate in (outcome.headers.get("X-Request-Id"), told):
        if isinstance(candidate, str) and _REQUEST_ID.fullmatch(candidate):
            return candidate
    return ""


def _judged(exchange: Exchange, outcome: _Outcome) -> Reply:
    if outcome.lost is not None and outcome.status not in _BODY_IRRELEVANT:
        raise TransientError(exchange, kind=outcome.lost, maybe_acted=not never_left(outcome.lost))
    error = failure_of(exchange, headers=outcome.headers, data=outcome.data, readable=outcome.readable)
    if error is not None:
        raise error
    return Reply(outcome.data, exchange)
