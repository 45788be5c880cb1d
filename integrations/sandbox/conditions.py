"""One filter of a search as an SQL condition: which operators a field takes and what they mean.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations.sandbox.messages import invalid

DAY = 86_400


class FieldKind(StrEnum):
    TEXT = "text"
    BOOLEAN = "boolean"
    NUMBER = "number"
    DATE = "date"


OPERATORS = {
    FieldKind.TEXT: frozenset({"=", "!=", "IN", "NIN", "~", "!~", "^", "$"}),
    FieldKind.BOOLEAN: frozenset({"=", "!=", "IN", "NIN"}),
    FieldKind.NUMBER: frozenset({"=", "!=", "IN", "NIN", ">", "<", ">=", "<="}),
    FieldKind.DATE: frozenset({"=", ">", "<"}),
}


@dataclass(frozen=True, slots=True)
class Sql:
    text: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A searchable field as an SQL expression; `folded` ones are stored and compared in lower case."""

    sql: str
    kind: FieldKind = FieldKind.TEXT
    folded: bool = False

    def value(self, value: Any) -> Any:
        """The value as SQL compares it; raises 400 for a list, an object or the wrong type."""
        if value is None:
            return None
        if isinstance(value, bool):
            return int(value)
        if self.kind in {FieldKind.NUMBER, FieldKind.DATE}:
            return _number(value)
        if not isinstance(value, str | int | float):
            raise invalid("A filter's value must be a string, a number or a boolean")  # assumed
        return str(value).lower() if self.folded else str(value)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise invalid("A filter on a number or a date needs a number")  # assumed
    return number


def compare(field: Field, operator: Any, value: Any) -> Sql:
    """Raises 400 for an operator that the field doesn't take."""
    if not isinstance(operator, str) or operator not in OPERATORS[field.kind]:
        raise invalid(f"Operator '{operator}' is not supported for this field")  # text assumed
    if operator in ("IN", "NIN"):
        return _among(field, value, negated=operator == "NIN")
    if field.kind is FieldKind.DATE:
        return _by_day(field, operator, value)
    if operator in ("~", "!~", "^", "$"):
        return _partly(field, operator, str(field.value(value)))
    if operator == "!=" or value is None:
        return Sql(f"{field.sql} IS {'NOT ' if operator == '!=' else ''}?", (field.value(value),))
    return Sql(f"{field.sql} {operator} ?", (field.value(value),))


def _among(field: Field, values: Any, *, negated: bool) -> Sql:
    if not isinstance(values, list) or not values:
        raise invalid("IN and NIN need a list of values")  # assumed
    marks = ", ".join("?" * len(values))
    params = tuple(map(field.value, values))
    if negated:
        return Sql(f"({field.sql} IS NULL OR {field.sql} NOT IN ({marks}))", params)
    return Sql(f"{field.sql} IN ({marks})", params)


def _by_day(field: Field, operator: str, value: Any) -> Sql:
    """Until version 2.16 dates match whole days of the workspace's time zone, which is UTC here."""
    start = int(_number(value)) // DAY * DAY
    if operator == "=":
        return Sql(f"({field.sql} >= ? AND {field.sql} < ?)", (start, start + DAY))
    if operator == ">":
        return Sql(f"{field.sql} >= ?", (start + DAY,))
    return Sql(f"{field.sql} < ?", (start,))


def _partly(field: Field, operator: str, value: str) -> Sql:
    text, part = f"lower(coalesce({field.sql}, ''))", value.lower()
    if operator == "^":
        return Sql(f"substr({text}, 1, ?) = ?", (len(part), part))
    if operator == "$":
        return Sql(f"(length({text}) >= ? AND substr({text}, -?) = ?)", (len(part), len(part), part))
    return Sql(f"instr({text}, ?) {'=' if operator == '!~' else '>'} 0", (part,))
