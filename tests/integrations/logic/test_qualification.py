"""The rule that qualifies a lead: steps into the qualifying values, whatever order they are heard in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.qualification import (
    SETTLED_AFTER,
    Moment,
    Rule,
    Verdict,
    Watch,
    birth,
    looked,
    plain,
    plain_of,
    rebase,
    rule_of,
    see,
    start,
    told,
)
from integrations.logic.types import Attribute, Contact, TabSettings

PLAN = "custom_attributes.plan"
RULE = Rule(PLAN, frozenset({"Pro", "Team"}), 1)


def at(second: int, place: int = 1) -> Moment:
    return Moment(second, place)


def watched(*values: str, rule: Rule = RULE) -> tuple[Watch, list[Verdict]]:
    """A watch that starts with the first value and hears the others, one each second."""
    watch, verdicts = start(values[0], at=at(0), rule=rule), []
    for second, value in enumerate(values[1:], start=1):
        watch, verdict = see(watch, value, at=at(second), rule=rule)
        verdicts.append(verdict)
    return watch, verdicts


@pytest.mark.parametrize(
    "values", [("", "Pro"), ("Free", "Team"), ("Pro", "Free", "Pro"), ("Pro", "", "Team")]
)
def test_a_step_into_a_qualifying_value_qualifies(values: tuple[str, ...]) -> None:
    watch, verdicts = watched(*values)
    assert watch.stepped
    assert verdicts[-1] is Verdict.QUALIFIES


@pytest.mark.parametrize(
    "values", [("Pro", "Pro"), ("Pro", "Team"), ("Pro", "Team", "Pro"), ("Free", "", "free")]
)
def test_no_step_no_qualification(values: tuple[str, ...]) -> None:
    assert not watched(*values)[0].stepped


def test_each_sighting_says_why_not() -> None:
    assert watched("Pro", "Team")[1] == [Verdict.HELD_IT_BEFORE]
    assert watched("", "Free")[1] == [Verdict.NOT_A_QUALIFYING_VALUE]
    assert watched("", "pro")[1] == [Verdict.ALMOST]
    assert RULE.almost(" PRO") == "Pro"
    assert RULE.almost("") == RULE.almost("Pro") == RULE.almost("Prof") == ""


def test_what_was_true_before_we_watched_says_nothing() -> None:
    """A late webhook from before the lead joined: an existing customer was Free long ago."""
    watch = start("Pro", at=at(10), rule=RULE)
    watch, verdict = see(watch, "Free", at=at(3), rule=RULE)
    assert verdict is Verdict.BEFORE_WE_WATCHED
    assert not see(watch, "Pro", at=at(11), rule=RULE)[0].stepped


def test_a_change_told_late_still_counts() -> None:
    watch, _ = see(start("", at=at(0), rule=RULE), "", at=at(9), rule=RULE)
    assert see(watch, "Pro", at=at(5), rule=RULE)[1] is Verdict.QUALIFIES


def test_two_values_within_one_second_wait_for_the_next_look() -> None:
    watch = start("Pro", at=at(0), rule=RULE)
    watch, _ = see(watch, "Free", at=at(5), rule=RULE)
    watch, verdict = see(watch, "Pro", at=at(5), rule=RULE)
    assert verdict is Verdict.SAME_MOMENT
    assert see(watch, "Pro", at=at(5, 2), rule=RULE)[1] is Verdict.QUALIFIES
    assert not see(watch, "Free", at=at(5, 2), rule=RULE)[0].stepped


def test_without_a_first_look_a_change_that_is_told_proves_nothing() -> None:
    watch, verdict = see(Watch(), "Pro", at=at(5), rule=RULE)
    assert (watch, verdict) == (Watch(), Verdict.NO_FIRST_LOOK)
    assert not start("Pro", at=at(5), rule=RULE).stepped


def test_a_changed_rule_starts_from_the_value_known_today() -> None:
    watch, _ = watched("", "Free")
    wider = Rule(PLAN, frozenset({"Free"}), 2)
    assert not see(rebase(watch, rule=wider), "Free", at=at(9), rule=wider)[0].stepped
    gone, _ = see(rebase(watch, rule=wider), "", at=at(9), rule=wider)
    assert see(gone, "Free", at=at(10), rule=wider)[0].stepped
    assert rebase(Watch(), rule=wider) == Watch()


@pytest.mark.parametrize("value", ["Pro\n", "Pro\t", "\u200bPro", "Pro ", "pro"])
def test_what_cannot_be_seen_makes_another_value_all_the_same(value: str) -> None:
    text = Attribute(PLAN, "Plan", "string", custom=True)
    assert plain_of(contact(value), PLAN, attribute=text) == value
    verdict = see(start("", at=at(0), rule=RULE), value, at=at(1), rule=RULE)[1]
    assert verdict is (Verdict.NOT_A_QUALIFYING_VALUE if "\u200b" in value else Verdict.ALMOST)


def contact(value: object, *, updated_at: int = 100, created_at: int = 100) -> Contact:
    attributes = {"plan": value}
    return Contact(
        "c1",
        "lead",
        "ana@example.com",
        created_at=created_at,
        updated_at=updated_at,
        custom_attributes=attributes,
    )


def test_a_change_in_the_second_of_the_birth_counts() -> None:
    made = contact("")
    assert see(start("", at=birth(made), rule=RULE), "Pro", at=told(contact("Pro")), rule=RULE)[0].stepped


def test_a_look_is_final_only_when_the_contact_was_left_alone_for_a_while() -> None:
    assert looked(contact(""), now=100 + SETTLED_AFTER) == Moment(100, 2)
    assert looked(contact(""), now=100 + SETTLED_AFTER - 1) == Moment(100, 1)


@pytest.mark.parametrize(
    ("kind", "named", "value"),
    [
        ("string", "Pro", "Pro"),
        ("integer", "5", 5),
        ("integer", 5, 5.0),
        ("float", "2.5", 2.5),
        ("boolean", "yes", True),
        ("boolean", False, False),
        ("date", "2026-03-01", 1772323200),
        ("date", "2026-03-01", "2026-03-01T00:00:00.000+00:00"),
    ],
)
def test_values_compare_as_intercom_keeps_them(kind: str, named: object, value: object) -> None:
    attribute = Attribute(PLAN, "Plan", kind, custom=True)
    settings = TabSettings(qualifies=True, rule_attribute=PLAN, qualifying_values=(named,))  # type: ignore[arg-type]
    rule = rule_of(settings, attribute=attribute)
    assert rule is not None
    assert rule.holds(plain_of(contact(value), PLAN, attribute=attribute))


@pytest.mark.parametrize("value", [None, "", [], {}, ["Pro"], float("nan")])
def test_what_is_no_single_value_is_no_value(value: object) -> None:
    assert plain_of(contact(value), PLAN, attribute=None) == ""


def test_a_standard_field_can_be_watched() -> None:
    assert plain_of(Contact("c1", "user", "a@example.com", phone="+353"), "phone", attribute=None) == "+353"
    assert plain_of(Contact("c1", "user", "a@example.com"), "role", attribute=None) == "user"


@pytest.mark.parametrize(
    "settings",
    [
        TabSettings(),
        TabSettings(qualifies=True, rule_attribute=PLAN),
        TabSettings(qualifies=True, qualifying_values=("Pro",)),
        TabSettings(qualifies=True, rule_attribute=PLAN, qualifying_values=("",)),
        TabSettings(qualifies=False, rule_attribute=PLAN, qualifying_values=("Pro",)),
    ],
)
def test_an_incomplete_rule_is_none(settings: TabSettings) -> None:
    assert rule_of(settings, attribute=None) is None


def test_a_rule_means_what_it_says_even_where_an_option_is_spelled_otherwise() -> None:
    attribute = Attribute(PLAN, "Plan", "string", options=("Free", "Pro"), custom=True)
    settings = TabSettings(qualifies=True, rule_attribute=PLAN, qualifying_values=("pro",))
    rule = rule_of(settings, attribute=attribute)
    assert rule is not None
    assert not rule.holds(plain_of(contact("Pro"), PLAN, attribute=attribute))
    assert rule.almost("Pro") == "pro"


def test_case_is_exact() -> None:
    assert not RULE.holds(plain("pro", attribute=None))


# Any history, heard in any order ------------------------------------------------------------------------


@dataclass(frozen=True)
class Sighting:
    value: str
    at: Moment


@dataclass(frozen=True)
class History:
    """What was really true, change by change, and what of it is heard, in the order of hearing."""

    truth: tuple[tuple[int, str], ...]
    heard: tuple[Sighting, ...]

    @property
    def first(self) -> tuple[int, str]:
        return self.truth[0]


VALUES = st.sampled_from(["", "Free", "Pro", "Team"])


@st.composite
def histories(draw: st.DrawFn) -> History:
    gaps = draw(st.lists(st.integers(0, 2), min_size=1, max_size=8))
    truth, second = [(100, draw(VALUES))], 100
    for gap in gaps:
        second += gap
        truth.append((second, draw(VALUES)))
    webhooks = [Sighting(value, Moment(when)) for when, value in truth[1:]]
    settled = dict(truth)
    looks = [Sighting(value, Moment(when, 2)) for when, value in settled.items() if when > 100]
    hasty = [Sighting(value, Moment(when)) for when, value in truth[1:]]
    heard = draw(st.lists(st.sampled_from([*webhooks, *looks, *hasty]), max_size=20))
    return History(tuple(truth), tuple(heard))


def heard_in_order(history: History, heard: tuple[Sighting, ...]) -> Watch:
    watch = start(history.first[1], at=Moment(history.first[0]), rule=RULE)
    for one in heard:
        watch, _ = see(watch, one.value, at=one.at, rule=RULE)
    return watch


def stepped(values: list[str]) -> bool:
    return any(not RULE.holds(one) and RULE.holds(other) for one, other in pairwise(values))


@given(histories())
def test_nobody_qualifies_whom_an_all_seeing_observer_would_not(history: History) -> None:
    if heard_in_order(history, history.heard).stepped:
        assert stepped([value for _, value in history.truth])


@given(histories(), st.randoms())
def test_the_order_of_hearing_changes_nothing(history: History, chance: object) -> None:
    other = list(history.heard)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert heard_in_order(history, history.heard).stepped == heard_in_order(history, tuple(other)).stepped


@given(histories())
def test_the_end_is_what_an_observer_of_all_that_was_heard_computes(history: History) -> None:
    counted = [one for one in history.heard if Moment(history.first[0]) < one.at]
    first = Sighting(history.first[1], Moment(history.first[0]))
    seen = [first, *counted]
    expected = any(
        not RULE.holds(one.value) and RULE.holds(other.value) and one.at < other.at
        for one in seen
        for other in seen
    )
    assert heard_in_order(history, history.heard).stepped == expected


@given(histories())
def test_who_hears_everything_misses_no_step_between_seconds(history: History) -> None:
    last_of_second = list(dict(history.truth).values())
    everything = [Sighting(value, Moment(when)) for when, value in history.truth[1:]]
    looks = [Sighting(value, Moment(when, 2)) for when, value in history.truth]
    final = {one.at: one for one in looks}
    watch = heard_in_order(history, (*everything, *final.values()))
    if stepped(last_of_second):
        assert watch.stepped
