"""The storm: leads join while the plan is carried out; then quiet, until nothing is owed any more."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.chaos import people as crowd
from tests.chaos.plan import SECONDS, Event, Plan, What, plan
from tests.chaos.scene import WORKSPACES, Scene, token_of
from tests.processes.installation import eventually

SWEEP_EVERY = 1.0
QUIET_WITHIN = 40.0
ECHO = 1.0
"""Seconds in which a write after the end would show."""


@dataclass
class Storm:
    """One storm over one scene. `kills` are the times (Unix seconds) at which processes were killed."""

    scene: Scene
    rng: random.Random
    kills: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    disturbed: frozenset[str] = frozenset()

    def blow(self) -> None:
        """Everybody joins; everything fails; then the sky clears, and what is owed is sent."""
        leads = crowd.joining_order(self.scene.people, rng=self.rng)
        coming = plan(leads, rng=self.rng)
        self.disturbed = coming.disturbed
        self.scene.workers.start()
        orders = [(lead.panel.slug, lead.email, lead.first_name, lead.tag) for lead in leads]
        self.scene.joiner.send("join", orders, SECONDS * 0.9)
        self._carry_out(coming)
        self.scene.joiner.answer()
        self._clear_up()
        self._wait_for_the_last()
        time.sleep(ECHO)
        self.scene.workers.kill()

    def _carry_out(self, coming: Plan) -> None:
        began, swept = time.monotonic(), 0.0
        for event in coming.events:
            while (now := time.monotonic() - began) < event.at:
                if now - swept >= SWEEP_EVERY:
                    self.scene.control.do("sweep")
                    swept = now
                time.sleep(min(0.1, event.at - now))
            self.told.append(f"{time.strftime('%H:%M:%S')} {event}")
            self._doers[event.what](event)

    @property
    def _doers(self) -> Mapping[What, Callable[[Event], None]]:
        return {
            What.FAULT: self._fault,
            What.KILL_ONE: self._kill_one,
            What.RESTART: self._restart,
            What.LOSE_TASKS: lambda _: self.scene.control.do("lose_tasks"),
            What.REVOKE: lambda event: self.scene.sandbox.revoke(token_of(event.workspace)),
            What.RESTORE: lambda event: self.scene.sandbox.restore(token_of(event.workspace)),
            What.RECONNECT: lambda event: self._connect(event.workspace),
        }

    def _fault(self, event: Event) -> None:
        assert event.fault is not None
        self.scene.sandbox.add_fault(event.workspace, event.fault)

    def _kill_one(self, _: Event) -> None:
        self.kills.append(time.time())
        self.scene.workers.kill_one(rng=self.rng)

    def _restart(self, _: Event | None = None) -> None:
        """The dead holders' leases end at once, but never before what they had sent is through."""
        self.kills.append(time.time())
        self.scene.workers.kill()
        time.sleep(0.2)
        eventually(self._nothing_is_on_its_way, within=10, what="calls in flight")
        self.scene.control.do("end_leases")
        self.scene.workers.start()

    def _nothing_is_on_its_way(self) -> bool:
        return all(call.status is not None for call in self.scene.sandbox.calls())

    def _connect(self, workspace: str) -> None:
        self.scene.control.do("connect", token_of(workspace))

    def _clear_up(self) -> None:
        for workspace in WORKSPACES:
            self.scene.sandbox.clear_faults(workspace)
            self.scene.sandbox.restore(token_of(workspace))
            self._connect(workspace)
        self._restart()

    def _wait_for_the_last(self) -> None:
        """Gives up in the end: whoever is owed something then is a finding of the oracle's."""
        until = time.monotonic() + QUIET_WITHIN
        while self.scene.control.do("still_open") and time.monotonic() < until:
            self.scene.control.do("pass_time")
            self.scene.control.do("sweep")
            time.sleep(0.4)
