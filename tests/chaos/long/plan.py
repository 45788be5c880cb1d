"""What will go wrong in a long storm, where and when: drawn from a seeded random before it. Does nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from integrations.sandbox.control import Fault
from tests.chaos.long.machine import Role
from tests.chaos.people import Lead, Panel
from tests.chaos.plan import CALLS, apart
from tests.chaos.trouble import Trouble, fault

UNIT = 75.0
"""Seconds in which most kinds of trouble come once or twice."""

LEADS_A_UNIT = 500
EACH_LEAD_MORE = 0.05
STALL = 30.0
STOP_TAKES = 45.0
"""At most so many seconds is a lease's holder stopped."""

QUIET_BEFORE_AND_AFTER = 4.0
FULL_LIMIT = 1666


class What(StrEnum):
    FAULT = "fault"
    LIMIT = "rate limit of"
    HIT = "kill -9 of a"
    STOP = "SIGSTOP of a lease's holder"
    DATABASE = "PostgreSQL restarts:"
    LOSE_TASKS = "the broker loses its tasks"
    REVOKE = "the token is revoked"
    RESTORE = "the token is good again"
    RECONNECT = "somebody connects the workspace again"
    ARCHIVE = "an attribute is archived"
    UNARCHIVE = "the attribute is back, and somebody reads the fields again"
    CHANGE = "somebody changes the settings of"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that goes wrong, `at` so many seconds from the start. What the rest means depends on `what`.

    `place` (0 to 1) chooses among what there is at that moment.
    """

    at: float
    what: What
    name: str = ""
    number: int = 0
    place: float = 0.0
    fault: Fault | None = None

    def __str__(self) -> str:
        return f"{self.at:6.1f} {self.what} {self.name} {self.number or ''} {self.fault or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Plan:
    """`disturbed` are the tags of leads that may be answered 200 with what is no answer."""

    seconds: float
    events: Sequence[Event]
    disturbed: frozenset[str]


def seconds_for(leads: int) -> float:
    return UNIT + max(leads - LEADS_A_UNIT, 0) * EACH_LEAD_MORE


def plan(leads: Sequence[Lead], panels: Sequence[Panel], *, rng: random.Random) -> Plan:
    """Every kind of trouble at least once, and oftener in a longer storm."""
    seconds = seconds_for(len(leads))
    draw = _Draw(rng, seconds, sorted({panel.workspace for panel in panels}))
    victims = rng.sample(list(leads), min(draw.often(12), len(leads)))
    events = [
        *(event for lead in victims for event in _no_answers(lead)),
        *draw.faults(),
        *draw.stalls(),
        *draw.limits(),
        *draw.kills(),
        *draw.restarts(),
        *draw.access(),
        *draw.fields(),
        *draw.changes(panels),
    ]
    return Plan(seconds, sorted(events, key=lambda event: event.at), frozenset(lead.tag for lead in victims))


def _no_answers(lead: Lead) -> Iterator[Event]:
    """Both kinds at every victim: once as if done, once done."""
    for trouble in Trouble:
        if trouble.looks_like_success:
            one = fault(trouble, contains=f'"{lead.tag}"')
            yield Event(0.0, What.FAULT, lead.panel.workspace, fault=one)


@dataclass(frozen=True, slots=True)
class _Draw:
    rng: random.Random
    seconds: float
    workspaces: Sequence[str]

    def often(self, times: float) -> int:
        """So many times in each unit of the storm, and at least once."""
        return max(1, round(times * self.seconds / UNIT))

    def faults(self) -> Iterator[Event]:
        others = {Trouble.NEVER, Trouble.NEVER_AFTER, Trouble.UNAUTHORIZED, Trouble.RATE_LIMIT}
        for trouble in Trouble:
            if trouble in others or trouble.looks_like_success:
                continue  # these come otherwise, as they do in Intercom
            for _ in range(self.often(0.5 if trouble is Trouble.RATE_LIMIT_BARE else 2)):
                yield self._fault(partial(fault, trouble), times=self.rng.randint(1, 6))

    def stalls(self) -> Iterator[Event]:
        """Nobody waits half a minute for an answer. What is carried out at all is carried out at once."""
        for _ in range(self.often(2)):
            for acts in (True, False):
                stall = partial(Fault, acts=acts, status=None if acts else 500, stall_after=STALL)
                yield self._fault(stall, times=self.rng.randint(1, 3))

    def _fault(self, make: Callable[..., Fault], *, times: int) -> Event:
        where: dict[str, Any] = {**self.rng.choices(CALLS, [3, 1, 1, 1])[0], "times": times}
        one = make(after=self.rng.randrange(6), **where)
        return Event(
            self.rng.uniform(0, self.seconds), What.FAULT, self.rng.choice(self.workspaces), fault=one
        )

    def limits(self) -> Iterator[Event]:
        """The sandbox's own limiter, nearly closed: every refusal says truly when the window ends."""
        for _ in range(self.often(1.5)):
            at, workspace = self.rng.uniform(0, self.seconds - 15), self.rng.choice(self.workspaces)
            yield Event(at, What.LIMIT, workspace, self.rng.randint(5, 40))
            yield Event(at + self.rng.uniform(8, 20), What.LIMIT, workspace, FULL_LIMIT)

    def kills(self) -> Iterator[Event]:
        for role, times in (
            (Role.WORKER, 2),
            (Role.MONITOR, 0.7),
            (Role.PUSHER, 0.7),
            (Role.SENTINEL, 0.5),
            (Role.CLUSTER, 1),
        ):
            for _ in range(self.often(times)):
                machine, place = self.rng.randint(1, 2), self.rng.random()
                yield Event(self.rng.uniform(3, self.seconds), What.HIT, role, machine, place)
        for at in self._apart(often=0.9, least=STOP_TAKES, until=self.seconds - 10):
            yield Event(at, What.STOP)

    def restarts(self) -> Iterator[Event]:
        modes = ["fast", "immediate"]
        self.rng.shuffle(modes)
        for number, at in enumerate(self._apart(often=2, least=12, until=self.seconds)):
            yield Event(at, What.DATABASE, modes[number % 2])
        for _ in range(self.often(2)):
            yield Event(self.rng.uniform(0, self.seconds), What.LOSE_TASKS)

    def access(self) -> Iterator[Event]:
        for workspace in self.workspaces:
            for at in self._apart(often=0.6, least=15, until=self.seconds - 10):
                back = at + self.rng.uniform(0.5, 6)
                yield Event(at, What.REVOKE, workspace)
                yield Event(back, What.RESTORE, workspace)
                yield Event(back + self.rng.uniform(0.1, 3), What.RECONNECT, workspace)

    def fields(self) -> Iterator[Event]:
        """In turn through the workspaces, so that none is archived twice at once."""
        for number, at in enumerate(self._apart(often=1, least=25, until=self.seconds - 20)):
            workspace = self.workspaces[number % len(self.workspaces)]
            yield Event(at, What.ARCHIVE, workspace)
            yield Event(at + self.rng.uniform(5, 20), What.UNARCHIVE, workspace)

    def changes(self, panels: Sequence[Panel]) -> Iterator[Event]:
        """One panel of each workspace, once."""
        for workspace in self.workspaces:
            panel = self.rng.choice([one for one in panels if one.workspace == workspace])
            at = self.rng.uniform(0.2, 0.8) * self.seconds
            yield Event(at, What.CHANGE, panel.slug, place=self.rng.random())

    def _apart(self, *, often: float, least: float, until: float) -> list[float]:
        return apart(self.rng, number=self.often(often), from_=QUIET_BEFORE_AND_AFTER, to=until, least=least)
