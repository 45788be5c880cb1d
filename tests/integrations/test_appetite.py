"""How many leads a slice has in hand: enough for every thread, few where that would be in vain."""

from __future__ import annotations

import pytest

from integrations.services.drain.appetite import FEW, LOOK_AGAIN_AFTER, MANY, SLOW, Appetite

PLENTY = 10 * MANY


def fed(*, allowance: int = PLENTY, in_line: int = PLENTY) -> Appetite:
    """After its first look, at the clock's 100, with so many in line."""
    appetite = Appetite(allowance=allowance)
    room = appetite.room(0, clock=100.0)
    appetite.took(min(room, in_line), room=room)
    return appetite


@pytest.mark.parametrize(
    ("allowance", "expected"),
    [(PLENTY, MANY), (3 * MANY, MANY), (3 * (MANY - 50), MANY - 50), (3 * FEW, FEW), (150, FEW), (1, FEW)],
)
def test_no_more_is_searched_for_than_the_limit_has_room_for(allowance: int, expected: int) -> None:
    assert Appetite(allowance=allowance).room(0, clock=100.0) == expected


def test_a_slice_that_begins_has_not_looked_yet() -> None:
    assert not Appetite(allowance=PLENTY).has_looked
    assert fed().has_looked


@pytest.mark.parametrize("in_hand", [MANY // 2, MANY // 2 + 1, MANY])
def test_with_half_in_hand_nobody_looks(in_hand: int) -> None:
    assert fed().room(in_hand, clock=101.0) == 0


def test_below_half_it_is_filled_up() -> None:
    assert fed().room(MANY // 2 - 1, clock=101.0) == MANY - MANY // 2 + 1


def test_where_half_of_them_take_long_fewer_are_enough() -> None:
    appetite = fed()
    assert appetite.room(FEW // 2, clock=100.0 + SLOW + 0.1) == FEW // 2
    assert appetite.room(FEW // 2, clock=101.0 + SLOW) == 0


def test_what_is_left_of_many_may_be_more_than_enough_for_who_is_slow() -> None:
    assert fed().room(FEW + 10, clock=100.0 + SLOW + 0.1) == 0


def test_who_found_nobody_more_does_not_look_again_at_once() -> None:
    appetite = fed(in_line=5)
    assert appetite.room(5, clock=100.0 + LOOK_AGAIN_AFTER / 2) == 0
    assert appetite.room(5, clock=100.0 + LOOK_AGAIN_AFTER) == MANY - 5


def test_with_nobody_in_hand_it_looks_at_once() -> None:
    assert fed(in_line=5).room(0, clock=100.0) == MANY
