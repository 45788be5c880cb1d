"""Calls under a rate limit, against a pretend server with windows like Intercom's."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.logic.pace import DOCUMENTED, LONGEST_WAIT, WINDOW, Pace

START = 1_700_000_000


@dataclass(frozen=True)
class Told:
    limit: int
    remaining: int
    reset: float


@dataclass
class Clock:
    now: float = 0.0
    skew: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return START + self.now + self.skew


def pace(clock: Clock, *, share: float = 0.9) -> Pace:
    return Pace(share=share, monotonic=clock.monotonic, wall=clock.wall)


def go(subject: Pace, told: Told | None = None) -> None:
    assert subject.acquire() == 0.0
    subject.release(told)


def burst(subject: Pace, *, most: int = 1000) -> int:
    """How many calls may go right now, none of them answered."""
    return next((n for n in range(most) if subject.acquire() > 0), most)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_very_first_call_goes_alone(clock: Clock) -> None:
    assert burst(pace(clock)) == 1


@pytest.mark.parametrize(
    "told", [None, Told(0, 0, START + 10), Told(100, -1, START + 10), Told(100, 0, float("nan"))]
)
def test_where_no_answer_tells_the_limit_the_documented_one_holds(clock: Clock, told: Told | None) -> None:
    """Half of the share in each window of ours, and half of that at once."""
    subject = pace(clock)
    go(subject, told)
    assert burst(subject) == pytest.approx(DOCUMENTED * 0.9 / 2 / 2, abs=1)


def test_an_answer_that_tells_the_limit_later_is_believed(clock: Clock) -> None:
    subject = pace(clock)
    go(subject)
    go(subject, Told(100, 99, START + 10))
    assert burst(subject) == 45


def test_half_of_the_share_goes_at_once(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 99, START + 10))
    assert burst(subject) == 45


def test_second_half_is_spread_over_the_rest_of_the_window(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 30, START + 10))
    assert subject.acquire() == 0.0
    assert subject.acquire() == pytest.approx(10 / 20)
    clock.now = 0.5
    assert subject.acquire() == 0.0


def test_reserve_is_left_to_other_apps(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 10, START + 4))
    assert subject.acquire() == pytest.approx(4.0)


def test_calls_of_other_apps_count(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 99, START + 5))
    assert [subject.acquire(), subject.acquire()] == [0.0, 0.0]
    subject.release(Told(100, 99, START + 10))
    subject.release(Told(100, 5, START + 10))
    assert subject.acquire() > 0


def test_answers_out_of_order_do_not_raise_what_is_left(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 99, START + 5))
    assert [subject.acquire(), subject.acquire()] == [0.0, 0.0]
    subject.release(Told(100, 5, START + 10))
    subject.release(Told(100, 80, START + 10))
    assert subject.acquire() > 0


def test_call_without_an_answer_counts_as_made(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 11, START + 10))
    go(subject, None)
    assert subject.acquire() > 0


def test_call_in_flight_counts(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 11, START + 10))
    assert subject.acquire() == 0.0
    assert 0 < subject.acquire() <= 0.1


def test_limit_of_one_lets_one_through(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(1, 0, START + 10))
    clock.now = 10.0
    assert [subject.acquire(), subject.acquire() > 0] == [0.0, True]


def test_first_call_of_a_new_window_goes_alone(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 0, START + 10))
    clock.now = 10.0
    assert burst(subject) == 1


def test_new_window_is_full_once_it_is_told(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 0, START + 10))
    clock.now = 10.0
    go(subject, Told(100, 99, START + 20))
    assert burst(subject) == 45


def test_probe_without_an_answer_is_followed_by_another(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 0, START + 10))
    clock.now = 10.0
    go(subject, None)
    assert burst(subject) == 1


def test_window_that_goes_on_longer_than_thought_is_waited_for(clock: Clock) -> None:
    clock.skew = 5.0
    subject = pace(clock)
    go(subject, Told(100, 10, START + 10))
    clock.now = 5.0
    go(subject, Told(100, 9, START + 10))
    assert subject.acquire() == pytest.approx(0.25)


def test_late_answer_of_the_last_window_tells_nothing_of_the_new_one(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 50, START + 10))
    assert subject.acquire() == 0.0
    clock.now = 10.0
    assert subject.acquire() == 0.0
    subject.release(Told(100, 0, START + 10))
    subject.release(Told(100, 99, START + 20))
    assert subject.acquire() == 0.0


def test_late_answer_of_the_last_window_lets_no_second_probe_go(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 50, START + 10))
    assert subject.acquire() == 0.0
    clock.now = 10.0
    assert subject.acquire() == 0.0
    subject.release(Told(100, 49, START + 10))
    assert subject.acquire() > 0


@pytest.mark.parametrize("skew", [-1e9, -20.0, -9.0, 9.0, 20.0, 1e9])
def test_wrong_clock_never_waits_longer_than_a_window(clock: Clock, skew: float) -> None:
    clock.skew = skew
    subject = pace(clock)
    go(subject, Told(100, 0, START + 10))
    assert 0 < subject.acquire() <= WINDOW


@given(
    answers=st.lists(
        st.tuples(st.floats(0, 30), st.none() | st.builds(Told, st.integers(), st.integers(), st.floats()))
    )
)
def test_wait_is_never_negative_and_never_over_a_minute(answers: list[tuple[float, Told | None]]) -> None:
    clock = Clock()
    subject = pace(clock)
    for pause, told in answers:
        clock.now += pause
        assert 0.0 <= subject.acquire() <= LONGEST_WAIT
        subject.release(told)


def test_threads_together_take_no_more_than_one_alone(clock: Clock) -> None:
    subject = pace(clock)
    go(subject, Told(100, 99, START + 10))
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: subject.acquire(), range(500)))
    assert waits.count(0.0) == 45


Says = Callable[[Told, int], Told | None]
"""What of the truth a server tells, in its so-many-th answer."""


@dataclass
class Server:
    """Counts calls in windows of ten seconds, by its own clock, and refuses those over the limit."""

    limit: int
    says: Says = lambda told, _number: told
    answers: int = 0
    ours: Counter[int] = field(default_factory=Counter)
    others: Counter[int] = field(default_factory=Counter)

    def call(self, at: float, *, other: bool = False) -> Told | None:
        window = int(at // WINDOW)
        (self.others if other else self.ours)[window] += 1
        used = self.ours[window] + self.others[window]
        self.answers += not other
        truth = Told(self.limit, max(self.limit - used, 0), START + (window + 1) * WINDOW)
        return self.says(truth, self.answers)

    @property
    def most_of_ours(self) -> int:
        return max(self.ours.values())


def simulate(
    server: Server,
    *,
    latencies: list[float],
    threads: int,
    skew: float = 0.0,
    until: float = 45.0,
    lost: int = 0,
    others: float = 0.0,
    share: float = 0.9,
) -> None:
    """Busy threads that call as soon as they may; each `lost`-th answer never comes.

    `others`: calls a second of the customer's other apps.
    """
    clock = Clock(skew=skew)
    subject = pace(clock, share=share)
    go(subject, server.call(0.0))
    events: list[tuple[float, int, str]] = [(0.0, thread, "ask") for thread in range(threads)]
    events += [(number / others, -1, "other") for number in range(1, int(until * others))]
    heapq.heapify(events)
    answers: dict[int, Told | None] = {}
    calls = 0
    while events:
        clock.now, thread, what = heapq.heappop(events)
        if clock.now > until:
            return
        if what == "other":
            server.call(clock.now, other=True)
        elif what == "reach":
            answers[thread] = server.call(clock.now)
            heapq.heappush(events, (clock.now + latencies[calls % len(latencies)] / 2, thread, "answer"))
        elif what == "answer":
            subject.release(None if lost and calls % lost == 0 else answers[thread])
            heapq.heappush(events, (clock.now, thread, "ask"))
        elif wait := subject.acquire():
            heapq.heappush(events, (clock.now + wait, thread, "ask"))
        else:
            calls += 1
            heapq.heappush(events, (clock.now + latencies[calls % len(latencies)] / 2, thread, "reach"))


latency_lists = st.lists(st.floats(0.01, 6.0), min_size=1, max_size=7)


@settings(max_examples=40)
@given(limit=st.integers(2, 300), latencies=latency_lists, threads=st.integers(1, 24), lost=st.integers(0, 5))
def test_share_is_never_exceeded(limit: int, latencies: list[float], threads: int, lost: int) -> None:
    server = Server(limit)
    simulate(server, latencies=latencies, threads=threads, lost=lost)
    assert server.most_of_ours <= max(int(limit * 0.9 + 1e-9), 1)


@settings(max_examples=40)
@given(limit=st.integers(80, 300), latency=st.floats(0.05, 0.5), skew=st.floats(-30.0, 30.0))
def test_wrong_clock_costs_no_refusal(limit: int, latency: float, skew: float) -> None:
    server = Server(limit)
    simulate(server, latencies=[latency], threads=16, skew=skew)
    assert server.most_of_ours <= limit


@settings(max_examples=10)
@given(latency=st.floats(0.05, 0.3))
def test_busy_threads_get_nearly_all_of_the_share(latency: float) -> None:
    server = Server(166)
    simulate(server, latencies=[latency], threads=16, until=40.0)
    assert all(server.ours[window] >= 130 for window in range(1, 4))


@pytest.mark.parametrize("skew", [-8.0, -3.0, 3.0, 8.0, 15.0])
def test_wrong_clock_still_lets_calls_through(skew: float) -> None:
    server = Server(166)
    simulate(server, latencies=[0.2], threads=16, skew=skew, until=60.0)
    assert sum(server.ours[window] for window in range(1, 6)) >= 5 * 60


SHARES = st.sampled_from([0.1, 0.5, 0.9, 1.0])


@settings(max_examples=40)
@given(
    limit=st.integers(10, 300),
    latency=st.floats(0.02, 3.0),
    others=st.floats(0.5, 40.0),
    share=SHARES,
)
def test_what_other_apps_use_is_not_taken_from_their_part(
    limit: int, latency: float, others: float, share: float
) -> None:
    server = Server(limit)
    simulate(server, latencies=[latency], threads=16, others=others, share=share)
    assert server.most_of_ours <= max(int(limit * share + 1e-9), 1)


def nothing(_told: Told, _number: int) -> None:
    return None


def always_all_left(told: Told, _number: int) -> Told:
    return Told(told.limit, told.limit - 1, told.reset)


def ends_tomorrow(told: Told, _number: int) -> Told:
    return Told(told.limit, told.remaining, START + 86_400)


def all_left_till_tomorrow(told: Told, _number: int) -> Told:
    return Told(told.limit, told.limit - 1, START + 86_400)


def ended_long_ago(told: Told, _number: int) -> Told:
    return Told(told.limit, told.remaining, START - 86_400)


def never_twice_the_same_end(told: Told, number: int) -> Told:
    return Told(told.limit, told.remaining, told.reset + number)


def now_the_app_now_the_workspace(told: Told, number: int) -> Told:
    return told if number % 2 else Told(told.limit * 3, told.limit * 2, told.reset)


def now_and_then(told: Told, number: int) -> Told | None:
    return told if number % 3 == 1 else None


WRONG: dict[str, Says] = {
    says.__name__: says
    for says in (
        always_all_left,
        ends_tomorrow,
        all_left_till_tomorrow,
        ended_long_ago,
        never_twice_the_same_end,
        now_the_app_now_the_workspace,
        now_and_then,
    )
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("share", [0.1, 0.9])
@pytest.mark.parametrize("latency", [0.03, 0.4])
def test_what_is_told_wrongly_takes_nothing_from_other_apps(name: str, share: float, latency: float) -> None:
    server = Server(166, says=WRONG[name])
    simulate(server, latencies=[latency], threads=16, until=60.0, share=share)
    assert server.most_of_ours <= int(166 * share)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_told_wrongly_stops_nobody(name: str) -> None:
    server = Server(166, says=WRONG[name])
    simulate(server, latencies=[0.1], threads=16, until=120.0)
    assert sum(server.ours[window] for window in range(6, 12)) >= 6 * 10


def test_where_nothing_is_told_no_window_of_intercoms_sees_more_than_the_share() -> None:
    server = Server(DOCUMENTED, says=nothing)
    simulate(server, latencies=[0.02], threads=32, until=35.0)
    assert 0.3 * DOCUMENTED <= server.most_of_ours <= 0.9 * DOCUMENTED


@pytest.mark.parametrize("beside", [0, 2])
def test_a_little_is_kept_for_others_of_ours(clock: Clock, beside: int) -> None:
    subject = Pace(beside=beside, monotonic=clock.monotonic, wall=clock.wall)
    go(subject, Told(10, 9, START + 10))
    calls = 1
    for tenth in range(100):
        clock.now = tenth / 10
        calls += subject.acquire() == 0.0
    assert calls == 9 - beside
