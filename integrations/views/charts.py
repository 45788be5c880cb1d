"""Lays out stacked columns as lengths in percent, for a template to draw as SVG. Counts nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Key = TypeVar("Key", bound=str)

LEAST = 1.5
"""Percent of the height: one among thousands still shows."""
GAP = 0.25
"""The part of a column's place that stays empty."""


@dataclass(frozen=True, slots=True)
class Block:
    """One colour of one column; lengths are SVG's, written with a point whatever the language."""

    key: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    x: str
    width: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Chart(Generic[Key]):
    """`ticks` are the numbers beside the lines, from the top down; `legend` the keys that occur, in words."""

    columns: Sequence[Column]
    ticks: Sequence[int]
    legend: Mapping[Key, str | _StrPromise]


def stacked(
    counts: Sequence[Counter[Key]], *, titles: Sequence[str], legend: Mapping[Key, str | _StrPromise]
) -> Chart[Key]:
    """A column for each count, piled up in the order of `legend`. `counts` may be all empty, not missing."""
    highest = round_up(max(count.total() for count in counts))
    place = 100 / len(counts)
    columns = [
        Column(
            title,
            x=_percent(place * (number + GAP / 2)),
            width=_percent(place * (1 - GAP)),
            blocks=_blocks(count, keys=list(legend), highest=highest),
        )
        for number, (title, count) in enumerate(zip(titles, counts, strict=True))
    ]
    occurring = {key: word for key, word in legend.items() if any(count[key] for count in counts)}
    return Chart(columns, ticks=(highest, highest // 2, 0), legend=occurring)


def round_up(number: int) -> int:
    """The next number that reads well at the top of an axis, and halves evenly."""
    power = 1
    while number > 10 * power:
        power *= 10
    steps = (2, 3, 4, 5, 6, 8, 10) if power > 1 else (2, 4, 6, 8, 10)
    return next(step * power for step in steps if step * power >= number)


def _blocks(count: Counter[Key], *, keys: Sequence[Key], highest: int) -> list[Block]:
    shown = [key for key in keys if count[key]]
    heights = [max(100 * count[key] / highest, LEAST) for key in shown]
    shrink = min(1.0, 100 / sum(heights)) if heights else 1.0
    heights = [height * shrink for height in heights]
    return [
        Block(key, y=_percent(100 - top), height=_percent(height))
        for key, height, top in zip(shown, heights, accumulate(heights), strict=True)
    ]


def _percent(number: float) -> str:
    return f"{max(number, 0):.2f}%"
