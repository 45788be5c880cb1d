"""Takes the words that name an erased person out of what is kept of others. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

ERASED = "[erased]"

Clean = Callable[[Any], Any]


def cleaner(words: Iterable[str], *, alone: Iterable[str] = ()) -> Clean:
    """A function that replaces these words in a value, however deep and in any case; those of `alone` only
    where they are all that a text says: somebody else may have the same first name."""
    parts = "|".join(_pattern(word) for word in words if word)
    names = frozenset(name.casefold() for name in alone)
    pattern = re.compile(parts or r"(?!)", re.IGNORECASE)

    def clean(value: Any) -> Any:
        match value:
            case str():
                return ERASED if value.casefold() in names else pattern.sub(ERASED, value)
            case list():
                return [clean(one) for one in value]
            case dict():
                return {key: clean(one) for key, one in value.items()}
            case _:
                return value

    return clean


def _pattern(word: str) -> str:
    """Somebody else's email may end, or begin, with this one; so may another contact's id with this id.

    Other words are taken wherever they stand: not every script has spaces between its words.
    """
    if "@" in word:
        return rf"(?<![\w.+-])(?<!\w'){re.escape(word)}(?![\w-]|\.\w)"
    if re.fullmatch(r"[\w-]+", word, re.ASCII):
        return rf"(?<!\w){re.escape(word)}(?!\w)"
    return re.escape(word)
