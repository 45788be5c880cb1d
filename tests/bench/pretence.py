"""What the bench's stand-in for Intercom answers, and the books it keeps. Fast: no search, no rules.

The true-to-life stand-in is `integrations.sandbox`; this one must cost next to nothing.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads" / "intercom"
WINDOW = 10
"""Seconds over which Intercom spreads its limit.
https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting"""

NO_LIMIT = 1_000_000
"""What is told where there is none: who is told nothing has to take care, as with the documented limit."""

NOBODY = json.dumps(
    {"type": "list", "data": [], "total_count": 0, "pages": {"type": "pages", "page": 1, "total_pages": 0}}
).encode()
TOO_MANY = json.dumps(
    {
        "type": "error.list",
        "request_id": "bench",
        "errors": [{"code": "rate_limit_exceeded", "message": "Exceeded rate limit"}],
    }
).encode()
NOT_THERE = json.dumps(
    {"type": "error.list", "request_id": "bench", "errors": [{"code": "not_found", "message": "Not Found"}]}
).encode()


@dataclass(slots=True)
class Answer:
    """An HTTP answer; `headers` are whole lines, each with its line end."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    headers: bytes = b""


@dataclass(slots=True)
class Books:
    """What was asked since the last reset. Times are Unix seconds, of the arrival of the call.

    `windows`: the calls taken and the calls refused in each window, by the window's number.
    """

    calls: Counter[str] = field(default_factory=Counter)
    creates: Counter[str] = field(default_factory=Counter)
    created_at: dict[str, float] = field(default_factory=dict)
    windows: dict[int, list[int]] = field(default_factory=dict)

    def as_json(self) -> bytes:
        return json.dumps(
            {
                "calls": self.calls,
                "creates": self.creates,
                "created_at": self.created_at,
                "windows": self.windows,
            }
        ).encode()


class Workspace:
    """A pretend workspace, or several in one: every search finds nobody, every create makes a contact.

    `latency` is in seconds; `limit` is calls in a window, 0 for so many that nobody meets it.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.limit = 0
        self.books = Books()
        self._emails: list[str] = []
        self._contact = _template()
        self._fixed = {
            "GET /data_attributes": (PAYLOADS / "data_attributes.json").read_bytes(),
            "POST /contacts/search": NOBODY,
        }
        self._me = (PAYLOADS / "me.json").read_text()

    def reset(self, order: dict[str, Any]) -> None:
        """Empties the books and takes a new `latency` and `limit`."""
        self.latency, self.limit = float(order["latency"]), int(order["limit"])
        self.books = Books()
        self._emails = []

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        headers = _rate(NO_LIMIT, NO_LIMIT, int(time.time()) // WINDOW)
        if self.limit:
            allowed, headers = self._admit()
            if not allowed:
                return Answer(TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS, headers)
        answer = self._answer(method, path, body)
        answer.headers = headers
        return answer

    def _answer(self, method: str, path: str, body: bytes) -> Answer:
        call = f"{method} {path}"
        if call == "POST /contacts":
            self.books.calls[call] += 1
            return Answer(self._create(json.loads(body)))
        if call in self._fixed:
            self.books.calls[call] += 1
            return Answer(self._fixed[call])
        self.books.calls[f"{method} /contacts/{{id}}"] += 1
        return self._known(path.removeprefix("/contacts/"))

    def me(self, token: str) -> Answer:
        """Whose token this is: each token has a workspace of its own, whose ID it is. Never limited."""
        self.books.calls["GET /me"] += 1
        me = json.loads(self._me)
        me["app"]["id_code"] = token
        return Answer(json.dumps(me).encode())

    def _admit(self) -> tuple[bool, bytes]:
        number = int(time.time()) // WINDOW
        taken = self.books.windows.setdefault(number, [0, 0])
        allowed = taken[0] < self.limit
        taken[0 if allowed else 1] += 1
        return allowed, _rate(self.limit, self.limit - taken[0], number)

    def _create(self, asked: dict[str, Any]) -> bytes:
        email = str(asked.get("email", ""))
        self.books.creates[email] += 1
        self.books.created_at.setdefault(email, time.time())
        self._emails.append(email)
        return self._contact_json(len(self._emails), email=email)

    def _known(self, contact_id: str) -> Answer:
        try:
            number = int(contact_id, 16)
            return Answer(self._contact_json(number, email=self._emails[number - 1]))
        except (ValueError, IndexError):
            return Answer(NOT_THERE, HTTPStatus.NOT_FOUND)

    def _contact_json(self, number: int, *, email: str) -> bytes:
        filled = self._contact.replace(b"@id@", b"%024x" % number)
        return filled.replace(b'"@email@"', json.dumps(email).encode()).replace(
            b'"@now@"', b"%d" % int(time.time())
        )


def _rate(limit: int, left: int, window: int) -> bytes:
    lines = (limit, left, (window + 1) * WINDOW)
    return b"X-RateLimit-Limit: %d\r\nX-RateLimit-Remaining: %d\r\nX-RateLimit-Reset: %d\r\n" % lines


def _template() -> bytes:
    """A lead in the vendor's shape and size, with gaps for what differs."""
    contact = json.loads((PAYLOADS / "contact_lead_created.json").read_text())
    contact |= {
        "id": "@id@",
        "email": "@email@",
        "external_id": None,
        "created_at": "@now@",
        "updated_at": "@now@",
    }
    return json.dumps(contact).encode()
