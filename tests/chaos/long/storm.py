"""The long storm: thousands join while the plan is carried out; then quiet, until nothing is owed."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from integrations.logic.types import Policy
from tests.chaos import people as crowd
from tests.chaos.long.crowd import Crowd
from tests.chaos.long.machine import Role
from tests.chaos.long.plan import FULL_LIMIT, Event, Plan, What, plan
from tests.chaos.long.scene import WORKSPACES, Scene
from tests.chaos.long.stopping import Stopping
from tests.chaos.long.tabs import ALWAYS, Change
from tests.chaos.scene import token_of
from tests.processes.installation import eventually

TICK = 0.5
SWEEP_EVERY = 5.0
"""The minutely sweep, scaled like the search lag while the storm lasts. Afterwards it comes by itself."""

TELLS_EVERY = 20.0
QUIET_WITHIN = 480.0
"""A cluster that hangs for good is noticed after three minutes; the sweep comes every one and a half."""

TRIES_NOW_EVERY = 15.0
ECHO = 3.0
"""Seconds in which a write after the end would show."""


@dataclass
class Storm:
    """One storm over one scene. `kills` are the times (Unix seconds) at which something was killed, stopped
    or restarted, and at which that was over; `completed` the tags of those who were sent missing fields."""

    scene: Scene
    rng: random.Random
    kills: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    disturbed: frozenset[str] = frozenset()
    completed: frozenset[str] = frozenset()
    killed: int = 0
    restarted: int = 0
    tried_again: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stopping = Stopping(self.scene.control, self.scene.machines)
        self._began = self._told_at = self._swept_at = time.monotonic()

    def blow(self) -> None:
        """Everybody joins; everything fails; then the sky clears, and what is owed is sent."""
        leads = crowd.joining_order(self.scene.people, rng=self.rng)
        coming = plan(leads, self.scene.panels, rng=self.rng)
        self.disturbed = coming.disturbed
        joining = Crowd(self.scene.site, self.scene.visitors, leads, self.rng, coming.seconds)
        eventually(self._all_are_up, within=60, what="both machines")
        joining.start()
        self._carry_out(coming)
        joining.wait()
        self.tried_again, self.wrong = joining.tried_again, joining.failed
        self._clear_up()
        self._wait_for_the_last()
        self.completed = frozenset(self.scene.control.do("complete"))
        self._wait_for_the_last()
        self.kills += self.stopping.moments
        time.sleep(ECHO)

    def _all_are_up(self) -> bool:
        return all(machine.is_whole() for machine in self.scene.machines)

    def _carry_out(self, coming: Plan) -> None:
        self._began = time.monotonic()
        for event in coming.events:
            while (left := self._began + event.at - time.monotonic()) > 0:
                self._turn()
                time.sleep(min(TICK, left))
            self.told.append(f"{time.strftime('%H:%M:%S')} {event}")
            self._doers[event.what](event)

    def _turn(self) -> None:
        self.stopping.turn()
        if time.monotonic() - self._swept_at > SWEEP_EVERY:
            self._swept_at = time.monotonic()
            self.scene.control.do("sweep")
        if time.monotonic() - self._told_at > TELLS_EVERY:
            self._told_at = time.monotonic()
            self.say(f"{self.scene.sandbox.mark():,} calls, {self.killed} killed, {self.restarted} restarts")

    def say(self, what: str) -> None:
        sys.stdout.write(f"  {time.monotonic() - self._began:5.0f} s: {what}\n")
        sys.stdout.flush()

    @property
    def _doers(self) -> Mapping[What, Callable[[Event], None]]:
        sandbox, control = self.scene.sandbox, self.scene.control
        return {
            What.FAULT: self._fault,
            What.LIMIT: lambda event: sandbox.set_limit(event.name, event.number),
            What.HIT: self._hit,
            What.STOP: lambda _: self.stopping.want(),
            What.DATABASE: self._restart_database,
            What.LOSE_TASKS: self._lose_tasks,
            What.REVOKE: lambda event: sandbox.revoke(token_of(event.name)),
            What.RESTORE: lambda event: sandbox.restore(token_of(event.name)),
            What.RECONNECT: lambda event: control.insist("connect", token_of(event.name)),
            What.ARCHIVE: lambda event: sandbox.archive_attribute(event.name, ALWAYS),
            What.UNARCHIVE: self._unarchive,
            What.CHANGE: self._change,
        }

    def _fault(self, event: Event) -> None:
        assert event.fault is not None
        self.scene.sandbox.add_fault(event.name, event.fault)

    def _hit(self, event: Event) -> None:
        self.kills.append(time.time())
        pid = self.scene.machines[event.number - 1].hit(Role(event.name), place=event.place)
        self.killed += pid is not None
        self.told.append(f"         hit process {pid}")

    def _restart_database(self, event: Event) -> None:
        self.kills.append(time.time())
        self.scene.database.restart(event.name)
        self.kills.append(time.time())
        self.restarted += 1

    def _lose_tasks(self, _: Event) -> None:
        if self.scene.redis is None:
            self.scene.control.do("lose_tasks")
            return
        self.scene.redis.restart()
        self.restarted += 1

    def _unarchive(self, event: Event) -> None:
        self.scene.sandbox.archive_attribute(event.name, ALWAYS, archived=False)
        self.scene.control.insist("refresh", event.name)

    def _change(self, event: Event) -> None:
        """The mapping for sure, and the policy in half of all cases."""
        panel = next(one for one in self.scene.panels if one.slug == event.name)
        other = Policy.UPDATE if panel.policy is Policy.SKIP else Policy.SKIP
        after = other if event.place < 0.5 else panel.policy
        began = time.time()
        revision = self.scene.control.do("change", panel.slug, panel.role.value, after.value)
        self.changes[panel.slug] = Change(panel.slug, panel.policy, after, revision, began, time.time())

    def _clear_up(self) -> None:
        self.stopping.end()
        for workspace in WORKSPACES:
            self.scene.sandbox.clear_faults(workspace)
            self.scene.sandbox.set_limit(workspace, FULL_LIMIT)
            self.scene.sandbox.restore(token_of(workspace))
            self.scene.sandbox.archive_attribute(workspace, ALWAYS, archived=False)
            self.scene.control.insist("connect", token_of(workspace))

    def _wait_for_the_last(self) -> None:
        """Gives up in the end: whoever is owed something then is a finding of the oracle's."""
        began = tried_at = time.monotonic()
        while left := self.scene.control.do("still_open"):
            now = time.monotonic()
            if now - began > QUIET_WITHIN:
                break
            if now - tried_at > TRIES_NOW_EVERY:
                tried_at = now
                self.say(f"quiet, and {left} are open")
                self.scene.control.do("pass_time")
            time.sleep(TICK)
