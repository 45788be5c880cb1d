"""Everything to be said beside a row of a draft, or in its rule. Puts it together; the draft was judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from campaigns.fields import ValueType
from integrations.forms import words
from integrations.forms.choices import labels_of
from integrations.logic.coerce import coerce
from integrations.logic.notes import NoteCode
from integrations.logic.setup import SetupCode
from integrations.logic.shown import shown
from integrations.logic.targets import find
from integrations.logic.types import Attribute, DataType, MapRow
from integrations.logic.wrong import Place
from integrations.services.type_words import type_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaigns.models import Audience
    from integrations.forms.choices import Labels
    from integrations.forms.draft import Draft
    from integrations.models import FieldMap
    from integrations.views.page import Panel

SPECIMENS: Mapping[ValueType, object] = {
    ValueType.DATE: datetime(2026, 1, 31, 12, tzinfo=UTC),
    ValueType.INTEGER: 1_700_000_001,
    ValueType.FLOAT: 2.5,
    ValueType.BOOLEAN: True,
}
"""One value of each type, to see whether a field takes it. Text may read as anything, so it is not judged."""

SOURCE_TYPES = {
    ValueType.DATE: "date",
    ValueType.INTEGER: "integer",
    ValueType.FLOAT: "float",
    ValueType.BOOLEAN: "boolean",
}

LONGEST = 60
"""Characters of a value in a sentence."""


class Kind(StrEnum):
    """How much it matters: an error cannot be saved, what is missing holds everybody up."""

    ERROR = "error"
    MISSING = "missing"
    PROBLEM = "problem"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Issue:
    """One sentence, and the control that it is about. `said` and `since`: Intercom's word for a problem."""

    kind: Kind
    text: str
    control: str
    said: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issues:
    """By row of the form, and of the rule."""

    rows: Mapping[int, tuple[Issue, ...]]
    rule: tuple[Issue, ...]

    @property
    def errors(self) -> list[tuple[int | None, Issue]]:
        """What must be put right before saving, with the number of its row."""
        rows = [(number, issue) for number, issues in self.rows.items() for issue in issues]
        everything = [*rows, *((None, issue) for issue in self.rule)]
        return [(number, issue) for number, issue in everything if issue.kind is Kind.ERROR]

    @property
    def missing(self) -> list[tuple[int, Issue]]:
        rows = [(number, issue) for number, issues in self.rows.items() for issue in issues]
        return [(number, issue) for number, issue in rows if issue.kind is Kind.MISSING]


def issues_of(panel: Panel, audience: Audience, draft: Draft) -> Issues:
    labels = labels_of(panel)
    found: dict[int, list[Issue]] = {number: [] for number in draft.numbers}
    rule: list[Issue] = []
    for one in draft.found:
        in_rule = one.place in words.PLACES
        target = draft.settings.rule_attribute if in_rule else draft.settings.rows[one.number].target
        text = words.wrong(one, target=target, labels=labels)
        if one.place is Place.QUALIFYING:
            value = draft.settings.qualifying_values[one.number]
            text = f"“{shown(value, attribute=panel.attributes.get(target))[:LONGEST]}”: {text}"
        issue = Issue(Kind.ERROR, text, words.control(one, numbers=draft.numbers))
        (rule if in_rule else found[draft.numbers[one.number]]).append(issue)
    for problem in draft.missing:
        text = words.missing(problem, labels=labels)
        if problem.row is not None and text:
            number = draft.numbers[problem.row]
            found[number].append(Issue(Kind.MISSING, text, f"id_rows-{number}-{_part(problem.code)}"))
    known = _problems(panel, audience)
    for number, row in zip(draft.numbers, draft.settings.rows, strict=True):
        found[number] += _of_the_field(row, number, panel=panel, known=known, labels=labels)
    return Issues({number: tuple(issues) for number, issues in found.items()}, tuple(rule))


def _part(code: SetupCode) -> str:
    parts = {
        SetupCode.ROW_WITHOUT_VALUE: Place.VALUE,
        SetupCode.ROW_WITHOUT_TARGET: Place.TARGET,
    }
    return parts.get(code, Place.SOURCE).value


def _of_the_field(
    row: MapRow, number: int, *, panel: Panel, known: Mapping[tuple[str, ...], FieldMap], labels: Labels
) -> Iterator[Issue]:
    """What Intercom makes of the row: a field problem that we know of, or a value that will not fit."""
    control = f"id_rows-{number}-target"
    saved = known.get((row.data_type.value, row.source, row.value, row.target))
    gone = find(row.target, attributes=panel.attributes) if saved and row.target else None
    if saved and saved.problem:
        text = words.field_problem(saved.problem, target=row.target, labels=labels)
        yield Issue(Kind.PROBLEM, text, control, said=saved.problem_message, since=saved.problem_at)
    elif isinstance(gone, NoteCode):
        yield Issue(Kind.PROBLEM, words.field_problem(gone, target=row.target, labels=labels), control)
    elif text := mismatch(row, panel=panel, labels=labels):
        yield Issue(Kind.NOTE, text, control)


def mismatch(row: MapRow, *, panel: Panel, labels: Labels) -> str:
    """Says that no value of a source can ever fit its field, or that only some will."""
    source = next((field for field in panel.sources if field.key == row.source), None)
    attribute = find(row.target, attributes=panel.attributes) if row.target else None
    if row.data_type is DataType.FIXED or source is None or not isinstance(attribute, Attribute):
        return ""
    names = {
        "source": str(source.label),
        "target": labels.target(row.target),
        "type": type_in_words(attribute),
    }
    if attribute.options:
        text = gettext("%(target)s takes one of its own values only: what is none of them is left out.")
        return text % names
    if source.type is ValueType.STRING:
        text = gettext("%(target)s takes a %(type)s: where %(source)s is not one, it is left out.")
        return "" if attribute.data_type == "string" else text % names
    note = coerce(SPECIMENS[source.type], attribute).note  # type: ignore[arg-type]
    if note is None or not note.left_out:
        return ""
    own = type_in_words(Attribute("", "", SOURCE_TYPES[source.type]))
    if note.code is NoteCode.NOT_A_WHOLE_NUMBER:
        return gettext("%(target)s takes whole numbers only: any other is left out.") % names
    text = gettext("%(source)s is a %(own)s, %(target)s is a %(type)s: it would be left out.")
    return text % {**names, "own": own}


def _problems(panel: Panel, audience: Audience) -> dict[tuple[str, ...], FieldMap]:
    row = panel.rows.get(audience)
    saved = row.field_map.all() if row else ()
    return {(one.data_type, one.source, one.value, one.target): one for one in saved}
