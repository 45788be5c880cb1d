"""Cleans and measures text on its way to Intercom. Never changes what a person can see inside it."""

from __future__ import annotations

import unicodedata

LINE_CONTROLS = "\n\t"
INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def clean(text: str) -> str:
    """The text without control characters and lone surrogates, trimmed at both ends.

    Line breaks (as \\n) and tabs stay, and so do emoji, combining marks and right-to-left text. What
    comes out can be written as UTF-8 and as JSON.
    """
    if text.isprintable():
        return text.strip()
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lines = whole.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in LINE_CONTROLS or unicodedata.category(c) != "Cc").strip()


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen: empty, spaces, zero-width characters."""
    return all(unicodedata.category(c) in INVISIBLE for c in text)


def normal_email(text: str) -> str:
    """The one spelling of an email by which a contact is found and linked and sent: trimmed, lower case."""
    return clean(text).lower().strip()


def fold(text: str) -> str:
    """The text as compared when case, spaces and the way accents are encoded do not matter."""
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


def shorten(text: str, *, limit: int) -> str:
    """The text in at most `limit` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
