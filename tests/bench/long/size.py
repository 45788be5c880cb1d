"""How much the long measures do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LongSize:
    """`few` and `many`: leads of a backlog; `each`: leads of each workspace; the rest is for the pages."""

    few: int = 1_000
    many: int = 100_000
    each: int = 2_000
    small: int = 10_000
    large: int = 1_000_000
    page_rounds: int = 7
    questions: str = ""


QUICK = LongSize(few=500, many=5_000, each=400, small=1_000, large=20_000, page_rounds=3)
