"""An order for many before somebody confirms it: whom it is for, counted and fixed. Orders nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db.models import Max
from django.utils import timezone

from integrations.services.bulk_orders.chosen import MOST_NAMED, Chosen, people
from integrations.services.repair_rules import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integrations.services.tabs import Tab

SALT = "integrations.bulk_orders"
GOOD_FOR = timedelta(hours=1)
"""After that the page that asks has told old numbers, and tells them anew."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`token` makes one order of it however often it is confirmed. Nobody above `up_to` is meant: they came
    after the page was made. Nor is whoever stands otherwise than at `made_at`: that was seen by nobody."""

    token: uuid.UUID
    command: Command
    chosen: Chosen
    up_to: int
    made_at: datetime = field(default_factory=timezone.now)

    @property
    def is_stale(self) -> bool:
        return timezone.now() - self.made_at > GOOD_FOR


def draft(command: Command, chosen: Chosen, *, tabs: Mapping[int, Tab]) -> Draft:
    """Fixes who is meant: by name where they are few enough."""
    now = timezone.now()
    found = people(chosen, tabs=tabs).order_by("pk")
    ids = list(found.values_list("pk", flat=True)[: MOST_NAMED + 1])
    if len(ids) <= MOST_NAMED:
        return Draft(uuid.uuid4(), command, Chosen(ids=tuple(ids)), max(ids, default=0), now)
    up_to = found.order_by().aggregate(highest=Max("pk"))["highest"]
    return Draft(uuid.uuid4(), command, chosen, up_to or 0, now)


def seal(one: Draft) -> str:
    """As text for a hidden field, which nobody can change without its being noticed."""
    chosen = one.chosen
    value = {
        "token": one.token.hex,
        "command": one.command.value,
        "ids": chosen.ids,
        "query": None if chosen.query is None else dict(chosen.query),
        "version": chosen.version,
        "tab": chosen.tab,
        "up_to": one.up_to,
        "made_at": one.made_at.timestamp(),
    }
    return signing.dumps(value, salt=SALT, compress=True)


def unseal(text: str) -> Draft | None:
    """What `seal` made; None for anything else."""
    try:
        value: dict[str, Any] = signing.loads(text, salt=SALT)
        command = Command(value["command"])
    except (signing.BadSignature, ValueError):
        return None
    return Draft(
        token=uuid.UUID(hex=value["token"]),
        command=command,
        chosen=Chosen(tuple(value["ids"]), value["query"], value["version"], value["tab"]),
        up_to=value["up_to"],
        made_at=datetime.fromtimestamp(value["made_at"], tz=UTC),
    )
