"""The scene: an installation, a pretend Intercom with two workspaces, and whom it knew before."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integrations.logic.types import Role
from integrations.sandbox.control import Sandbox, State
from tests.chaos import people as crowd
from tests.chaos.driver import Driver, driver
from tests.chaos.people import Before, Panel, Person
from tests.chaos.workers import Workers
from tests.processes.installation import ROOT, Installation, installation

WORKSPACES = ("work0001", "work0002")
LEADS = 300
SEARCH_LAG = 3
"""Seconds for which the product doubts; Intercom's search, below, is always quicker than that."""

TRUE_LAG = 2.0
LONG_AGO = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a storm plays with. `control` and `joiner` are two processes inside the installation."""

    sandbox: Sandbox
    site: Installation
    workers: Workers
    control: Driver
    joiner: Driver
    people: Sequence[Person]


@contextlib.contextmanager
def scene(folder: Path, *, rng: random.Random, leads: int = LEADS) -> Iterator[Scene]:
    """Set up and quiet; nobody has joined and no worker runs."""
    panels = crowd.panels(WORKSPACES, rng=rng)
    people = crowd.people(panels, leads=leads, rng=rng)
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(sandbox_process(folder / "sandbox.sqlite3"))
        lag = str(SEARCH_LAG)
        made = installation(folder, intercom_url=sandbox.url, INTERCOM_SEARCH_LAG=lag)
        site = stack.enter_context(made)
        for workspace in WORKSPACES:
            sandbox.add_workspace(workspace, name=f"Workspace {workspace}", token=token_of(workspace))
        control, joiner = stack.enter_context(driver(site)), stack.enter_context(driver(site))
        tokens = [token_of(workspace) for workspace in WORKSPACES]
        control.do("set_up", tokens, [described(panel) for panel in panels])
        add_known(sandbox, people)
        for workspace in WORKSPACES:
            sandbox.set_lag(workspace, TRUE_LAG)
        workers = stack.enter_context(Workers(site))
        yield Scene(sandbox, site, workers, control, joiner, people)


def token_of(workspace: str) -> str:
    return f"token-{workspace}"


def described(panel: Panel) -> dict[str, str]:
    """The panel as `inside.add_campaign` takes it."""
    return {
        "slug": panel.slug,
        "name": panel.name,
        "workspace": panel.workspace,
        "role": panel.role.value,
        "policy": panel.policy.value,
    }


def add_known(sandbox: Sandbox, people: Sequence[Person]) -> None:
    """Puts into Intercom whom it knew before. For a workspace whose search does not lag (yet)."""
    roles = {Before.LEAD: [Role.LEAD], Before.USER: [Role.USER], Before.BOTH: [Role.LEAD, Role.USER]}
    for person in people:
        for role in roles.get(person.before, []):
            _add(sandbox, person, role=role)
        if person.before is Before.ARCHIVED:
            archived = _add(sandbox, person, role=Role.USER)
            sandbox.set_state(person.workspace, archived, State.ARCHIVED)


def _add(sandbox: Sandbox, person: Person, *, role: Role) -> str:
    since = int(time.time()) - LONG_AGO
    name: dict[str, Any] = {"name": person.name} if person.name else {}
    return sandbox.add_contact(
        person.workspace, email=person.email, role=role.value, created_at=since, **name
    )


@contextlib.contextmanager
def sandbox_process(path: Path) -> Iterator[Sandbox]:
    """A pretend Intercom in a process of its own, so that it does not stall when the test does."""
    command = [sys.executable, "-m", "integrations.sandbox.server", "--file", str(path), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with contextlib.closing(Sandbox(path, url=url)) as sandbox:
                yield sandbox
        finally:
            process.kill()
