"""The lines of a lead's qualification story: what may happen besides a verdict, and how lines are stored."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from integrations.logic.qualification import Verdict
from integrations.models import Sighting

REWRITTEN = ("via", "verdict", "attribute", "value", "revision", "told_at")


class Happened(StrEnum):
    """What a line may say besides `logic.qualification.Verdict`."""

    MERGED = "merged"
    ARCHIVED = "archived"
    DELETED = "deleted"
    NOT_FOUND = "not_found"
    RETURNED = "returned"
    OTHER_CONTACT = "other_contact"
    """Another contact of the same email has a qualifying value, and had it, or was there, before."""
    SETTLED_BEFORE = "settled_before"
    """A step that qualifies, of somebody who is not pending any more."""
    SET_BACK = "set_back"
    REJECTED = "rejected"


LASTING = (Verdict.QUALIFIES.value, Happened.MERGED.value, Happened.SETTLED_BEFORE.value)


def store(lines: Collection[Sighting]) -> None:
    """For inside a transaction. Of one notification a lead has one line, the latest.

    That a lead qualified by it, or began anew, is not written over: it is what was done.
    """
    told = {(line.receipt_id, line.participant_id): line for line in lines if line.receipt_id}
    done = Sighting.objects.filter(
        receipt__in={receipt for receipt, _ in told},
        participant__in={participant for _, participant in told},
        verdict__in=LASTING,
    )
    for key in done.values_list("receipt", "participant") if told else ():
        told.pop(key, None)
    Sighting.objects.bulk_create(line for line in lines if not line.receipt_id)
    Sighting.objects.bulk_create(
        told.values(),
        update_conflicts=True,
        unique_fields=["receipt", "participant"],
        update_fields=REWRITTEN,
    )
