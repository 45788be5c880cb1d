"""What every measure gets: how much to do, where, and a place for what must never happen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.remote import Stub
from tests.bench.site import Database, site
from tests.processes.installation import Installation


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done: `backlog`, `joins` and at most `compared` leads of what we are compared with a round;
    `contacts` joins through a real worker, in all."""

    rounds: int
    backlog: int
    joins: int
    contacts: int
    compared: int
    paced: bool


FULL = Size(rounds=3, backlog=1500, joins=200, contacts=30, compared=300, paced=True)
QUICK = Size(rounds=1, backlog=1000, joins=60, contacts=10, compared=100, paced=False)


@dataclass(slots=True)
class Setting:
    """One run of the bench. `wrong` collects every lead that was lost or sent twice, and what failed."""

    size: Size
    stub: Stub
    databases: tuple[Database, ...]
    folder: Path
    stack: ExitStack
    wrong: list[str] = field(default_factory=list)
    _sites: dict[Database, Installation] = field(default_factory=dict)

    def site(self, database: Database) -> Installation:
        """The installation on this database, set up when it is first asked for."""
        if database not in self._sites:
            say(f"setting up an installation on {database.value}")
            made = site(database, folder=self.folder, intercom_url=self.stub.url)
            self._sites[database] = self.stack.enter_context(made)
        return self._sites[database]

    def check(self, case: str, *, found: Mapping[str, int]) -> None:
        """Each of these numbers has to be 0."""
        self.wrong += [f"{case}: {number} leads {name}" for name, number in found.items() if number]


def say(line: str) -> None:
    """Progress, beside the report."""
    sys.stderr.write(f"{line}\n")


def in_turn(cases: Sequence[Callable[[], None]], *, rounds: int) -> None:
    """Every case once in each round, beginning with another each time: noise then hits all alike."""
    for number in range(rounds):
        first = number % len(cases)
        for case in [*cases[first:], *cases[:first]]:
            case()
