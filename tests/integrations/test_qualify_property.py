"""Whatever is lost, doubled or out of order: what was heard decides. Without a step nobody qualifies.

Contacts that are merged, and visitors who sign up, have a world of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import IntercomConnection, Sighting, Watch, WatchState
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import set_panel
from tests.integrations.merging_world import EMAIL, MergingWorld
from tests.integrations.qualify_fixtures import rule, ruled
from tests.integrations.qualify_world import World

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = settings(
    max_examples=int(os.environ.get("HISTORIES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Of each kind of history; HISTORIES=200 RANDOM=1 in the environment makes up so many others."""

EMAILS = st.sampled_from(["ana@example.com"] * 4 + ["bo@example.com"])
VALUES = st.sampled_from(["", "Free", "Pro", "Pro", "Pro", "Enterprise"])
CAMPAIGNS = st.integers(0, 2)

Act = Callable[[World], None]


def joins(email: str, number: int, unanswered: bool) -> Act:
    return lambda world: world.join(email, number, unanswered=unanswered)


def writes(email: str, value: str) -> Act:
    return lambda world: world.write(email, value)


def is_customer(email: str, value: str) -> Act:
    return lambda world: world.customer(email, value)


def is_told(number: int, twice: bool) -> Act:
    return lambda world: world.deliver(number, twice=twice)


def looks(staleness: int) -> Act:
    return lambda world: world.look(staleness=staleness)


def waits(seconds: int) -> Act:
    return lambda world: world.pass_time(seconds)


CHANGES = st.builds(writes, EMAILS, VALUES)
TOLD = st.builds(is_told, st.integers(0, 4), st.booleans())
LOOKS = st.builds(looks, st.sampled_from([0, 1, 100, 300]))
WAITS = st.builds(waits, st.sampled_from([1, 1, 2, 61, 400]))
JOINS = st.builds(joins, EMAILS, CAMPAIGNS, st.booleans())
ADOPTS = st.just(lambda world: world.adopt())
SAVES = st.just(lambda world: world.save_rule(2, ["Pro"]))


RULES = st.sampled_from([["Pro"], ["Enterprise"], ["Pro", "Enterprise"], ["Free"], ["Free", "Pro"]])


def changes_the_rule(values: list[str]) -> Act:
    return lambda world: world.change_rule(0, values)


RULED_ANEW = st.builds(changes_the_rule, RULES)


def some(*acts: st.SearchStrategy[Act], most: int = 10) -> st.SearchStrategy[list[Act]]:
    return st.lists(st.one_of(*acts), max_size=most)


def history(*parts: st.SearchStrategy[list[Act]]) -> st.SearchStrategy[list[Act]]:
    return st.tuples(*parts).map(lambda found: [act for part in found for act in part])


def once(act: st.SearchStrategy[Act]) -> st.SearchStrategy[list[Act]]:
    return st.lists(act, min_size=1, max_size=1)


ANA, RULED = st.just("ana@example.com"), st.integers(0, 1)
ANSWERED, UNANSWERED = st.sampled_from([False]), st.sampled_from([True])
HISTORIES = {
    "made by us": history(
        once(st.builds(joins, ANA, RULED, ANSWERED)),
        some(CHANGES, CHANGES, TOLD, TOLD, LOOKS, WAITS, most=16),
    ),
    "made by us, and the answer got lost": history(
        once(st.builds(joins, ANA, RULED, UNANSWERED)),
        some(CHANGES, TOLD, TOLD, WAITS, most=6),
        once(ADOPTS),
        some(CHANGES, TOLD, TOLD, WAITS, LOOKS),
    ),
    "a customer before": history(
        once(st.builds(is_customer, ANA, VALUES)),
        some(CHANGES, WAITS, most=4),
        once(st.builds(joins, ANA, RULED, ANSWERED)),
        some(CHANGES, CHANGES, TOLD, TOLD, LOOKS, WAITS, most=14),
    ),
    "a rule that came later": history(
        once(st.builds(joins, ANA, st.just(2), ANSWERED)),
        some(CHANGES, TOLD, WAITS, most=5),
        once(SAVES),
        some(CHANGES, TOLD, WAITS, most=4),
        once(LOOKS),
        some(CHANGES, CHANGES, TOLD, TOLD, LOOKS, WAITS, most=14),
    ),
    "many looks waited for": history(
        once(st.builds(joins, ANA, st.just(2), ANSWERED)),
        once(st.builds(waits, st.sampled_from([1, 400]))),
        some(CHANGES, st.builds(waits, st.just(1)), most=3),
        once(SAVES),
        once(st.just(lambda world: world.read_nobody())),
        once(st.builds(waits, st.sampled_from([1, 400]))),
        some(CHANGES, CHANGES, TOLD, TOLD, st.builds(waits, st.just(1))),
        once(LOOKS),
        some(CHANGES, TOLD, LOOKS, WAITS, most=8),
    ),
    "a rule that changes": history(
        once(st.builds(joins, ANA, st.just(0), ANSWERED)),
        some(CHANGES, CHANGES, TOLD, LOOKS, WAITS, most=8),
        once(RULED_ANEW),
        some(CHANGES, CHANGES, TOLD, TOLD, LOOKS, WAITS, RULED_ANEW, most=14),
    ),
    "anything": some(*[CHANGES, TOLD, WAITS, JOINS] * 2, LOOKS, ADOPTS, SAVES, most=20),
}


