"""What one question costs in a small crowd and in a large one, and whether that is as it should be."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench import figures

WHO_WAITS = 2
"""Queries for the tabs of those on a page who wait: chance decides whether somebody does."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one question in one crowd; `rounds` in seconds, `lines` of the answer's tables."""

    queries: int
    lines: int
    rounds: Sequence[float]

    @property
    def ms(self) -> float:
        return 1000 * statistics.median(self.rounds)


@dataclass(frozen=True, slots=True)
class Compared:
    """`scans`: the big tables that are read from end to end in the large crowd, with the statements."""

    name: str
    small: Cost
    large: Cost
    scans: Sequence[str]

    @property
    def ratios(self) -> list[float]:
        """Of the times, round by round."""
        return figures.ratios(self.large.rounds, self.small.rounds)

    @property
    def more_queries(self) -> bool:
        return self.large.queries > self.small.queries + WHO_WAITS

    @property
    def wrong(self) -> list[str]:
        """What must not be on any machine, in words."""
        more = f"{self.large.queries} queries instead of {self.small.queries}"
        return [*([more] if self.more_queries else []), *self.scans]

    @property
    def note(self) -> str:
        """What both took; a page of the small crowd may have fewer lines to show."""
        small, large = self.small, self.large
        asked = f"{small.queries} → {large.queries} queries; {small.lines} → {large.lines} lines"
        return f"{small.ms:.1f} → {large.ms:.1f} ms; {asked}"
