"""Looks through what is kept of everybody for one person, a few thousand rows at a time.

A log of millions takes minutes, which nobody can wait for, and no task may last.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from integrations.models import Attempt, WebhookReceipt
from integrations.models.erasure import hash_of
from integrations.services.keeping.person import receipts_of
from integrations.services.keeping.traces import GROWING, clean_rows, words_of

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from integrations.models import Erasure
    from integrations.services.keeping.person import Person

ROWS = 5_000
"""So many are read in one query."""


@dataclass(slots=True)
class Walk:
    """How far each of the large tables has been looked through, by id. `words` stands for what was looked
    for, and tells nobody what that is."""

    words: str
    reached: list[int] = field(default_factory=lambda: [0] * len(GROWING))
    through: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def walk_of(erasure: Erasure, person: Person) -> Walk:
    """As far as it has come; from the beginning if the person has other contacts by now."""
    words = hash_of("\n".join(words_of(person)))
    known = erasure.walk.get("words") == words
    return Walk(words, list(erasure.walk["reached"])) if known else Walk(words)


def look_through(person: Person, walk: Walk, *, until: float) -> None:
    """Takes the person out of the large tables, till it is through or the time is up: `until` is a moment of
    the monotonic clock. A few thousand rows are looked at in any case."""
    words = words_of(person)
    for number, (model, names) in enumerate(GROWING):
        while last := _last_of_next(model, walk.reached[number]):
            rows = model._default_manager.filter(pk__gt=walk.reached[number], pk__lte=last)  # noqa: SLF001
            clean_rows(_of_others(rows, person), names, words)
            walk.reached[number] = last
            if time.monotonic() >= until:
                return
    walk.through = True


def _of_others(rows: QuerySet[Any], person: Person) -> QuerySet[Any]:
    """Without what goes as a whole: it is found by what it says."""
    if rows.model is Attempt:
        return rows.exclude(delivery__in=person.deliveries)
    if rows.model is WebhookReceipt:
        return rows.exclude(pk__in=list(receipts_of(person).values_list("pk", flat=True)))
    return rows


def _last_of_next(model: type[Model], reached: int) -> int:
    ids = model._default_manager.filter(pk__gt=reached).values_list("pk", flat=True)  # noqa: SLF001
    full = ids.order_by("pk")[ROWS - 1 : ROWS].first()
    return int(full or ids.order_by("-pk").first() or 0)
