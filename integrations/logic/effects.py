"""What an update would do to each field of a contact that exists. Asks nobody, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations.logic.bodies import NEVER_UPDATED, Change, Mapped, is_empty, same, update_change
from integrations.logic.targets import EMAIL
from integrations.logic.text import normal_email
from integrations.logic.types import CUSTOM, Contact, WireValue


class Effect(StrEnum):
    """What becomes of one field."""

    FILLED = "filled"
    OVERWRITTEN = "overwritten"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    NEVER_UPDATED = "never_updated"


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """One field, by full name: as it stands, the value meant for it, and what would become of it."""

    target: str
    before: Any
    wanted: WireValue
    effect: Effect

    @property
    def after(self) -> Any:
        """The value once the update is done."""
        written = self.effect in {Effect.FILLED, Effect.OVERWRITTEN}
        return self.wanted if written else self.before


def effects(mapped: Mapped, *, contact: Contact) -> tuple[FieldEffect, ...]:
    """Every mapped field, standard ones first. What an update sends is decided by `update_change` alone."""
    change = update_change(mapped, contact=contact)
    wanted = mapped.standard | {CUSTOM + name: value for name, value in mapped.custom.items()}
    return tuple(_effect(target, value, contact=contact, change=change) for target, value in wanted.items())


def _effect(target: str, wanted: WireValue, *, contact: Contact, change: Change) -> FieldEffect:
    before = contact.value(target)
    if target in change.after:
        effect = Effect.FILLED if is_empty(before) else Effect.OVERWRITTEN
    elif same(before, wanted) or (target == EMAIL and normal_email(str(before)) == wanted):
        effect = Effect.UNCHANGED
    else:
        effect = Effect.NEVER_UPDATED if target in NEVER_UPDATED else Effect.KEPT
    return FieldEffect(target, before, wanted, effect)
