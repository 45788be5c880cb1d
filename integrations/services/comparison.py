"""A person in Intercom before and after: what their tab would do to the contact that is there. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from integrations.logic.duplicates import Step, decide
from integrations.logic.effects import Effect, FieldEffect, effects
from integrations.logic.targets import EMAIL, EXTERNAL_ID
from integrations.logic.types import Contact, Policy, Role, TabSettings
from integrations.services.lookup import look_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integrations.logic.bodies import Mapped
    from integrations.models import IntercomConnection
    from integrations.services.field_names import Names


WRITTEN = frozenset({Effect.FILLED, Effect.OVERWRITTEN})


class Verdict(StrEnum):
    """What would happen to this person as things are."""

    UNKNOWN = "unknown"
    CREATE = "create"
    NOTHING = "nothing"
    SAME = "same"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in words: as it stands now, as it would stand afterwards."""

    label: str
    before: str
    after: str
    wanted: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Comparison:
    """`trouble` says why we do not know. `contact` is the one meant where `matches` have this email; `gone`:
    another, which we knew, is archived or deleted."""

    verdict: Verdict
    role: Role
    trouble: str = ""
    contact: Contact | None = None
    matches: int = 0
    gone: bool = False
    differences: tuple[Difference, ...] = ()

    @property
    def writes(self) -> int:
        """How many fields an update would send."""
        return sum(one.effect in WRITTEN for one in self.differences)


def compare(
    connection: IntercomConnection, *, settings: TabSettings, mapped: Mapped, names: Names
) -> Comparison:
    """Looks the contact up now, and decides with the same rules as the drain. `mapped` has an email."""
    email = str(mapped.standard[EMAIL])
    found = look_up(connection, email=email)
    if found.trouble:
        return Comparison(Verdict.UNKNOWN, settings.role, trouble=found.trouble)
    external_id = mapped.standard.get(EXTERNAL_ID)
    decision = decide(
        found.contacts,
        email=email,
        policy=settings.policy,
        external_id=None if external_id is None else str(external_id),
    )
    contact = decision.contact
    if decision.kind is Step.CREATE or contact is None:
        return Comparison(Verdict.CREATE, settings.role, gone=found.gone)
    found_effects = _as_mapped(effects(mapped, contact=contact), settings=settings)
    return Comparison(
        _verdict(settings, found_effects),
        settings.role,
        contact=contact,
        matches=len(decision.matches),
        gone=found.gone,
        differences=tuple(_in_words(one, names=names) for one in found_effects),
    )


def _verdict(settings: TabSettings, found: tuple[FieldEffect, ...]) -> Verdict:
    if settings.policy is Policy.SKIP:
        return Verdict.NOTHING
    writes = any(one.effect in WRITTEN for one in found)
    return Verdict.UPDATE if writes else Verdict.SAME


def _as_mapped(found: Iterable[FieldEffect], *, settings: TabSettings) -> tuple[FieldEffect, ...]:
    """In the order of the tab's rows; what no row names comes last."""
    places = {row.target: place for place, row in enumerate(settings.rows)}
    return tuple(sorted(found, key=lambda one: places.get(one.target, len(places))))


def _in_words(one: FieldEffect, *, names: Names) -> Difference:
    return Difference(
        label=names.target(one.target),
        before=names.value(one.before, one.target),
        after=names.value(one.after, one.target),
        wanted=names.value(one.wanted, one.target),
        effect=one.effect,
    )
