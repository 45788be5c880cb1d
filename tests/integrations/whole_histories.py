"""Random histories for `whole_world`: what happens, with what, how often. One seed is one history."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from campaigns.models import Audience, ParticipantStatus
from integrations.models import ReleaseKind
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.sandbox.people import State as Kept
from integrations.services.outcomes import Group
from integrations.services.repair_rules import Command
from tests.integrations.whole_beginning import TABS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.integrations.whole_world import WholeWorld

SHORTEST, LONGEST = 20, 45

EMAILS = ("ana@example.com", "ana@example.com", "bo@example.com", "cy@example.com")
AUDIENCES = (Audience.LEAD, Audience.LEAD, Audience.REFERRER)
CAMPAIGNS, WORKSPACES, WHICH = range(3), (0, 0, 1), range(7)
ON, RARELY, MOSTLY = (True, False), (True, False, False, False), (True, True, True, False)
SECONDS = (1, 61, 301, 301, 301, 301, 4_000, 4_000, 4_000, 73 * 3600, 100 * 86_400)
FROM_THE_LOG = ({}, *({"outcome": group.value} for group in Group))
OTHERWISE = tuple({name: which} for name in ("version", "tab") for which in WHICH)

CREATES: dict[str, Any] = {"method": "POST", "path": "/contacts"}
UPDATES: dict[str, Any] = {"method": "PUT", "path": "/contacts/*"}
SEARCHES: dict[str, Any] = {"method": "POST", "path": "/contacts/search"}
HTML: dict[str, Any] = {"status": 200, "body": "<html>"}
LOST = [
    Fault(acts=acts, ending=ending, **call)
    for acts in (True, False)
    for ending in (Ending.RESET, Ending.DROP)
    for call in (CREATES, CREATES, UPDATES)
]
FAULTS = [
    *LOST,
    *(Fault(acts=acts, status=500, times=2, **call) for acts in ON for call in (CREATES, UPDATES)),
    *(Fault(acts=False, status=status) for status in (429, 401, 403, 404, 500)),
    *(Fault(acts=False, status=status, **call) for status in (400, 429) for call in (CREATES, UPDATES)),
    *(Fault(acts=True, **HTML, **call) for call in (CREATES, UPDATES, SEARCHES)),
    Fault(acts=False, status=400, **SEARCHES),
    Fault(acts=False, status=503, times=None, **CREATES),
    Fault(acts=False, ending=Ending.RESET, **SEARCHES),
    Fault(acts=True, ending=Ending.HALF, method="GET", path="/contacts/*"),
]


@dataclass(frozen=True, slots=True)
class Act:
    """One method of the world, with the values that it is called with."""

    name: str
    given: tuple[Any, ...]
    named: dict[str, Any]

    def __call__(self, world: WholeWorld) -> None:
        getattr(world, self.name)(*self.given, **self.named)


@dataclass(frozen=True, slots=True)
class Kind:
    """How often something happens beside the others, and what each of its values is drawn from."""

    weight: int
    name: str
    given: Sequence[Sequence[Any]] = ()
    named: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def drawn(self, random: Random) -> Act:
        values = tuple(random.choice(choices) for choices in self.given)
        return Act(self.name, values, {key: random.choice(choices) for key, choices in self.named.items()})


JOINS = Kind(12, "join", (EMAILS, CAMPAIGNS, AUDIENCES), {"heard": MOSTLY})
CUSTOMERS = Kind(5, "customer", (WORKSPACES, EMAILS, ("lead", "user")))
KINDS = (
    JOINS,
    Kind(24, "drain", (WORKSPACES,)),
    Kind(10, "wait", (SECONDS,)),
    Kind(9, "fault", (WORKSPACES, FAULTS)),
    Kind(4, "drain_dies", (WORKSPACES,), {"holding": ON}),
    Kind(3, "sweep"),
    Kind(1, "count"),
    # What people order.
    Kind(14, "order", (list(Command), (*(None for _ in WHICH), *WHICH))),
    Kind(2, "choose", (WHICH,)),
    Kind(3, "order_for_many", (list(Command), (*FROM_THE_LOG, *OTHERWISE)), {"sample": ON}),
    Kind(1, "answer_order", (), {"go_on": ON}),
    Kind(2, "release", (CAMPAIGNS, (*ReleaseKind, None))),
    # What they set.
    Kind(4, "save", (CAMPAIGNS, range(len(TABS)), ("leads", "referrers"))),
    Kind(2, "pause", (CAMPAIGNS,), {"on": RARELY}),
    Kind(2, "pause_workspace", (WORKSPACES,), {"on": RARELY}),
    Kind(1, "detach", (CAMPAIGNS,)),
    Kind(1, "disconnect", (WORKSPACES,)),
    Kind(3, "connect", (WORKSPACES,)),
    Kind(3, "attach", (CAMPAIGNS, WORKSPACES)),
    # What they do in Intercom, and what we hear of it.
    CUSTOMERS,
    Kind(4, "archive", (WORKSPACES, WHICH, (Kept.ARCHIVED, Kept.DELETED))),
    Kind(3, "archive_field", (WORKSPACES,), {"archived": ON}),
    Kind(4, "change", (WORKSPACES, WHICH, ("Free", "Pro")), {"tell": ON}),
    Kind(1, "look", (WORKSPACES,)),
    Kind(1, "set_back", ((ParticipantStatus.PENDING, ParticipantStatus.REJECTED),), {"all_of_them": ON}),
    # What is let go.
    Kind(3, "erase", (EMAILS,), {"delete": ON}),
    Kind(1, "end_erasure", (), {"by_hand": RARELY}),
    Kind(1, "prune"),
    Kind(1, "rename", (WHICH,)),
)


def history(seed: int) -> list[Act]:
    """Somebody joins who is a customer already, and then anything happens."""
    random = Random(seed)
    kinds = random.choices(KINDS, [kind.weight for kind in KINDS], k=random.randint(SHORTEST, LONGEST))
    return [kind.drawn(random) for kind in (CUSTOMERS, JOINS, JOINS, *kinds)]
