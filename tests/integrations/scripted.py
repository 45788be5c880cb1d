"""A network for flow tests that says whatever the test wants, without sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from requests.structures import CaseInsensitiveDict

from integrations.intercom.body import load_json
from integrations.intercom.session import Session
from integrations.services.drain import slice as slice_module

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True)
class Called:
    """One call as it left."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """search, read, create, update or another call."""
        if self.path == "/contacts/search":
            return "search"
        kinds = {"POST": "create", "GET": "read", "PUT": "update"}
        return kinds.get(self.method, "other") if self.path.startswith("/contacts") else "other"

    @property
    def emails(self) -> set[str]:
        """The emails that a search asks for, or a write writes."""
        body = json.loads(self.body or b"{}")
        query = body.get("query", body)
        parts = query.get("value") if isinstance(query.get("value"), list) else [query]
        return {str(part.get("value") if "query" in body else part.get("email")) for part in parts}


@dataclass(frozen=True, slots=True)
class Said:
    """What comes back: an answer, or an exception in its place."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: Exception | None = None

    @property
    def acted(self) -> bool:
        """Whether a create that got this may have been carried out, as far as its caller can tell."""
        if self.error is not None:
            return getattr(self.error, "maybe_acted", False) or not hasattr(self.error, "exchange")
        return self.status < 400 or self.status == 408 or self.status >= 500


@contextmanager
def network(answer: Callable[[Called], Said], *, seconds: float) -> Iterator[list[tuple[Called, Said]]]:
    """Every call of the product is answered by `answer`; gives the list of what was called and said.

    Slices do not doze, and last at most so many seconds, so that a drain ends as soon as nothing is due.
    """
    log: list[tuple[Called, Said]] = []
    lock = threading.Lock()

    def receive(session: Session, request: requests.Request, outcome: Any) -> None:
        with lock:
            call = _called(request, always=session._http.headers)
            said = answer(call)
            log.append((call, said))
        if said.error is not None:
            raise said.error
        outcome.status, outcome.headers = said.status, CaseInsensitiveDict(said.headers)
        outcome.data = load_json(said.body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "_receive", receive)
        patch.setattr(slice_module, "SECONDS", seconds)
        patch.setattr(slice_module, "WORTH_WAITING", -1.0)
        yield log


def _called(request: requests.Request, *, always: Mapping[str, str | bytes]) -> Called:
    parts = urlsplit(str(request.url))
    query = {**dict(parse_qsl(parts.query)), **dict(request.params or {})}
    headers = {name.lower(): str(value) for name, value in {**always, **request.headers}.items()}
    data = request.data if isinstance(request.data, bytes) else b""
    return Called(str(request.method), parts.path, headers, data, query)
