"""A measured figure, what it should be, and whether it is. Knows nothing of how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    MISSED = "MISSED"
    NO_TARGET = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that the median should keep."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: a value for each round. `name` stays the same from run to run.

    `note` is for the reader: what lies behind the values.
    """

    name: str
    values: Sequence[float]
    target: Target | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def verdict(self) -> Verdict:
        if self.target is None:
            return Verdict.NO_TARGET
        return Verdict.OK if self.target.met(self.median) else Verdict.MISSED


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round, as both met the same noise in it. Raises ValueError if one has more rounds."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    position = max(-int(-share * len(ordered) // 1) - 1, 0)
    return ordered[position]
