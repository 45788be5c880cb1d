"""Bytes from the wire to plain JSON values: bounded in size, refused when odd. Knows no Intercom object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

BODY_LIMIT = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class TooLargeError(Exception):
    """A body beyond the limit. Carries nothing of it."""


class NotJsonError(Exception):
    """A body that is no JSON, or JSON that we don't take. Carries nothing of it."""


def read_body(response: requests.Response) -> bytes:
    """The body, decompressed, read piece by piece. Raises TooLargeError over BODY_LIMIT bytes."""
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(_CHUNK):
        size += len(piece)
        if size > BODY_LIMIT:
            raise TooLargeError
        pieces.append(piece)
    return b"".join(pieces)


def load_json(body: bytes) -> Any:
    """The JSON value of `body`; None for an empty one. NaN, infinities and bottomless nesting are refused.

    Texts come without the characters that no database takes (NUL, lone surrogates). Raises NotJsonError.
    """
    failed = False
    value = None
    try:
        text = body.decode("utf-8-sig")
        if text.strip():
            value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\u" in text:
            value = _cleaned(value)
    except (ValueError, RecursionError):
        failed = True
    if failed:  # raised out here, so that no context of the exception holds the body
        raise NotJsonError
    return value


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("a number out of range")
    return number


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return value