@pytest.fixture
def new_world(connection: IntercomConnection) -> Callable[[time_machine.Traveller], World]:
    """Two campaigns with rules of their own, and one that gets a rule later."""

    def make(clock: time_machine.Traveller) -> World:
        campaigns = [make_campaign() for _ in range(3)]
        wanted = [["Pro", "Enterprise"], ["Enterprise", "Free"]]
        world = World(connection, clock, campaigns)
        for campaign, values in zip(campaigns, wanted, strict=False):
            ruled(campaign, rule(*values), duplicates="update")
            world.rules[campaign.pk] = frozenset(values)
        set_panel(campaigns[2], duplicates="update")
        return world

    return make


@MANY
@given(data=st.data())
@pytest.mark.parametrize("kind", HISTORIES)
def test_any_history_ends_in_what_was_heard_and_in_nothing_that_never_was(
    new_world: Callable[[time_machine.Traveller], World], kind: str, data: st.DataObject
) -> None:
    acts = data.draw(HISTORIES[kind])
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
        world = new_world(clock)
        clock.shift(5)
        for act in acts:
            act(world)
        for lead in world.leads:
            qualified = world.qualified(lead)
            assert lead.former or qualified == world.observer_says(lead)
            assert world.all_seeing_allows(lead) or not qualified
            told = Sighting.objects.filter(participant=lead.person, verdict="qualifies").count()
            assert told == qualified
            states = Watch.objects.filter(participant=lead.person).values_list("state", flat=True)
            assert (WatchState.QUALIFIED in states) == qualified
        transaction.set_rollback(True)


NEXT = st.one_of(
    st.tuples(CHANGES, st.just(is_told(0, twice=False))), st.tuples(RULED_ANEW, st.just(looks(0)))
)


@MANY
@given(steps=st.lists(NEXT, min_size=1, max_size=10))
def test_told_at_once_and_looked_at_after_each_save_every_rule_counts_its_own_steps(
    new_world: Callable[[time_machine.Traveller], World], steps: list[tuple[Act, Act]]
) -> None:
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
        world = new_world(clock)
        clock.shift(5)
        world.join("ana@example.com", 0, unanswered=False)
        for happens, is_heard in steps:
            clock.shift(2)
            happens(world)
            clock.shift(2)
            is_heard(world)
            assert world.qualified(world.leads[0]) == world.all_seeing_allows(world.leads[0])
        transaction.set_rollback(True)


# Merged contacts, and visitors who sign up -----------------------------------------------------------------

MergeAct = Callable[[MergingWorld], None]
NewMergingWorld = Callable[[time_machine.Traveller, list[str] | None], MergingWorld]


def is_changed(number: int, value: str) -> MergeAct:
    return lambda world: world.change(number, value)


def is_merged(number: int) -> MergeAct:
    return lambda world: world.merge(number)


def signs_up(value: str, anew: bool) -> MergeAct:
    return lambda world: world.sign_up(value, anew=anew)


def appears(value: str) -> MergeAct:
    return lambda world: world.appear(value)


