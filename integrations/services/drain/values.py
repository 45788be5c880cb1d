"""The values of people for a drain, as their tab maps them. Who breaks our code stops nobody else."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from campaigns import fields
from integrations.logic.bodies import is_empty
from integrations.logic.mapping import Mapped, map_values, update_change
from integrations.logic.notes import Note, NoteCode
from integrations.logic.text import normal_email

if TYPE_CHECKING:
    from campaigns.models import Participant
    from integrations.logic.types import Attribute, Contact, TabSettings

log = logging.getLogger(__name__)


def values_of(people: list[Participant], *, keys: Collection[str]) -> dict[int, dict[str, fields.Value]]:
    """The people's values; who breaks the reading of all is read alone, and left out if that breaks too."""
    try:
        return fields.values(people, keys=keys)
    except Exception:
        if len(people) == 1:
            log.exception("reading participant %d failed", people[0].pk)
            return {}
    return {pk: row for one in people for pk, row in values_of([one], keys=keys).items()}


def mapped_for(
    person: Participant,
    settings: TabSettings,
    *,
    values: Mapping[str, fields.Value] | None,
    attributes: Mapping[str, Attribute],
) -> Mapped | None:
    """None where our code stumbles over this one, or where its email is not what it is found by."""
    if values is None or normal_email(person.email) != person.email_normalized:
        return None
    try:
        return map_values(settings, values=values, attributes=attributes)
    except Exception:
        log.exception("mapping participant %d failed", person.pk)
        return None


def as_found(mapped: Mapped, *, contact: Contact) -> Mapped:
    """With a note on each field that a create of ours left out, as the contact that it made shows now."""
    lacking = update_change(mapped, contact=contact).before
    left_out = [Note(NoteCode.WAS_LEFT_OUT, name) for name, present in lacking.items() if is_empty(present)]
    return replace(mapped, notes=(*mapped.notes, *left_out))
