"""Who joins, under which rules, and who of them Intercom knew before. Made from a seeded random; no I/O."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice

from integrations.logic.types import Policy, Role

SHARED = 0.06
"""Of this share of people two campaigns get a lead each: about one lead in ten."""


class Before(StrEnum):
    """What Intercom has of a person before anybody joins."""

    NOBODY = "nobody"
    LEAD = "lead"
    USER = "user"
    BOTH = "both"
    ARCHIVED = "archived"
    """A user in the archive: no search shows it, and it bars a second user of its email."""

    @property
    def findable(self) -> bool:
        return self in {Before.LEAD, Before.USER, Before.BOTH}


WEIGHTS = {Before.NOBODY: 60, Before.LEAD: 12, Before.USER: 12, Before.BOTH: 8, Before.ARCHIVED: 8}


@dataclass(frozen=True, slots=True)
class Panel:
    """A campaign and what its Leads tab says; everything else is the same in all of them."""

    slug: str
    workspace: str
    role: Role
    policy: Policy

    @property
    def name(self) -> str:
        """The campaign's name, as its mark says it in Intercom."""
        return f"Campaign {self.slug}"


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody who joins one campaign. `tag` is theirs alone, and stands in every body sent for them."""

    tag: str
    panel: Panel
    email: str

    @property
    def first_name(self) -> str:
        return f"Ana {self.tag}"


@dataclass(frozen=True, slots=True)
class Person:
    """One email in one workspace, with all leads that use it. `name`: what Intercom had as theirs, or ""."""

    workspace: str
    email: str
    before: Before
    name: str
    leads: tuple[Lead, ...]


def panels(workspaces: Sequence[str], *, rng: random.Random) -> list[Panel]:
    """Lead and user, skip and update: all four, dealt out to the workspaces."""
    kinds = [(role, policy) for role in Role for policy in Policy]
    rng.shuffle(kinds)
    return [
        Panel(f"{role}-{policy}", workspaces[number % len(workspaces)], role, policy)
        for number, (role, policy) in enumerate(kinds)
    ]


def people(panels: Sequence[Panel], *, leads: int, rng: random.Random) -> list[Person]:
    """People with so many leads between them, or one more."""
    by_workspace: dict[str, list[Panel]] = defaultdict(list)
    for panel in panels:
        by_workspace[panel.workspace].append(panel)
    numbers = count(1)
    found: list[Person] = []
    joined = 0
    while joined < leads:
        workspace = rng.choice(sorted(by_workspace))
        found.append(_person(workspace, by_workspace[workspace], numbers=numbers, rng=rng))
        joined += len(found[-1].leads)
    return found


def _person(workspace: str, panels: Sequence[Panel], *, numbers: count[int], rng: random.Random) -> Person:
    before = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    # Whether an archived user or their new contact is met depends on who comes first: one lead each.
    twice = before is not Before.ARCHIVED and rng.random() < SHARED
    own = list(islice(numbers, 2 if twice else 1))
    email = f"lead{own[0]}@example.com"
    leads = tuple(
        Lead(f"chaos-{number}", panel, _typed(email, rng=rng))
        for number, panel in zip(own, rng.sample(list(panels), len(own)), strict=True)
    )
    name = "Known Before" if before is not Before.NOBODY and rng.random() < 0.5 else ""
    return Person(workspace, email, before, name, leads)


def _typed(email: str, *, rng: random.Random) -> str:
    """As somebody might type it."""
    return rng.choice([email, email, email.upper(), email.title(), f" {email.capitalize()}"])


def joining_order(people: Sequence[Person], *, rng: random.Random) -> list[Lead]:
    leads = [lead for person in people for lead in person.leads]
    rng.shuffle(leads)
    return leads
