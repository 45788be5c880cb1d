"""Taking an update back: a field goes back only while it has what we wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.bodies import Change, Mapped, update_change
from integrations.logic.sameness import alike
from integrations.logic.types import CUSTOM, Contact
from integrations.logic.undo import Fate, Wrote, foreseen, plan, still_ours, undo_change

PLAN = CUSTOM + "plan"


def contact(value: Any = None, *, target: str = PLAN, **more: Any) -> Contact:
    custom = {target.removeprefix(CUSTOM): value} if target.startswith(CUSTOM) else {}
    standard = {} if custom else {target: value}
    return Contact(
        **{"id": "1", "role": "user", "email": "ana@x.com", "custom_attributes": custom} | standard | more
    )


def wrote(before: Any, after: Any, *, target: str = PLAN, **more: Any) -> Wrote:
    return Wrote(before={target: before}, after={target: after}, **more)


def fate(history: list[Wrote], now: Any, *, target: str = PLAN) -> tuple[Fate, Any]:
    (found,) = plan(history, contact=contact(now, target=target))
    return found.fate, found.before


def test_what_is_still_ours_goes_back() -> None:
    assert fate([wrote("Free", "Pro")], "Pro") == (Fate.BACK, "Free")


def test_what_somebody_changed_stays() -> None:
    assert fate([wrote("Free", "Pro")], "Enterprise") == (Fate.CHANGED, "Free")


def test_what_somebody_emptied_stays_empty() -> None:
    assert fate([wrote("Free", "Pro")], None) == (Fate.CHANGED, "Free")


def test_what_was_empty_is_emptied_again() -> None:
    history = [wrote(None, "Pro")]
    assert fate(history, "Pro") == (Fate.BACK, None)
    change = undo_change(plan(history, contact=contact("Pro")))
    assert change.body == {"custom_attributes": {"plan": None}}


def test_what_is_back_already_is_not_written_again() -> None:
    history = [wrote("Free", "Pro")]
    assert fate(history, "Free") == (Fate.BACK_ALREADY, "Free")
    assert undo_change(plan(history, contact=contact("Free"))).body == {}


def test_several_updates_go_back_to_what_was_before_the_first() -> None:
    assert fate([wrote("B", "C"), wrote("A", "B")], "C") == (Fate.BACK, "A")


def test_who_came_between_two_updates_gets_their_value_back() -> None:
    assert fate([wrote("X", "C"), wrote("A", "B")], "C") == (Fate.BACK, "X")


def test_somebody_who_put_an_older_value_of_ours_there_keeps_it() -> None:
    assert fate([wrote("B", "C"), wrote("A", "B")], "B") == (Fate.CHANGED, "A")


FORGOTTEN = Wrote(forgotten=True)


def test_what_a_forgotten_write_may_have_left_is_not_put_back() -> None:
    history = [wrote("Ours1", "Ours2"), FORGOTTEN]
    assert fate(history, "Ours2") == (Fate.FORGOTTEN, None)
    assert undo_change(plan(history, contact=contact("Ours2"))).body == {}
    (found,) = foreseen(history)
    assert (found.fate, found.forgotten) == (Fate.FORGOTTEN, True)


def test_what_was_written_before_somebody_else_s_word_may_be_forgotten() -> None:
    history = [wrote("Theirs", "Ours2"), wrote("A", "Ours1"), FORGOTTEN]
    assert fate(history, "Ours2") == (Fate.BACK, "Theirs")


def test_what_was_taken_back_since_may_be_forgotten() -> None:
    history = [wrote("A", "B"), wrote("B", "A", undo=True), FORGOTTEN]
    assert fate(history, "B") == (Fate.BACK, "A")


def test_what_somebody_changed_stays_whatever_is_forgotten() -> None:
    (found,) = plan([wrote("Ours1", "Ours2"), FORGOTTEN], contact=contact("Theirs"))
    assert (found.fate, found.forgotten) == (Fate.CHANGED, True)


def test_what_has_ours_is_ours_whatever_is_forgotten() -> None:
    assert still_ours([wrote("Ours1", "Ours2"), FORGOTTEN], contact=contact("Ours2")) == {PLAN}


def test_what_was_taken_back_is_not_taken_back_again() -> None:
    undone = wrote("B", "A", undo=True)
    assert plan([undone, wrote("A", "B")], contact=contact("B")) == []


def test_an_undo_that_never_arrived_counts_for_nothing() -> None:
    lost = wrote("B", "A", undo=True, sure=False)
    assert fate([lost, wrote("A", "B")], "B") == (Fate.BACK, "A")
    assert fate([lost, wrote("A", "B")], "A") == (Fate.BACK_ALREADY, "A")


def test_an_update_after_an_undo_goes_back_to_before_itself() -> None:
    history = [wrote("A", "B"), wrote("B", "A", undo=True), wrote("Z", "B")]
    assert fate(history, "B") == (Fate.BACK, "A")


def test_a_write_that_was_never_answered_is_taken_back_where_it_arrived() -> None:
    lost = wrote("A", "B", sure=False)
    assert fate([lost], "B") == (Fate.BACK, "A")
    assert fate([lost], "A") == (Fate.BACK_ALREADY, "A")
    assert fate([lost, wrote("Z", "A")], "A") == (Fate.BACK, "Z")


def test_a_value_as_intercom_spells_it_is_ours() -> None:
    history = [wrote("Free", "Pro", received={PLAN: "PRO"})]
    assert fate(history, "PRO") == (Fate.BACK, "Free")
    assert fate([wrote("+1 2", "+44 20 1234", target="phone")], "+44201234", target="phone")[0] is Fate.BACK


def test_what_intercom_had_ignored_needs_nothing() -> None:
    assert fate([wrote("Free", "Pro", received={PLAN: "Free"})], "Free")[0] is Fate.BACK_ALREADY


@pytest.mark.parametrize(
    ("ours", "now", "same"),
    [
        (12, 12.0, True),
        (1, True, False),
        (True, True, True),
        (0, False, False),
        (0, None, False),
        (5, "5", False),
    ],
)
def test_numbers_and_booleans_are_told_apart(ours: Any, now: Any, same: bool) -> None:
    assert (fate([wrote("x", ours)], now)[0] is Fate.BACK) is same


@pytest.mark.parametrize("target", ["email", "external_id", "role", "unsubscribed_from_emails", "id"])
def test_email_role_and_consent_are_never_touched(target: str) -> None:
    history = [wrote("a", "b", target=target)]
    assert plan(history, contact=Contact(id="1", role="b", email="b", external_id="b")) == []
    assert foreseen(history) == []


def test_what_is_no_single_value_is_left_alone() -> None:
    history = [wrote({"type": "list"}, "Pro")]
    assert fate(history, "Pro")[0] is Fate.IMPOSSIBLE
    assert undo_change(plan(history, contact=contact("Pro"))).body == {}


def test_without_a_history_there_is_nothing() -> None:
    assert (plan([], contact=contact("Pro")), foreseen([]), undo_change([])) == ([], [], Change())


def test_where_intercom_cannot_be_asked_our_last_write_is_taken_to_stand() -> None:
    (found,) = foreseen([wrote("B", "C"), wrote("A", "B")])
    assert (found.fate, found.wrote, found.before) == (Fate.BACK, "C", "A")


VALUES = st.sampled_from([None, "", "A", "B", 0, 1, True, False, 1.5])
OURS = st.sampled_from(["A", "B", 1, True, 1.5])
THEIRS = st.sampled_from([None, "", "X", "Y", 0, False, 2])


@given(start=THEIRS, steps=st.lists(st.one_of(st.tuples(OURS), st.tuples(THEIRS, st.none())), max_size=8))
def test_after_any_course_an_undo_leaves_what_others_wrote_last(start: Any, steps: list[Any]) -> None:
    """Ours and others' writes in any order, of values that can be told apart; and twice is once."""
    now = theirs = start
    history: list[Wrote] = []
    for step in steps:
        if len(step) > 1:
            now = theirs = step[0]
            continue
        change = update_change(Mapped(custom={"plan": step[0]}), contact=contact(now))
        if change.body:
            history.insert(0, Wrote(before=change.before, after=change.after))
            now = step[0]
    after = undo(history, now)
    assert alike(PLAN, after, theirs)
    assert undo(history, after) == after


def undo(history: list[Wrote], now: Any) -> Any:
    change = undo_change(plan(history, contact=contact(now)))
    return change.body.get("custom_attributes", {}).get("plan", now)


@given(
    history=st.lists(st.builds(wrote, VALUES, OURS, sure=st.booleans(), undo=st.booleans()), max_size=6),
    now=VALUES,
)
def test_any_history_gives_a_body_that_can_be_sent(history: list[Wrote], now: Any) -> None:
    change = undo_change(plan(history, contact=contact(now)))
    assert json.loads(json.dumps(change.body)) == change.body
    assert change.before.keys() == change.after.keys()
