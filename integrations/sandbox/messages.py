"""What goes in and out of the pretend Intercom: request, response and refusal. Knows no web framework."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Ending(StrEnum):
    """How the connection ends; everything but SEND is obeyed by the HTTP front."""

    SEND = "send"
    DROP = "drop"
    """Close without a byte of answer."""
    RESET = "reset"
    """Reset the connection (RST) without a byte of answer."""
    HALF = "half"
    """Announce the whole body, send half of it, close."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `path` without query, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, with hints for the transport: `delay` in seconds before it is sent, and its ending."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    ending: Ending = Ending.SEND

    def json(self) -> Any:
        return json.loads(self.body)

    def with_headers(self, headers: Mapping[str, str]) -> Response:
        """A copy; headers that are already there win."""
        return replace(self, headers={**headers, **self.headers})


class RefusalError(Exception):
    """The vendor says no: status, code and message of an error.list."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self, request_id: str) -> Response:
        return error_response(self.status, self.code, self.message, request_id=request_id).with_headers(
            self.headers
        )


def invalid(message: str) -> RefusalError:
    """400 parameter_invalid, the code of nearly every refused value."""
    return RefusalError(400, "parameter_invalid", message)


def json_response(data: Json, *, status: int = 200) -> Response:
    body = json.dumps(data, separators=(",", ":")).encode()
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, body)


def error_response(status: int, code: str, message: str, *, request_id: str) -> Response:
    errors = [{"code": code, "message": message}]
    return json_response({"type": "error.list", "request_id": request_id, "errors": errors}, status=status)


REQUEST_ID_LETTERS = string.ascii_lowercase + string.digits


def new_request_id() -> str:
    """Twenty letters and digits: what the recorded answers carry, although the specification says uuid."""
    return "00" + "".join(secrets.choice(REQUEST_ID_LETTERS) for _ in range(18))
