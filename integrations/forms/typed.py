"""What stands in the form of a tab, as text: read from a POST or written from settings. Judges nothing and
never raises: whatever arrives is shown again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from integrations.logic.shown import shown
from integrations.logic.targets import EMAIL
from integrations.logic.types import DataType, IfPresent, MapRow
from integrations.logic.wrong import MOST_ROWS
from integrations.services.settings_format import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from integrations.logic.types import Attribute, TabSettings

TOTAL = "rows-TOTAL_FORMS"
NAME = re.compile(r"rows-(\d{1,6})-(data_type|source|value|target|if_present|DELETE)")
EMAIL_TEXTS = {"target": EMAIL, "data_type": DataType.DYNAMIC.value}


@dataclass(frozen=True, slots=True)
class TypedRow:
    """One row as it stands in the form: of source and value it holds both, whichever counts.

    `locked` is the Email row: its target stays, and it cannot be removed.
    """

    texts: Mapping[str, str]
    removed: bool = False
    locked: bool = False

    @property
    def row(self) -> MapRow:
        dynamic = self.data_type is DataType.DYNAMIC
        return MapRow(
            data_type=self.data_type,
            target=self.texts.get("target", "").strip(),
            source=self.texts.get("source", "").strip() if dynamic else "",
            value="" if dynamic else self.texts.get("value", ""),
            if_present=self._if_present,
        )

    @property
    def data_type(self) -> DataType:
        return DataType.FIXED if self.texts.get("data_type") == DataType.FIXED.value else DataType.DYNAMIC

    @property
    def _if_present(self) -> IfPresent:
        return IfPresent.OVERWRITE if self.texts.get("if_present") == IfPresent.OVERWRITE else IfPresent.KEEP


@dataclass(frozen=True, slots=True)
class Typed:
    """A whole form as typed. `dropped`: rows beyond the most that a tab may have. `whole`: none got lost."""

    fields: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[TypedRow, ...] = ()
    dropped: int = 0
    whole: bool = True

    def text(self, name: str) -> str:
        return self.fields.get(name, "")

    def with_row(self, number: int, row: TypedRow) -> Typed:
        return replace(self, rows=(*self.rows[:number], row, *self.rows[number + 1 :]))

    def with_blank_row(self) -> Typed:
        return replace(self, rows=(*self.rows, TypedRow({})))


def from_post(data: Mapping[str, str], *, at_most: int = MOST_ROWS) -> Typed:
    """The form as it was posted; without any row where none came."""
    found: dict[int, dict[str, str]] = {}
    for name in data:
        if match := NAME.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = _text(data, name)
    rows = [_posted_row(texts) for _number, texts in sorted(found.items())]
    total = _text(data, TOTAL).strip()
    whole = total.isascii() and total.isdigit() and len(total) < 10 and int(total) <= len(rows)
    fields = {name: _text(data, name) for name in data if not name.startswith("rows-")}
    if not rows:
        return Typed(fields, whole=False)
    return Typed(fields, with_email(rows[:at_most]), dropped=max(0, len(rows) - at_most), whole=whole)


def from_settings(settings: TabSettings, *, attributes: Mapping[str, Attribute]) -> Typed:
    """The form as it stands for settings, with its Email row."""
    attribute = attributes.get(settings.rule_attribute)
    initial = settings.rule_initial
    fields = {
        "action": settings.action.value,
        "policy": settings.policy.value,
        "marks": "on" if settings.marks else "",
        "method": (Method.ATTRIBUTE_CHANGES if settings.qualifies else Method.NONE).value,
        "attribute": settings.rule_attribute,
        "initial_value": "" if initial is None else shown(initial, attribute=attribute),
        "qualifying_values": "\n".join(shown(v, attribute=attribute) for v in settings.qualifying_values),
    }
    rows = [TypedRow(_texts(row)) for row in settings.rows]
    return Typed(fields, with_email(rows))


def with_email(rows: Iterable[TypedRow]) -> tuple[TypedRow, ...]:
    """The rows with exactly one locked Email row, put first where there is none."""
    rows = list(rows)
    place = next((n for n, row in enumerate(rows) if row.row.target == EMAIL), None)
    if place is None:
        return (TypedRow(EMAIL_TEXTS, locked=True), *rows)
    rows[place] = replace(rows[place], locked=True, removed=False)
    return tuple(rows)


def _posted_row(texts: dict[str, str]) -> TypedRow:
    return TypedRow(texts, removed=bool(texts.pop("DELETE", "")))


def _texts(row: MapRow) -> dict[str, str]:
    return {
        "data_type": row.data_type.value,
        "source": row.source,
        "value": row.value,
        "target": row.target,
        "if_present": row.if_present.value,
    }


def _text(data: Mapping[str, str], name: str) -> str:
    """Browsers end lines with \\r\\n."""
    return str(data.get(name) or "").replace("\r\n", "\n")
