"""The plan of a long storm, without the storm: a seed repeats it, and every kind of trouble comes."""

from __future__ import annotations

import random

import pytest

from tests.chaos import people as crowd
from tests.chaos.long.machine import Role
from tests.chaos.long.plan import Plan, What, plan
from tests.chaos.long.scene import WORKSPACES, panels


def planned(seed: int, *, leads: int) -> Plan:
    rng = random.Random(seed)
    people = crowd.people(panels(), leads=leads, rng=rng)
    return plan(crowd.joining_order(people, rng=rng), panels(), rng=rng)


def test_a_seed_repeats_the_plan() -> None:
    assert planned(7, leads=100) == planned(7, leads=100)
    assert planned(7, leads=100) != planned(8, leads=100)


@pytest.mark.parametrize("leads", [100, 3000])
def test_every_kind_of_trouble_comes(leads: int) -> None:
    events = planned(7, leads=leads).events

    assert {event.what for event in events} == set(What)
    assert {event.name for event in events if event.what is What.HIT} == set(Role)
    assert {event.name for event in events if event.what is What.DATABASE} == {"fast", "immediate"}
    for what in (What.REVOKE, What.RESTORE, What.RECONNECT):
        assert {event.name for event in events if event.what is what} == set(WORKSPACES)


def test_nothing_begins_after_the_storm_but_what_ends_it() -> None:
    coming = planned(7, leads=1000)
    ends = {What.LIMIT, What.RESTORE, What.RECONNECT, What.UNARCHIVE}

    late = [event.what for event in coming.events if event.at > coming.seconds]

    assert set(late) <= ends
