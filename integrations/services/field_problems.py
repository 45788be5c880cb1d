"""Keeps the yellow `Field problem` marks of mapped rows in step with what Intercom says."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from integrations.logic.notes import FIELD_PROBLEMS, NoteCode
from integrations.logic.targets import find
from integrations.logic.types import Attribute
from integrations.models import FieldMap

SEEN_IN_THE_LIST = FIELD_PROBLEMS - {NoteCode.REFUSED}


def mark_refused(settings_id: int, target: str, *, message: str) -> bool:
    """Intercom refused this field in a write; True when that is news."""
    return bool(
        FieldMap.objects.filter(settings=settings_id, target=target, problem="").update(
            problem=NoteCode.REFUSED, problem_message=message[:500], problem_at=timezone.now()
        )
    )


def recheck(connection_id: int, *, attributes: Mapping[str, Attribute]) -> int:
    """Marks the rows whose field is gone, archived or read-only now, and clears those that are well again.

    What Intercom refused although its list shows the field stays marked until somebody says that it is
    repaired (`forget_refusals`) or changes the row.
    Returns how many rows have a problem.
    """
    now, number = timezone.now(), 0
    for row in FieldMap.objects.filter(settings__connection=connection_id).exclude(target=""):
        found = find(row.target, attributes=attributes) if attributes else None
        problem = found if isinstance(found, NoteCode) and found in SEEN_IN_THE_LIST else ""
        if not problem and row.problem == NoteCode.REFUSED:
            problem = NoteCode.REFUSED
        number += bool(problem)
        if problem != row.problem:
            row.problem, row.problem_message = problem, ""
            row.problem_at = now if problem else None
            row.save(update_fields=["problem", "problem_message", "problem_at"])
    return number


def forget_refusals(settings_id: int) -> None:
    """Somebody says that it is repaired; the next write shows whether it is."""
    FieldMap.objects.filter(settings=settings_id, problem=NoteCode.REFUSED).update(
        problem="", problem_message="", problem_at=None
    )
