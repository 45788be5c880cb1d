"""Rates from the moments at which contacts were created, by the stand-in's clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def rate(moments: Iterable[float]) -> float:
    """Arrivals a second from the first to the last: what comes before the first is not counted.

    Raises ValueError for fewer than two, or if all came at once.
    """
    ordered = sorted(moments)
    if len(ordered) < 2 or ordered[0] == ordered[-1]:
        raise ValueError(f"no rate in {len(ordered)} arrivals")
    return (len(ordered) - 1) / (ordered[-1] - ordered[0])


def rates_by_part(moments: Iterable[float], *, parts: int) -> Sequence[float]:
    """The rate of each part, in the order of arrival; all parts have the same number of arrivals.

    What is left over at the end is in no part. Raises ValueError as `rate` does.
    """
    ordered = sorted(moments)
    size = len(ordered) // parts
    return [rate(ordered[start : start + size]) for start in range(0, size * parts, size or 1)]
