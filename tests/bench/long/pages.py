"""Pages among a million people against ten thousand: the time they take, what they ask, what is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Target
from tests.bench.long.compared import Compared, Cost
from tests.bench.long.size import LongSize
from tests.bench.running import Measure
from tests.bench.setting import Setting, say
from tests.bench.site import postgresql

if TYPE_CHECKING:
    from tests.bench.long.crowds import Crowd
    from tests.bench.long.questions import Question

TIME = Target(at_most=1.5)
"""A page may take so much longer with a hundred times the people."""

NONE = Target(at_most=0)


def measure(size: LongSize) -> Measure:
    return partial(_measure, size=size)


def _measure(setting: Setting, *, size: LongSize) -> Iterator[Figure]:
    compared = _compared(size)
    called = f"pages, {size.large:,} people / {size.small:,}"
    for one in compared:
        yield Figure(f"{called}: {one.name}", one.ratios, TIME, note=one.note)
    setting.wrong += [f"{called}: {one.name}: {what}" for one in compared for what in one.wrong]
    more = [one for one in compared if one.more_queries]
    yield Figure(f"{called}: questions that ask more", [len(more)], NONE)
    yield Figure(
        f"{called}: big tables read from end to end", [sum(len(one.scans) for one in compared)], NONE
    )


def _compared(size: LongSize) -> list[Compared]:
    with ExitStack() as stack:
        addresses = [stack.enter_context(postgresql()) for _ in range(2)]
        _set_up_django(addresses[0])
        from tests.bench.long.crowds import crowd

        sizes = (size.small, size.large)
        crowds = [
            stack.enter_context(crowd(address, people=people))
            for address, people in zip(addresses, sizes, strict=True)
        ]
        pairs = zip(*(one.questions for one in crowds), strict=True)
        asked = [pair for pair in pairs if size.questions in pair[0].name]
        return [_ask(crowds, pair, rounds=size.page_rounds) for pair in asked]


def _ask(crowds: Sequence[Crowd], pair: Sequence[Question], *, rounds: int) -> Compared:
    """In turn, so that noise hits both alike."""
    say(f"  {pair[0].name}")
    both = list(zip(crowds, pair, strict=True))
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for (crowd, question), taken in zip(both, times, strict=True):
            taken.append(crowd.seconds(question))
    small, large = (
        Cost(crowd.queries(question), crowd.lines(question), taken)
        for (crowd, question), taken in zip(both, times, strict=True)
    )
    return Compared(pair[0].name, small, large, crowds[1].scans(pair[1]))


def _set_up_django(address: str) -> None:
    """Settings as in production."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.settings", DATABASE_URL=address, DEBUG="off", LOG_LEVEL="WARNING"
    )
    os.environ.pop("PUBLIC_URL", None)
    import django

    django.setup()
