"""Turns text into a JSON document that can be kept, or says where it is wrong. Knows nothing of the panel."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from integrations.logic.text import shorten
from integrations.logic.wrong import LONGEST_TEXT, Contradiction, Place, unstorable, value_problem
from integrations.services.settings_words import sentence

DEEPEST = 10
LONGEST_NUMBER = 40
SHOWN = 60


class SettingsError(Exception):
    """A document that cannot be taken: nothing was changed. `errors` are lines "path: what is wrong"."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class JsonObject(dict[str, Any]):
    """An object of the document, and the keys that stand in it twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counted = Counter(key for key, _value in pairs)
        self.twice = [key for key, times in counted.items() if times > 1]


def parse(text: str) -> Any:
    """JSON, not yet judged. Raises SettingsError with the line and column of a mistake."""
    if not text.strip():
        raise SettingsError([_("the file is empty")])
    try:
        return json.loads(text, object_pairs_hook=JsonObject, parse_int=_integer)
    except json.JSONDecodeError as err:
        where = {"line": err.lineno, "column": err.colno, "error": err.msg}
        raise SettingsError([_("line %(line)d, column %(column)d: %(error)s") % where]) from None
    except RecursionError:
        raise SettingsError([_("the file is nested too deeply")]) from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else math.inf


def shown(value: object) -> str:
    """A value in a message: short, and with nothing that a terminal cannot print."""
    text = value if isinstance(value, str) else repr(value)
    return shorten("".join(c if c.isprintable() else "�" for c in text[: SHOWN * 2]), limit=SHOWN)


def unfit(value: Any, *, path: str = "", depth: int = 0) -> Iterator[str]:
    """Lines "path: what is wrong" for what neither a database nor Intercom takes, wherever it stands."""
    name = path or _("document")
    if depth > DEEPEST:
        yield f"{name}: {_('is nested too deeply')}"
    elif isinstance(value, dict):
        yield from _unfit_keys(value, path=path)
        for key, item in value.items():
            yield from unfit(item, path=f"{path}.{shown(key)}".lstrip("."), depth=depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from unfit(item, path=f"{path}[{number}]", depth=depth + 1)
    elif isinstance(value, str | int | float) and (problem := value_problem(value)) is not None:
        yield f"{name}: {sentence(Contradiction(problem, Place.VALUE, params={'longest': LONGEST_TEXT}))}"


def _unfit_keys(value: dict[Any, Any], *, path: str) -> Iterator[str]:
    for key in value.twice if isinstance(value, JsonObject) else ():
        yield f"{path}.{shown(key)}".lstrip(".") + ": " + _("stands twice in the same object")
    if any(not isinstance(key, str) or unstorable(key) for key in value):
        yield f"{path or _('document')}: {_('a name in it contains characters that cannot be stored')}"
