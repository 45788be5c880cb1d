"""Waits between tries, and the end of trying."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.backoff import GIVE_UP_AFTER, gives_up, pause_until, retry_after

FRIDAY = datetime(2026, 1, 2, 18, tzinfo=UTC)
fractions = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (13, 3600), (10_000, 3600)]
)
def test_longest_wait_doubles_up_to_an_hour(attempt: int, seconds: int) -> None:
    assert retry_after(attempt, random=lambda: 1.0) == timedelta(seconds=seconds)


def test_jitter_is_full() -> None:
    assert retry_after(3, random=lambda: 0.0) == timedelta(0)
    assert retry_after(3, random=lambda: 0.5) == timedelta(seconds=4)


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_are_counted_from_one(attempt: int) -> None:
    with pytest.raises(ValueError, match="from 1"):
        retry_after(attempt)


@given(attempt=st.integers(1, 10**9), fraction=fractions)
def test_wait_is_between_nothing_and_an_hour(attempt: int, fraction: float) -> None:
    assert timedelta(0) <= retry_after(attempt, random=lambda: fraction) <= timedelta(hours=1)


def test_without_a_source_of_chance_waits_differ() -> None:
    assert len({retry_after(12) for _ in range(5)}) > 1


@pytest.mark.parametrize("hours", [0, 1, 71.99])
def test_trying_goes_on_over_a_weekend(hours: float) -> None:
    assert not gives_up(FRIDAY, now=FRIDAY + timedelta(hours=hours))


def test_trying_ends_after_72_hours() -> None:
    assert gives_up(FRIDAY, now=FRIDAY + GIVE_UP_AFTER)


def test_clock_that_went_back_gives_nothing_up() -> None:
    assert not gives_up(FRIDAY, now=FRIDAY - timedelta(days=9))


def test_pause_lasts_until_reset_plus_jitter() -> None:
    assert pause_until(1007.0, now=1000.0, random=lambda: 0.5) == 1007.5


@pytest.mark.parametrize("retry_at", [1061.0, 1e12])
def test_pause_is_a_minute_at_most(retry_at: float) -> None:
    assert pause_until(retry_at, now=1000.0, random=lambda: 0.5) == 1060.0


@pytest.mark.parametrize(
    ("hits", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (10_000, 60)]
)
def test_pause_doubles_when_no_reset_is_told(hits: int, seconds: int) -> None:
    assert pause_until(None, now=1000.0, hits=hits, random=lambda: 0.0) == 1000.0 + seconds


@pytest.mark.parametrize("retry_at", [999.0, 1000.0, 0.0, float("nan"), float("inf"), float("-inf")])
def test_reset_that_cannot_be_is_as_none(retry_at: float) -> None:
    assert pause_until(retry_at, now=1000.0, hits=3, random=lambda: 0.0) == 1004.0


@given(retry_at=st.one_of(st.none(), st.floats()), hits=st.integers(), fraction=fractions)
def test_pause_ends_after_now_and_within_a_minute(retry_at: float | None, hits: int, fraction: float) -> None:
    assert 1000.0 < pause_until(retry_at, now=1000.0, hits=hits, random=lambda: fraction) <= 1060.0
