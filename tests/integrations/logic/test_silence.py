"""When a workspace rests because Intercom does not answer, and for how long."""

from __future__ import annotations

from integrations.logic.silence import ENOUGH, FIRST_REST, LONGEST_REST, Silence


def fall_silent(subject: Silence, *, calls: int = ENOUGH) -> float:
    for _ in range(calls):
        subject.unanswered(seconds=0.1)
    return subject.rest()


def test_a_few_calls_without_an_answer_are_no_silence() -> None:
    assert fall_silent(Silence(), calls=ENOUGH - 1) == 0.0


def test_enough_of_them_in_a_row_are() -> None:
    assert fall_silent(Silence()) == FIRST_REST


def test_one_answer_in_between_begins_the_count_anew() -> None:
    subject = Silence()
    fall_silent(subject, calls=ENOUGH - 1)
    subject.answered()
    assert fall_silent(subject, calls=ENOUGH - 1) == 0.0


def test_a_rest_is_told_once() -> None:
    subject = Silence()
    fall_silent(subject)
    assert subject.rest() == 0.0


def test_rests_grow_and_end_at_five_minutes() -> None:
    subject = Silence()
    rests = [fall_silent(subject) for _ in range(20)]
    assert rests[:6] == [15.0, 30.0, 60.0, 120.0, 240.0, LONGEST_REST]
    assert set(rests[5:]) == {LONGEST_REST}


def test_after_an_answer_they_begin_small_again() -> None:
    subject = Silence()
    fall_silent(subject)
    fall_silent(subject)
    subject.answered()
    assert fall_silent(subject) == FIRST_REST


def test_two_calls_that_hung_are_enough() -> None:
    subject = Silence()
    subject.unanswered(seconds=13.0)
    assert subject.rest() == 0.0
    subject.unanswered(seconds=13.0)
    assert subject.rest() == FIRST_REST
