"""One whole storm over real processes, and each kind of trouble alone, cheaper, in the test's own process."""

from __future__ import annotations

import random
import sys
from functools import partial
from pathlib import Path

import pytest

from integrations.sandbox.control import Sandbox
from tests.chaos import inside
from tests.chaos import people as crowd
from tests.chaos.alone import DEADLINE, drain_until_nothing_is_open, join, set_scene
from tests.chaos.oracle import examine
from tests.chaos.plan import CALLS
from tests.chaos.run import run, seed_from_environment
from tests.chaos.scene import LEADS
from tests.chaos.trouble import Trouble, fault, rate_limit_ending_soon
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.sandbox_fixtures import WORKSPACE

FEW = 24


@pytest.mark.slow
def test_after_a_storm_every_lead_is_as_intercoms_own_books_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = seed_from_environment()
    with capsys.disabled():
        sys.stdout.write(f" CHAOS_SEED={seed} ")

    done = run(seed, folder=tmp_path)

    assert sum(done.states.values()) >= LEADS


@pytest.mark.django_db
@pytest.mark.usefixtures("haste")
@pytest.mark.parametrize("trouble", Trouble)
def test_one_kind_of_trouble_costs_nobody_anything(intercom: Intercom, trouble: Trouble) -> None:
    seed = seed_from_environment()
    rng = random.Random(seed)
    panels = crowd.panels([WORKSPACE], rng=rng)
    people = crowd.people(panels, leads=FEW, rng=rng)
    set_scene(intercom.sandbox, panels=panels, people=people)
    make_trouble(intercom.sandbox, trouble)

    join(people, rng=rng)
    drain_until_nothing_is_open(intercom)

    everybody = frozenset(lead.tag for person in people for lead in person.leads)
    examine(
        people,
        sandbox=intercom.sandbox,
        rows=inside.rows(),
        head=f"CHAOS_SEED={seed}, {trouble}",
        disturbed=everybody if trouble.looks_like_success else frozenset(),
        heard_within=DEADLINE,
    )


def make_trouble(sandbox: Sandbox, trouble: Trouble) -> None:
    """For one call of each kind; what holds the whole workspace comes once."""
    once = {Trouble.RATE_LIMIT, Trouble.RATE_LIMIT_BARE, Trouble.UNAUTHORIZED}
    calls = CALLS[:1] if trouble in once else CALLS
    make = rate_limit_ending_soon if trouble is Trouble.RATE_LIMIT else partial(fault, trouble)
    for call in calls:
        sandbox.add_fault(WORKSPACE, make(**call))
