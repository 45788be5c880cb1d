"""What is remembered of one call: no body, no header but the rate limit's, nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

_WORDS = frozenset(
    {
        "me",
        "contacts",
        "search",
        "archive",
        "unarchive",
        "data_attributes",
        "tags",
        "auth",
        "eagle",
        "token",
        "uninstall",
    }
)
_MOST_DIGITS = 16


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The state of Intercom's present ten-second window. `reset` is in Unix seconds (UTC)."""

    limit: int
    remaining: int
    reset: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and how it ended. `status` is None when no answer came; `started_at` is aware, in UTC."""

    method: str
    path: str
    status: int | None
    request_id: str
    started_at: datetime
    duration_ms: int
    rate: RateLimit | None = None

    @property
    def template(self) -> str:
        """The path with everything but Intercom's own words masked: /contacts/{id}."""
        return "/".join(part if not part or part in _WORDS else "{id}" for part in self.path.split("/"))


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx answer: its JSON, not yet checked (None for an empty body), and its exchange."""

    data: Any
    exchange: Exchange


def read_rate(headers: Mapping[str, str]) -> RateLimit | None:
    """The rate headers of any answer, success or error; None if one is missing or nonsense.

    https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
    """
    limit = read_count(headers.get("X-RateLimit-Limit"))
    remaining = read_count(headers.get("X-RateLimit-Remaining"))
    reset = read_count(headers.get("X-RateLimit-Reset"))
    if limit is None or remaining is None or reset is None:
        return None
    return RateLimit(limit, remaining, reset)


def read_count(text: str | None) -> int | None:
    """A header's whole number; None unless it is plain ASCII digits of a sane length."""
    digits = (text or "").strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    return None
