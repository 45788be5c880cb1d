"""Says what a tab still lacks before anything may be sent. Judges settings alone, never a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from integrations.logic.targets import EMAIL
from integrations.logic.text import clean, is_blank
from integrations.logic.types import Action, DataType, MapRow, TabSettings

OWN_EMAIL = "lead.email"
"""The source of the joining person's own email: any other would make every lead write one contact."""


class SetupCode(StrEnum):
    """What is missing."""

    EMAIL_NOT_MAPPED = "email_not_mapped"
    EMAIL_NOT_OWN = "email_not_own"
    ROW_WITHOUT_SOURCE = "row_without_source"
    ROW_WITHOUT_VALUE = "row_without_value"
    ROW_WITHOUT_TARGET = "row_without_target"
    DUPLICATE_TARGET = "duplicate_target"


@dataclass(frozen=True, slots=True)
class SetupProblem:
    """One thing that is missing; `row` counts from 0 and is None if there is no such row."""

    code: SetupCode
    row: int | None = None
    target: str = ""


def setup_problems(settings: TabSettings) -> tuple[SetupProblem, ...]:
    """What keeps this tab from sending, in the order of its rows; empty when it is ready.

    Every problem blocks: what shows as Setup Required is exactly what makes leads wait. A tab that does
    nothing lacks nothing.
    """
    if settings.action is Action.NOTHING:
        return ()
    missing = () if any(r.target == EMAIL for r in settings.rows) else (_email_missing(),)
    return (*missing, *_row_problems(settings.rows))


def _email_missing() -> SetupProblem:
    return SetupProblem(SetupCode.EMAIL_NOT_MAPPED, target=EMAIL)


def _row_problems(rows: tuple[MapRow, ...]) -> Iterator[SetupProblem]:
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows):
        seen[row.target] += 1
        codes = [_source_problem(row), _target_problem(row, times=seen[row.target])]
        yield from (SetupProblem(code, number, row.target) for code in codes if code)


def _source_problem(row: MapRow) -> SetupCode | None:
    if row.target == EMAIL:
        return _email_problem(row)
    if row.data_type is DataType.FIXED:
        return SetupCode.ROW_WITHOUT_VALUE if is_blank(clean(row.value)) else None
    return None if row.source else SetupCode.ROW_WITHOUT_SOURCE


def _email_problem(row: MapRow) -> SetupCode | None:
    if row.data_type is DataType.DYNAMIC and row.source in ("", OWN_EMAIL):
        return None if row.source else SetupCode.EMAIL_NOT_MAPPED
    return SetupCode.EMAIL_NOT_OWN


def _target_problem(row: MapRow, *, times: int) -> SetupCode | None:
    if not row.target:
        return SetupCode.ROW_WITHOUT_TARGET
    return SetupCode.DUPLICATE_TARGET if times > 1 else None
