"""Judges a run: what the last quarter cost, held against the first. Pure; reads samples alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from tests.soak.samples import Sample, quantile

GROUPS = ("supervisor", "worker", "web")
MEMORY, LATENCY, SIZE, FLAT = 1.1, 1.25, 1.1, 1.1
LONGEST_QUEUE = 20
ROOM = 2
"""Files, threads or connections more: what happens to be open when a sample is taken."""

PER_LEAD: Mapping[str, float] = {
    "campaigns_participant": 1.01,
    "integrations_attempt": 1.2,
    "integrations_contactlink": 1.01,
    "integrations_delivery": 1.01,
    "integrations_sighting": 1.4,
    "integrations_watch": 1.01,
    "integrations_webhookreceipt": 0.3,
}
"""Tables that may grow, and to how many rows a lead; one lead in five qualifies by a webhook."""

FAULTED = 10.0
"""Of a hundred leads so many at most meet a fault: else the others would not speak for the product."""

ENOUGH = 30
"""Leads that met a fault in a quarter; of fewer a quantile says nothing. An hour has four times as many."""

UNEVEN = 1.4
"""Times the limit of the others, for the median of these: most wait for the end of a rate limit, which is one
second away or two as it happens."""

BOUNDED = 120
"""Rows that any other table may have: django-q2 keeps its last hundred tasks and each failure."""

ROWS_MORE, KILOBYTES_MORE = 20, 512


@dataclass(frozen=True, slots=True)
class Line:
    """One figure in the first and the last quarter. `limit` is of `ratio`, or of `last` itself."""

    name: str
    first: float
    last: float
    limit: str
    good: bool

    @property
    def ratio(self) -> float:
        return self.last / self.first if self.first else 0.0


@dataclass(frozen=True, slots=True)
class Both:
    """The first and the last quarter, asked the same question each."""

    first: Sequence[Sample]
    last: Sequence[Sample]

    def of(self, ask: Callable[[Sequence[Sample]], float]) -> tuple[float, float]:
        return ask(self.first), ask(self.last)

    def median(self, value: Callable[[Sample], float]) -> tuple[float, float]:
        return self.of(lambda part: median(value(sample) for sample in part))

    def most(self, value: Callable[[Sample], float]) -> tuple[float, float]:
        return self.of(lambda part: max(value(sample) for sample in part))

    def pooled(self, values: Callable[[Sample], Sequence[float]], share: float) -> tuple[float, float]:
        """A quantile of all values of a quarter together."""
        return self.of(lambda part: quantile([value for sample in part for value in values(sample)], share))


def quarters(samples: Sequence[Sample], *, warm_up: float) -> Both:
    """The first and the last quarter of what comes after so many seconds. Raises ValueError for too few."""
    warm = [sample for sample in samples if sample.at >= warm_up]
    size = len(warm) // 4
    if size < 2:
        raise ValueError("too few samples to judge: let it run for longer")
    return Both(warm[:size], warm[-size:])


def judge(
    samples: Sequence[Sample], *, warm_up: float, earlier: Mapping[str, int] | None = None
) -> list[Line]:
    """`earlier`: rows that each table had before the first lead of the run."""
    both = quarters(samples, warm_up=warm_up)
    return [*_processes(both), *_times(both), *_database(both, earlier or {})]


def growth(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """By how much it grows in an hour: the slope of the line that fits best."""
    at = [sample.at for sample in samples]
    values = [value(sample) for sample in samples]
    middle, mean = sum(at) / len(at), sum(values) / len(values)
    spread = sum((one - middle) ** 2 for one in at)
    slope = sum((x - middle) * (y - mean) for x, y in zip(at, values, strict=True))
    return 3600 * slope / spread if spread else 0.0


def _processes(both: Both) -> Iterator[Line]:
    for group in GROUPS:
        memory = both.median(partial(_megabytes, group=group))
        yield _ratio(f"memory of the {group} (MB, PSS)", memory, limit=MEMORY)
    for what in ("files", "threads"):
        for group in GROUPS:
            yield _flat(f"{what} of the {group}", both.median(partial(_total, group=group, what=what)))
    yield _flat("connections, at most", both.most(lambda one: one.connections))


def _times(both: Both) -> Iterator[Line]:
    """Held against what the machine did the same work in: other people's work is not the product's fault."""
    machine = both.pooled(lambda one: one.yardstick, 0.5)
    limit = LATENCY * max(machine[1] / machine[0], 1.0)
    for share in (0.5, 0.95):
        yield _ratio(
            f"join to contact, {share:.0%} (s)", both.pooled(lambda one: one.latencies, share), limit=limit
        )
    yield from _faulted(both, limit=limit)
    for page in sorted(both.first[0].pages):
        yield _ratio(f"page: {page} (s)", both.pooled(partial(_page, name=page), 0.5), limit=limit)
    for group in ("worker", "web"):
        yield _ratio(f"CPU of the {group} for a lead (ms)", both.of(partial(_cpu, group=group)), limit=limit)
    yield Line("the machine's own work (ms)", 1000 * machine[0], 1000 * machine[1], "", good=True)


def _faulted(both: Both, *, limit: float) -> Iterator[Line]:
    """Of the leads that met a fault, apart from the others: how many they are is the stand-in's doing."""
    numbers = both.of(lambda part: float(sum(len(sample.faulted) for sample in part)))
    # 95%: in the midst of those in doubt, one in six, who all wait for search; these hold as still as others.
    for share, times in ((0.5, UNEVEN), (0.95, 1.0)):
        line = _ratio(
            f"join to contact after a fault, {share:.0%} (s)",
            both.pooled(lambda one: one.faulted, share),
            limit=limit * times,
        )
        yield line if min(numbers) >= ENOUGH else replace(line, limit="(too few)", good=True)
    met = both.of(_met_a_fault)
    yield Line("leads that met a fault, of a hundred", *met, f"≤ {FAULTED:g}", good=met[1] <= FAULTED)


