"""The long storm's scene: servers and an installation of its own, and three pretend workspaces."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from integrations.logic.types import Policy, Role
from integrations.sandbox.control import Sandbox
from tests.chaos import people as crowd
from tests.chaos.driver import Driver, driver
from tests.chaos.long.control import Control
from tests.chaos.long.machine import Machine, machines
from tests.chaos.long.servers import Postgres, Redis, postgres
from tests.chaos.people import Panel, Person
from tests.chaos.scene import add_known, described, sandbox_process, token_of
from tests.processes.installation import Installation, installation

WORKSPACES = ("work0001", "work0002", "work0003")
INSIDE = "tests.chaos.long.inside"
SEARCH_LAG = 15
"""Seconds for which the product doubts; what arrives late arrives, and is searchable, well within them."""

TRUE_LAG = 8.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a storm plays with. `visitors` are two web-like processes; Redis is None without it."""

    sandbox: Sandbox
    site: Installation
    machines: Sequence[Machine]
    control: Control
    visitors: Sequence[Driver]
    people: Sequence[Person]
    panels: Sequence[Panel]
    database: Postgres
    redis: Redis | None


def panels() -> list[Panel]:
    """Lead and user, skip and update: all four in each workspace."""
    return [
        Panel(f"{workspace}-{role}-{policy}", workspace, role, policy)
        for workspace in WORKSPACES
        for role in Role
        for policy in Policy
    ]


@contextlib.contextmanager
def scene(folder: Path, *, rng: random.Random, leads: int, with_redis: bool) -> Iterator[Scene]:
    """Set up, and both machines run; nobody has joined."""
    rooms = panels()
    people = crowd.people(rooms, leads=leads, rng=rng)
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(sandbox_process(folder / "sandbox.sqlite3"))
        database = stack.enter_context(postgres(folder / "postgresql"))
        redis = Redis(folder) if with_redis else None
        if redis is not None:
            stack.callback(redis.stop)
        extra = {"DATABASE_URL": database.url, "INTERCOM_SEARCH_LAG": str(SEARCH_LAG)}
        extra |= {"REDIS_URL": redis.url} if redis else {}
        site = stack.enter_context(installation(folder, intercom_url=sandbox.url, **extra))
        for workspace in WORKSPACES:
            sandbox.add_workspace(workspace, name=f"Workspace {workspace}", token=token_of(workspace))
        control, *visitors = (stack.enter_context(driver(site, inside=INSIDE)) for _ in range(3))
        tokens = [token_of(workspace) for workspace in WORKSPACES]
        control.do("set_up", tokens, [described(panel) for panel in rooms])
        add_known(sandbox, people)
        for workspace in WORKSPACES:
            sandbox.set_lag(workspace, TRUE_LAG)
        running = stack.enter_context(machines(site))
        yield Scene(sandbox, site, running, Control(control), visitors, people, rooms, database, redis)
