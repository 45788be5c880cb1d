"""The cheaper form: one workspace, no other processes, drains run in the test's own process."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from integrations.models import ConnectionStatus
from integrations.sandbox.control import Sandbox
from tests.chaos import inside
from tests.chaos.people import Panel, Person, joining_order
from tests.chaos.scene import add_known, described
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

DEADLINE = 0.5
"""Seconds for a call, so that giving up on one is cheap."""

SEARCH_LAG, TRUE_LAG = 0.8, 0.3
MOST_ROUNDS = 40


def set_scene(sandbox: Sandbox, *, panels: Sequence[Panel], people: Sequence[Person]) -> None:
    """The campaigns are there, and Intercom knows whom it knew before; nobody has joined."""
    inside.connect(TOKEN)
    for panel in panels:
        inside.add_campaign(**described(panel))
    add_known(sandbox, people)
    sandbox.set_lag(WORKSPACE, TRUE_LAG)


def join(people: Sequence[Person], *, rng: random.Random) -> None:
    leads = joining_order(people, rng=rng)
    inside.join([(lead.panel.slug, lead.email, lead.first_name, lead.tag) for lead in leads], 0)


def drain_until_nothing_is_open(intercom: Intercom) -> None:
    """As the sweep, the passing of time and somebody who connects again would see to it."""
    for _ in range(MOST_ROUNDS):
        intercom.drain()
        intercom.connection.refresh_from_db()
        if intercom.connection.status != ConnectionStatus.CONNECTED:
            inside.connect(TOKEN)
        if not inside.still_open():
            return
        inside.pass_time()
        time.sleep(0.05)