def was_there(value: str) -> MergeAct:
    return lambda world: world.customer(EMAIL, value)


def we_make(value: str) -> MergeAct:
    return lambda world: world.join_another(value)


WHICH = st.integers(0, 3)
CHANGED = st.builds(is_changed, WHICH, VALUES)
MERGED, SIGNED_UP = st.builds(is_merged, WHICH), st.builds(signs_up, VALUES, st.booleans())
OTHERS = st.one_of(st.builds(appears, VALUES), st.builds(was_there, VALUES), st.builds(we_make, VALUES))
AWAY = st.sampled_from([lambda world: world.archive(), lambda world: world.restore()])
TRUE_ACTS = st.lists(st.one_of(CHANGED, CHANGED, MERGED, SIGNED_UP, OTHERS, AWAY), min_size=1, max_size=8)
BEFORE = st.one_of(st.none(), st.lists(VALUES, max_size=3))
"""The values of the person's other contacts where the rule came late; None where it was there at first."""

HEARD = st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=14)


@pytest.fixture
def new_merging_world(connection: IntercomConnection) -> NewMergingWorld:
    def make(clock: time_machine.Traveller, before: list[str] | None) -> MergingWorld:
        campaign = make_campaign()
        world = MergingWorld(connection, clock, [campaign])
        clock.shift(5)
        if before is None:
            ruled(campaign, rule("Pro", "Enterprise"), duplicates="update")
            world.begin()
        else:
            set_panel(campaign, duplicates="update")
            world.begin_late(before)
        return world

    return make


def is_qualified(world: MergingWorld) -> bool:
    """As the lead, the watch and the story have it, which must agree."""
    assert world.person is not None
    world.person.refresh_from_db()
    qualified = world.person.status == "qualified"
    told = Sighting.objects.filter(participant=world.person, verdict="qualifies").count()
    assert told == qualified
    assert (world.watch().state == WatchState.QUALIFIED) == qualified
    return qualified


@MANY
@given(before=BEFORE, acts=TRUE_ACTS, twice=st.booleans())
def test_told_in_order_every_true_step_over_merges_and_sign_ups_counts_and_nothing_else(
    new_merging_world: NewMergingWorld, before: list[str] | None, acts: list[MergeAct], twice: bool
) -> None:
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
        world = new_merging_world(clock, before)
        for act in acts:
            clock.shift(3)
            already = len(world.said)
            act(world)
            for one in world.said[already:]:
                world.hear(*one)
                if twice:
                    world.hear(*one, twice=True)
            assert is_qualified(world) == world.allowed
        transaction.set_rollback(True)


@MANY
@given(before=BEFORE, acts=TRUE_ACTS, heard=HEARD, staleness=st.sampled_from([0, 1, 100, 300]))
def test_over_merges_that_are_told_late_twice_or_never_nobody_qualifies_without_a_true_step(
    new_merging_world: NewMergingWorld,
    before: list[str] | None,
    acts: list[MergeAct],
    heard: list[tuple[int, bool]],
    staleness: int,
) -> None:
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
        world = new_merging_world(clock, before)
        for number, act in enumerate(acts):
            clock.shift(3)
            act(world)
            for which, twice in heard[number::3]:
                world.deliver(which, twice=twice)
            if number % 3 == 2:
                world.look(staleness=staleness)
            assert world.allowed or not is_qualified(world)
        for _ in range(2):
            clock.shift(700)
            world.look(staleness=0, at_once=True)
        assert world.allowed or not is_qualified(world)
        assert is_qualified(world) or world.watch().contact_id == world.watched or world.watched in world.gone
        transaction.set_rollback(True)


@MANY
@given(before=BEFORE, acts=TRUE_ACTS)
def test_with_every_notification_lost_looks_find_the_steps_over_merges_and_sign_ups(
    new_merging_world: NewMergingWorld, before: list[str] | None, acts: list[MergeAct]
) -> None:
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
        world = new_merging_world(clock, before)
        for act in acts:
            clock.shift(700)
            act(world)
            for _ in range(3):
                clock.shift(700)
                world.look(staleness=0)
            assert world.allowed or not is_qualified(world)
            assert is_qualified(world) or not world.shows
        transaction.set_rollback(True)
