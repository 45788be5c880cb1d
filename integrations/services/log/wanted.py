"""Who is asked for in the sync log, from a query string and back to it. Pure reading: finds nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import Enum
from typing import TypeVar

from campaigns.models import Audience
from campaigns.text import one_line
from integrations.logic.states import Reason
from integrations.services.outcomes import Group

LONGEST_SEARCH = 254
LONGEST_ID = 18
"""Digits that any database's big integers take."""
YEARS = range(1970, 9999)
"""Days that can be told in every time zone."""
LONGEST_SHOWN = 100

AnyChoice = TypeVar("AnyChoice", bound=Enum)
AnyRead = TypeVar("AnyRead")

KEYS: Mapping[str, str] = {
    "words": "q",
    "group": "outcome",
    "reason": "reason",
    "campaign_id": "campaign",
    "workspace_id": "workspace",
    "audience": "audience",
    "joined_from": "from",
    "joined_to": "to",
}
"""What each part of Wanted is called in an address."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is asked for; what is empty does not narrow.

    `reason` is the one as of now. The days are whole ones of the current time zone, both included. `wrong`
    is what made no sense, as it was typed, by its key in the address: nobody is found then, since whoever
    mistypes a day must not be shown, or give an order for, everybody.
    """

    words: str = ""
    group: Group | None = None
    reason: Reason = Reason.NONE
    campaign_id: int | None = None
    workspace_id: int | None = None
    audience: Audience | None = None
    joined_from: date | None = None
    joined_to: date | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Wanted:
        """What a query string asks for; keys that are not ours are left aside. Raises nothing."""
        typed = {key: one_line(query.get(key) or "") for key in KEYS.values()}
        wrong: dict[str, str] = {}

        def read(key: str, found: AnyRead | None) -> AnyRead | None:
            if typed[key] and found is None:
                wrong[key] = typed[key][:LONGEST_SHOWN]
            return found

        wanted = cls(
            words=typed["q"][:LONGEST_SEARCH],
            group=read("outcome", _choice(typed["outcome"], Group)),
            reason=read("reason", _choice(typed["reason"], Reason)) or Reason.NONE,
            campaign_id=read("campaign", _id(typed["campaign"])),
            workspace_id=read("workspace", _id(typed["workspace"])),
            audience=read("audience", _choice(typed["audience"], Audience)),
            joined_from=read("from", _day(typed["from"])),
            joined_to=read("to", _day(typed["to"])),
            wrong=wrong,
        )
        if wanted.joined_from and wanted.joined_to and wanted.joined_to < wanted.joined_from:
            return replace(wanted, joined_to=None, wrong={**wrong, "to": typed["to"]})
        return wanted

    def as_query(self) -> dict[str, str]:
        """The shortest query string that asks for the same, as names and values."""
        found = {key: _written(getattr(self, name)) for name, key in KEYS.items()}
        return {key: value for key, value in (found | dict(self.wrong)).items() if value}

    @property
    def filters(self) -> int:
        """How many filters are on, besides the search."""
        return len(self.as_query().keys() - {KEYS["words"]})

    @property
    def ends_before_it_begins(self) -> bool:
        """Whether the last day makes no sense only because it is before the first."""
        typed = self.wrong.get(KEYS["joined_to"], "")
        return self.joined_from is not None and bool(typed) and _day(typed) is not None

    @property
    def is_narrowed(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))


def _choice(typed: str, choices: type[AnyChoice]) -> AnyChoice | None:
    try:
        return choices(typed)
    except ValueError:
        return None


def _id(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_ID else None


def _day(typed: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", typed):
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _written(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