def _database(both: Both, earlier: Mapping[str, int]) -> Iterator[Line]:
    yield _ratio("bytes for each lead more", both.of(_bytes_per_lead), limit=SIZE)
    queued = both.most(lambda one: one.queued)
    yield Line("tasks queued, at most", *queued, f"≤ {LONGEST_QUEUE}", good=queued[1] <= LONGEST_QUEUE)
    for table in sorted(both.last[-1].tables):
        if table in PER_LEAD:
            limit, before = PER_LEAD[table], earlier.get(table, 0)
            rows = both.of(partial(_per_lead, table=table, earlier=before))
            yield Line(f"{table}: rows for each lead", *rows, f"≤ {limit:g}", good=rows[1] <= limit)
        else:
            yield from _bounded(both, table)


def _bounded(both: Both, table: str) -> Iterator[Line]:
    """A table that must stay as small as it is, dead rows and all. Lines only where it grew."""
    rows = both.most(partial(_rows, table=table))
    most = max(min(rows[0] + ROWS_MORE, BOUNDED), rows[0])
    if rows[1] > rows[0]:
        yield Line(f"{table}: rows", *rows, f"≤ {most:.0f}", good=rows[1] <= most)
    size = both.most(partial(_kilobytes, table=table))
    if size[1] > size[0]:
        most = size[0] * SIZE + KILOBYTES_MORE
        yield Line(f"{table}: kB", *size, f"≤ {most:.0f}", good=size[1] <= most)


def _ratio(name: str, values: tuple[float, float], *, limit: float) -> Line:
    return Line(name, *values, f"ratio ≤ {limit:.2f}", good=values[1] <= values[0] * limit)


def _flat(name: str, values: tuple[float, float]) -> Line:
    most = values[0] * FLAT + ROOM
    return Line(name, *values, f"≤ {most:.0f}", good=values[1] <= most)


def _total(sample: Sample, *, group: str, what: str) -> float:
    return sample.total(group, what)


def _megabytes(sample: Sample, *, group: str) -> float:
    return sample.total(group, "pss") / 1024


def _page(sample: Sample, *, name: str) -> Sequence[float]:
    return sample.pages[name]


def _rows(sample: Sample, *, table: str) -> float:
    return sample.tables[table].rows


def _kilobytes(sample: Sample, *, table: str) -> float:
    return sample.tables[table].size / 1024


def _cpu(part: Sequence[Sample], *, group: str) -> float:
    """Milliseconds for each lead. Ended processes are in it: their parents have their time."""
    return 1000 * (part[-1].total(group, "cpu") - part[0].total(group, "cpu")) / _leads(part)


def _met_a_fault(part: Sequence[Sample]) -> float:
    met = sum(len(sample.faulted) for sample in part)
    return 100 * met / max(met + sum(len(sample.latencies) for sample in part), 1)


def _bytes_per_lead(part: Sequence[Sample]) -> float:
    size = [sum(table.size for table in sample.tables.values()) for sample in (part[0], part[-1])]
    return (size[1] - size[0]) / _leads(part)


def _per_lead(part: Sequence[Sample], *, table: str, earlier: int) -> float:
    return (part[-1].tables[table].rows - earlier) / max(part[-1].joined, 1)


def _leads(part: Sequence[Sample]) -> int:
    return max(part[-1].joined - part[0].joined, 1)
