"""The pictures of the last days and hours: who joined in each, by what has become of them since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.logic.states import Outcome
from integrations.services.health.periods import Span
from integrations.services.outcome_words import GROUPS
from integrations.services.outcomes import Group
from integrations.views.charts import stacked
from integrations.views.matters import people

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from campaigns.models import Audience
    from integrations.services.health.periods import Period, Start
    from integrations.views.charts import Chart

PILED = {group: GROUPS[group].word for group in (*(Group(outcome) for outcome in Outcome), Group.UNEXPLAINED)}


@dataclass(frozen=True, slots=True)
class Cell:
    word: str | _StrPromise
    number: int


@dataclass(frozen=True, slots=True)
class Line:
    """A period of the table, with a cell for each entry of the chart's legend. `machine` is for programs."""

    start: str
    machine: str
    joined: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Words:
    """What a picture says of its periods. `short` is the format below the chart and beside the pointer."""

    title: str | _StrPromise
    heading: str | _StrPromise
    left_out: str | _StrPromise
    short: str
    long: str


WORDS: Mapping[Span, Words] = {
    Span.DAYS: Words(
        gettext_lazy("People who joined in the last %(number)d days, by what became of them"),
        gettext_lazy("Day"),
        gettext_lazy("Days on which nobody joined are left out."),
        "MONTH_DAY_FORMAT",
        "DATE_FORMAT",
    ),
    Span.HOURS: Words(
        gettext_lazy("People who joined in the last %(number)d hours, by what became of them"),
        gettext_lazy("Hour from"),
        gettext_lazy("Hours in which nobody joined are left out."),
        "TIME_FORMAT",
        "DATETIME_FORMAT",
    ),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """The chart, what it says in a sentence, and the same numbers as lines, the newest first.

    `name` tells it from the other pictures of its page.
    """

    name: str
    title: str
    words: Words
    summary: str
    chart: Chart[Group]
    first: str
    last: str
    lines: Sequence[Line]


def picture(
    periods: Sequence[Period], *, span: Span, audience: Audience, name: str = "chart"
) -> Picture | None:
    """None where nobody joined in all these periods."""
    if not any(period.groups for period in periods):
        return None
    words = WORDS[span]
    chart = stacked(
        [period.groups for period in periods],
        titles=[_of_one(period, words=words, audience=audience) for period in periods],
        legend=PILED,
    )
    return Picture(
        name=name,
        title=words.title % {"number": len(periods)},
        words=words,
        summary=_summary(periods, words=words, audience=audience),
        chart=chart,
        first=_written(periods[0].start, words.short),
        last=_written(periods[-1].start, words.short),
        lines=[_line(one, words=words, legend=chart.legend) for one in reversed(periods) if one.groups],
    )


def _line(period: Period, *, words: Words, legend: Mapping[Group, str | _StrPromise]) -> Line:
    cells = [Cell(word, period.groups[group]) for group, word in legend.items()]
    start = period.start
    return Line(_written(start, words.long), start.isoformat(), period.groups.total(), cells)


def _of_one(period: Period, *, words: Words, audience: Audience) -> str:
    """What stands beside the pointer: "3 May: 12 leads. Created: 10, Waiting: 2"."""
    head = _("%(day)s: %(people)s.") % {
        "day": _written(period.start, words.short),
        "people": people(audience, period.groups.total()),
    }
    return f"{head} {_parts(period.groups)}".strip()


def _summary(periods: Sequence[Period], *, words: Words, audience: Audience) -> str:
    total = sum((period.groups for period in periods), Counter())
    return _("%(people)s since %(day)s. %(parts)s.") % {
        "people": people(audience, total.total()),
        "day": _written(periods[0].start, words.long),
        "parts": _parts(total),
    }


def _parts(groups: Counter[Group]) -> str:
    return ", ".join(f"{word}: {groups[group]}" for group, word in PILED.items() if groups[group])


def _written(start: Start, form: str) -> str:
    """In the reader's time zone."""
    return date_format(timezone.localtime(start) if isinstance(start, datetime) else start, form)
