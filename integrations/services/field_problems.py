"""Keeps the yellow `Field problem` marks of mapped rows in step with what Intercom says."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from integrations.logic.notes import FIELD_PROBLEMS, NoteCode
from integrations.logic.targets import find
from integrations.logic.types import Attribute
from integrations.models import FieldMap

SEEN_IN_THE_LIST = FIELD_PROBLEMS - {NoteCode.REFUSED}
CHANGED = NoteCode.ATTRIBUTE_TYPE_CHANGED
BECAME = " → "
"""Between what a field's type was and what it is: so it is known when it is the old one again."""

SAID_TO_BE_REPAIRED = (NoteCode.REFUSED, CHANGED)


def mark_refused(settings_id: int, target: str, *, message: str) -> bool:
    """Intercom refused this field in a write; True when that is news."""
    return bool(
        FieldMap.objects.filter(settings=settings_id, target=target, problem="").update(
            problem=NoteCode.REFUSED, problem_message=message[:500], problem_at=timezone.now()
        )
    )


def recheck(
    connection_id: int, *, attributes: Mapping[str, Attribute], before: Mapping[str, str] | None = None
) -> int:
    """Marks the rows whose field is gone, archived, read-only or of another type now, and clears those that
    are well again.

    What Intercom refused although its list shows the field, and what changed its type (`before`: the types
    by full name as they were), stays marked until somebody says that it is repaired (`forget_refusals`) or
    changes the row. Returns how many rows have a problem.
    """
    now, number = timezone.now(), 0
    for row in FieldMap.objects.filter(settings__connection=connection_id).exclude(target=""):
        problem, message = _problem(row, attributes=attributes, before=before or {})
        number += bool(problem)
        if problem != row.problem:
            row.problem, row.problem_message = problem, message
            row.problem_at = now if problem else None
            row.save(update_fields=["problem", "problem_message", "problem_at"])
    return number


def _problem(
    row: FieldMap, *, attributes: Mapping[str, Attribute], before: Mapping[str, str]
) -> tuple[str, str]:
    """A `NoteCode` and what is said to it; two empty texts where nothing is wrong."""
    found = find(row.target, attributes=attributes) if attributes else None
    if isinstance(found, NoteCode):
        return (found, "") if found in SEEN_IN_THE_LIST else ("", "")
    if row.problem == NoteCode.REFUSED:
        return row.problem, row.problem_message
    type_now = found.data_type if found else ""
    type_then = row.problem_message.partition(BECAME)[0] if row.problem == CHANGED else before.get(row.target)
    if not type_now or not type_then or type_now == type_then:
        return "", ""
    return CHANGED, f"{type_then}{BECAME}{type_now}"


def forget_refusals(settings_id: int) -> None:
    """Somebody says that it is repaired; the next write shows whether it is."""
    FieldMap.objects.filter(settings=settings_id, problem__in=SAID_TO_BE_REPAIRED).update(
        problem="", problem_message="", problem_at=None
    )
