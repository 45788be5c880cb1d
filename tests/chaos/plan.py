"""What will go wrong, where and when: drawn from a seeded random before the storm. Does nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations.sandbox.control import Fault
from tests.chaos.people import Lead
from tests.chaos.scene import WORKSPACES
from tests.chaos.trouble import Trouble, fault

SECONDS = 16.0
"""How long people join and things fail."""

RESTART_AFTER = 2.0
"""Seconds from the death of one process to the restart of all, as a supervisor would."""

CALLS = (
    {"method": "POST", "path": "/contacts"},
    {"method": "PUT", "path": "/contacts/*"},
    {"method": "GET", "path": "/contacts/*"},
    {"method": "POST", "path": "/contacts/search"},
)


class What(StrEnum):
    FAULT = "fault"
    KILL_ONE = "kill -9 of one process"
    RESTART = "kill -9 of all, and a start"
    LOSE_TASKS = "the broker loses its tasks"
    REVOKE = "the token is revoked"
    RESTORE = "the token is good again"
    RECONNECT = "somebody connects the workspace again"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that goes wrong, `at` so many seconds from the start; `workspace` is "" where all are hit."""

    at: float
    what: What
    workspace: str = ""
    fault: Fault | None = None

    def __str__(self) -> str:
        return f"{self.at:5.1f} {self.what} {self.workspace} {self.fault or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Plan:
    """`disturbed` are the tags of leads that may be answered 200 with what is no answer."""

    events: Sequence[Event]
    disturbed: frozenset[str]


def plan(leads: Sequence[Lead], *, rng: random.Random) -> Plan:
    """Every kind of trouble at least once, and each of the rest a few times."""
    victims = rng.sample(list(leads), 16)
    events = [*_faults(victims, rng=rng), *_deaths(rng), *_revocations(rng)]
    events += [Event(rng.uniform(1, SECONDS), What.LOSE_TASKS) for _ in range(3)]
    return Plan(sorted(events, key=lambda event: event.at), frozenset(lead.tag for lead in victims))


def _faults(victims: Sequence[Lead], *, rng: random.Random) -> Iterator[Event]:
    for trouble in Trouble:
        if trouble is Trouble.UNAUTHORIZED:
            continue  # a 401 is a revoked token here, and that is how it comes
        if trouble.looks_like_success:
            yield from (_at_once(_aimed(trouble, lead=lead), lead.panel.workspace) for lead in victims)
        elif trouble in {Trouble.NEVER, Trouble.NEVER_AFTER}:
            # Early: giving up on such a call takes 13 s.
            one = fault(trouble, **CALLS[0], after=rng.randrange(5))
            yield Event(rng.uniform(0, 2), What.FAULT, rng.choice(WORKSPACES), one)
        elif trouble in {Trouble.RATE_LIMIT, Trouble.RATE_LIMIT_BARE}:
            # Each may make the workspace rest for ten seconds.
            yield _somewhere(trouble, rng=rng, times=1, until=SECONDS / 2)
        else:
            for _ in range(rng.randint(2, 3)):
                yield _somewhere(trouble, rng=rng, times=rng.randint(1, 4), until=SECONDS)


def _at_once(one: Fault, workspace: str) -> Event:
    return Event(0.0, What.FAULT, workspace, one)


def _aimed(trouble: Trouble, *, lead: Lead) -> Fault:
    """Both kinds at every victim: once as if done, once done."""
    return fault(trouble, contains=f'"{lead.tag}"')


def _somewhere(trouble: Trouble, *, rng: random.Random, times: int, until: float) -> Event:
    where: dict[str, Any] = {**rng.choices(CALLS, [2, 1, 1, 1])[0], "after": rng.randrange(4), "times": times}
    return Event(rng.uniform(0, until), What.FAULT, rng.choice(WORKSPACES), fault(trouble, **where))


def _deaths(rng: random.Random) -> Iterator[Event]:
    """A restart of all, twice, and twice the death of one process, which ends in a restart too."""
    times = apart(rng, number=4, from_=1.5, to=SECONDS - 1, least=2.5)
    rng.shuffle(times)
    for at in times[:2]:
        yield Event(at, What.RESTART)
    for at in times[2:]:
        yield Event(at, What.KILL_ONE)
        yield Event(at + RESTART_AFTER, What.RESTART)


def apart(rng: random.Random, *, number: int, from_: float, to: float, least: float) -> list[float]:
    """So many random times, each at least so much after the one before."""
    free = to - from_ - least * (number - 1)
    offsets = sorted(rng.uniform(0, free) for _ in range(number))
    return [from_ + offset + least * place for place, offset in enumerate(offsets)]


def _revocations(rng: random.Random) -> Iterator[Event]:
    for workspace in WORKSPACES:
        at = rng.uniform(2, SECONDS - 5)
        back = at + rng.uniform(0.5, 2)
        yield Event(at, What.REVOKE, workspace)
        yield Event(back, What.RESTORE, workspace)
        yield Event(back + rng.uniform(0.1, 1), What.RECONNECT, workspace)
