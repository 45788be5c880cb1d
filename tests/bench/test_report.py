"""The bench's arithmetic and its report: a figure that is computed wrongly looks as good as a right one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.bench.arrivals import rate, rates_by_part
from tests.bench.figures import Figure, Target, Verdict, percentile, ratios
from tests.bench.remote import Stub
from tests.bench.report import Report, medians_before
from tests.bench.running import chosen, measured
from tests.bench.setting import QUICK, Setting
from tests.bench.site import Database

BEGAN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def report(*figures: Figure, kind: str = "full", minute: int = 0, wrong: tuple[str, ...] = ()) -> Report:
    return Report(BEGAN + timedelta(minutes=minute), kind, {"cores": "2"}, figures, wrong, {})


def setting(tmp_path: Path) -> Setting:
    return Setting(QUICK, Stub("http://127.0.0.1:9"), (Database.SQLITE,), tmp_path, ExitStack())


def test_ratios_pair_the_rounds_and_not_the_medians() -> None:
    assert ratios([1.0, 8.0, 3.0], [2.0, 2.0, 3.0]) == [0.5, 4.0, 1.0]


def test_a_round_that_is_missing_on_one_side_is_no_ratio() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("target", "values", "verdict"),
    [
        (Target(at_least=0.95), [0.95], Verdict.OK),
        (Target(at_least=0.95), [0.94, 0.949, 2.0], Verdict.MISSED),
        (Target(at_most=2), [1.0, 2.0, 9.0], Verdict.OK),
        (Target(at_most=2), [2.01], Verdict.MISSED),
        (Target(at_most=0), [0], Verdict.OK),
        (None, [99.0], Verdict.NO_TARGET),
    ],
)
def test_the_median_is_what_a_target_is_about(
    target: Target | None, values: list[float], verdict: Verdict
) -> None:
    assert Figure("speed", values, target).verdict is verdict


def test_the_95th_percentile_of_few_is_the_slowest() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile([float(number) for number in range(1, 101)], 0.95) == 95.0


def test_a_rate_counts_the_gaps_in_whatever_order_the_arrivals_are_told() -> None:
    assert rate([12.0, 10.0, 11.0]) == 1.0


@pytest.mark.parametrize("moments", [[], [5.0], [5.0, 5.0]])
def test_too_few_arrivals_have_no_rate(moments: list[float]) -> None:
    with pytest.raises(ValueError, match="no rate"):
        rate(moments)


def test_parts_have_as_many_arrivals_each_and_leave_out_the_rest() -> None:
    quick, slow = [0.0, 0.1, 0.2], [10.0, 11.0, 12.0]

    assert rates_by_part([*slow, *quick, 99.0], parts=2) == pytest.approx([10.0, 1.0])


def test_fewer_arrivals_than_parts_are_told() -> None:
    with pytest.raises(ValueError, match="no rate"):
        rates_by_part([1.0, 2.0], parts=2)


def test_only_runs_of_the_same_kind_are_compared_and_the_last_one_wins(tmp_path: Path) -> None:
    report(Figure("a", [1.0]), Figure("b", [5.0])).save(tmp_path)
    report(Figure("a", [2.0, 3.0, 4.0]), minute=1).save(tmp_path)
    report(Figure("a", [9.0]), kind="quick", minute=2).save(tmp_path)

    assert medians_before(tmp_path, kind="full") == {"a": 3.0, "b": 5.0}
    assert medians_before(tmp_path, kind="long") == {}


def test_the_first_run_of_all_has_nothing_before_it(tmp_path: Path) -> None:
    assert medians_before(tmp_path / "not there", kind="full") == {}


def test_a_missed_target_is_named_once_more_at_the_end() -> None:
    made = report(Figure("slow", [0.5], Target(at_least=0.9)), Figure("good", [1.0], Target(at_least=0.9)))

    assert [figure.name for figure in made.missed] == ["slow"]
    assert "**Missed:**\n- slow" in made.text()


def test_what_is_kept_is_what_was_measured(tmp_path: Path) -> None:
    path = report(Figure("a", [1.0, 3.0], Target(at_most=1), note="of 3"), wrong=("lost",)).save(tmp_path)

    kept = json.loads(path.with_suffix(".json").read_text())
    assert kept["figures"] == [
        {
            "name": "a",
            "values": [1.0, 3.0],
            "median": 2.0,
            "target": "≤ 1",
            "verdict": "MISSED",
            "note": "of 3",
        }
    ]
    assert kept["wrong"] == ["lost"]


def fails(_setting: Setting) -> Iterator[Figure]:
    yield Figure("before it failed", [1.0])
    raise LookupError("a bug")


def works(_setting: Setting) -> Iterator[Figure]:
    yield Figure("after it", [2.0])


def test_a_measure_that_fails_costs_no_other_figures_and_is_told(tmp_path: Path) -> None:
    there = setting(tmp_path)

    figures = measured({"fails": fails, "works": works}, there)

    assert [figure.name for figure in figures] == ["before it failed", "after it"]
    assert there.wrong == ["fails: not measured: LookupError: a bug"]


def test_chosen_measures_keep_their_order() -> None:
    measures = {"one": works, "two": fails, "three": works}

    assert list(chosen(measures, ["three", "one"])) == ["one", "three"]
    assert list(chosen(measures, None)) == ["one", "two", "three"]


def test_only_what_is_not_0_is_wrong(tmp_path: Path) -> None:
    there = setting(tmp_path)

    there.check("drain", found={"lost": 0, "created twice": 2})

    assert there.wrong == ["drain: 2 leads created twice"]
