"""The verdict of a soak: what grows is seen, what stays flat is not. No processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.samples import Process, Sample, Table, quantile
from tests.soak.verdict import growth, judge

STEPS = 40
MEMORY = "memory of the worker (MB, PSS)"


def steady(step: int) -> Sample:
    """Thirty seconds later each: 90 leads more, and nothing else."""
    leads = 90 * step
    rows = {
        "campaigns_participant": Table(leads, 40_000 + 400 * leads),
        "django_q_task": Table(100, 90_000),
    }
    return Sample(
        at=30.0 * step,
        joined=leads,
        open=2,
        queued=1,
        connections=9,
        processes=[Process(7, "worker", 200_000, 100_000, 3, 20, 1.5 * step)],
        tables=rows,
        latencies=[0.4] * 82 + [0.6] * 4,
        faulted=[1.5] * 3 + [30.2],
        pages={"home": [0.05, 0.06]},
        yardstick=[0.005],
    )


def missed(change: Callable[[int, Sample], Sample] = lambda _, sample: sample) -> set[str]:
    """The names of the lines that a run misses whose samples were changed so."""
    samples = [change(step, steady(step)) for step in range(STEPS)]
    return {line.name for line in judge(samples, warm_up=120) if not line.good}


def test_a_steady_run_misses_nothing() -> None:
    assert missed() == set()


def test_memory_that_creeps_is_seen() -> None:
    def leak(step: int, sample: Sample) -> Sample:
        process = replace(sample.processes[0], pss=100_000 + 500 * step)
        return replace(sample, processes=[process])

    assert missed(leak) == {MEMORY}


def test_memory_of_the_warm_up_counts_for_nothing() -> None:
    def warm(step: int, sample: Sample) -> Sample:
        process = replace(sample.processes[0], pss=40_000 if step < 4 else 100_000)
        return replace(sample, processes=[process])

    assert missed(warm) == set()


@pytest.mark.parametrize("what", ["files", "threads"])
def test_what_is_opened_and_never_closed_is_seen(what: str) -> None:
    def leak(step: int, sample: Sample) -> Sample:
        process = sample.processes[0]
        more: dict[str, Any] = {what: getattr(process, what) + step // 4}
        return replace(sample, processes=[replace(process, **more)])

    assert missed(leak) == {f"{what} of the worker"}


@pytest.mark.parametrize(
    ("field", "change", "line"),
    [
        ("connections", lambda step: 9 + step // 5, "connections, at most"),
        ("queued", lambda step: step, "tasks queued, at most"),
        ("latencies", lambda step: [0.4 + 0.01 * step] * 90, "join to contact, 50% (s)"),
        ("latencies", lambda step: [0.4] * 80 + [0.6 + 0.02 * step] * 10, "join to contact, 95% (s)"),
        ("faulted", lambda step: [1.5 + 0.1 * step] * 3 + [30.2], "join to contact after a fault, 50% (s)"),
        ("faulted", lambda step: [1.5] * 3 + [30.2 + step], "join to contact after a fault, 95% (s)"),
        ("pages", lambda step: {"home": [0.05 + 0.001 * step]}, "page: home (s)"),
    ],
)
def test_what_creeps_is_seen(field: str, change: Callable[[int], object], line: str) -> None:
    assert line in missed(lambda step, sample: replace(sample, **{field: change(step)}))  # type: ignore[arg-type]


def test_a_machine_that_became_slower_is_no_fault_of_the_product() -> None:
    def busy(step: int, sample: Sample) -> Sample:
        slower = 1 + step / STEPS
        return replace(sample, latencies=[0.4 * slower] * 90, yardstick=[0.005 * slower])

    assert missed(busy) == set()


def test_a_product_that_became_slower_is_seen_with_faults_and_without() -> None:
    def slow(step: int, sample: Sample) -> Sample:
        slower = 1 + step / STEPS
        latencies, faulted = ([one * slower for one in some] for some in (sample.latencies, sample.faulted))
        return replace(sample, latencies=latencies, faulted=faulted)

    assert missed(slow) == {
        "join to contact, 50% (s)",
        "join to contact, 95% (s)",
        "join to contact after a fault, 95% (s)",
    }


def test_leads_that_meet_faults_more_often_are_no_slower() -> None:
    def hit(step: int, sample: Sample) -> Sample:
        number = 4 if step < STEPS // 2 else 6
        return replace(sample, latencies=[0.4] * (90 - number), faulted=[1.5] * (number - 1) + [30.2])

    assert missed(hit) == set()


def test_of_a_few_leads_that_met_a_fault_no_quantile_is_judged() -> None:
    def hit(step: int, sample: Sample) -> Sample:
        return replace(sample, faulted=[30.2 if step > STEPS // 2 else 1.5])

    assert missed(hit) == set()


def test_faults_that_most_leads_meet_would_leave_nothing_to_judge() -> None:
    def hit(_: int, sample: Sample) -> Sample:
        return replace(sample, latencies=[0.4] * 80, faulted=[1.5] * 10)

    assert missed(hit) == {"leads that met a fault, of a hundred"}


def test_rows_of_earlier_weeks_are_not_laid_to_those_who_join_now() -> None:
    samples = [steady(step) for step in range(STEPS)]
    rows = [
        replace(one, tables={"campaigns_participant": Table(20_000 + 2 * one.joined, 400 * one.joined)})
        for one in samples
    ]
    lines = judge(rows, warm_up=120, earlier={"campaigns_participant": 20_000})
    (line,) = (line for line in lines if line.name == "campaigns_participant: rows for each lead")
    assert (line.last, line.good) == (2, False)


def test_a_table_that_grows_with_the_leads_and_need_not_is_seen() -> None:
    def pile(step: int, sample: Sample) -> Sample:
        return replace(sample, tables={**sample.tables, "django_session": Table(10 * step, 8_000)})

    assert missed(pile) == {"django_session: rows"}


def test_a_table_that_swells_without_more_rows_is_seen() -> None:
    def swell(step: int, sample: Sample) -> Sample:
        return replace(sample, tables={**sample.tables, "django_q_ormq": Table(1, 60_000 * step)})

    assert "django_q_ormq: kB" in missed(swell)


def test_two_rows_for_a_lead_are_one_too_many() -> None:
    def double(_: int, sample: Sample) -> Sample:
        twice = Table(2 * sample.joined, sample.tables["campaigns_participant"].size)
        return replace(sample, tables={**sample.tables, "campaigns_participant": twice})

    assert missed(double) == {"campaigns_participant: rows for each lead"}


def test_leads_that_take_more_room_each_are_seen() -> None:
    def fat(step: int, sample: Sample) -> Sample:
        table = Table(sample.joined, 400 * sample.joined + 2 * step * sample.joined)
        return replace(sample, tables={**sample.tables, "campaigns_participant": table})

    assert missed(fat) == {"bytes for each lead more"}


def test_a_run_that_is_too_short_is_not_judged() -> None:
    with pytest.raises(ValueError, match="longer"):
        judge([steady(step) for step in range(9)], warm_up=120)


def test_the_slope_is_told_for_an_hour() -> None:
    samples = [steady(step) for step in range(STEPS)]
    assert growth(samples, lambda sample: sample.joined) == pytest.approx(3 * 3600)


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile([], 0.95) == 0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
