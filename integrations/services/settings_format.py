"""The panel as JSON: reads a tab of a document into tab settings, naming every error by its path, and
writes one. Knows no database; what may be named in a document is handed in."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.logic.contradictions import contradictions
from integrations.logic.types import Action, DataType, IfPresent, MapRow, Policy, TabSettings, WireValue
from integrations.logic.wrong import MOST_ROWS, Known
from integrations.services.settings_words import path as path_of
from integrations.services.settings_words import sentence

if TYPE_CHECKING:
    from integrations.services.settings_reading import Reading

LEADS, REFERRERS = "leads", "referrers"
TABS = (LEADS, REFERRERS)


class Method(StrEnum):
    """How a lead qualifies."""

    NONE = "none"
    ATTRIBUTE_CHANGES = "attribute_changes"


NO_RULE: dict[str, Any] = {
    "qualifies": False,
    "rule_attribute": "",
    "rule_initial": None,
    "qualifying_values": (),
}


def read_tab(
    reading: Reading, *, tab: str, document: Any, before: TabSettings, known: Known, standing: TabSettings
) -> TabSettings:
    """One tab of a document over what the tab says now: a section that is left out stays as it was.

    `standing` is what may stay although it names something that is gone: `before`, or nothing where the
    document moves the campaign to another workspace.
    """
    after = _sections(reading, tab, document, before)
    for found in contradictions(after, known=known, before=standing):
        reading.wrong(f"{tab}.{path_of(found)}", sentence(found))
    return after


def _sections(reading: Reading, tab: str, document: Any, before: TabSettings) -> TabSettings:
    rule = ["qualification"] if tab == LEADS else []
    given = reading.keys(tab, document, known=["action", "field_map", "duplicates", "marks", *rule])
    after = before
    if "action" in given:
        action = reading.choice(f"{tab}.action", given["action"], Action)
        after = replace(after, action=action or before.action)
    if "field_map" in given:
        after = replace(after, rows=_rows(reading, f"{tab}.field_map", given["field_map"]))
    if "duplicates" in given:
        policy = reading.choice(f"{tab}.duplicates", given["duplicates"], Policy)
        after = replace(after, policy=policy or before.policy)
    if "marks" in given:
        after = replace(after, marks=reading.boolean(f"{tab}.marks", given["marks"]))
    if "qualification" in given:
        path = f"{tab}.qualification"
        after = read_rule(reading, path=path, value=given["qualification"], settings=after)
    return after


def _rows(reading: Reading, path: str, value: Any) -> tuple[MapRow, ...]:
    rows = reading.items(path, value)
    if len(rows) > MOST_ROWS:
        reading.wrong(path, _("has more than %(most)d rows") % {"most": MOST_ROWS})
    items = enumerate(rows[:MOST_ROWS])
    return tuple(_row(reading, f"{path}[{number}]", item) for number, item in items)


def _row(reading: Reading, path: str, value: Any) -> MapRow:
    kind: DataType | None = DataType.DYNAMIC
    if isinstance(value, dict) and "data_type" in value:
        kind = reading.choice(f"{path}.data_type", value["data_type"], DataType)
    own = {DataType.DYNAMIC: ["from"], DataType.FIXED: ["value"], None: ["from", "value"]}[kind]
    given = reading.keys(path, value, known=["data_type", *own, "to", "if_present"])
    present = reading.choice(f"{path}.if_present", given.get("if_present", IfPresent.KEEP.value), IfPresent)
    return MapRow(
        data_type=kind or DataType.DYNAMIC,
        target=reading.text(f"{path}.to", given.get("to", "")).strip(),
        source=reading.text(f"{path}.from", given.get("from", "")).strip(),
        value=_fixed(reading, f"{path}.value", given.get("value", "")),
        if_present=present or IfPresent.KEEP,
    )


def _fixed(reading: Reading, path: str, value: Any) -> str:
    """A fixed value is kept as typed; numbers and true/false may stand without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return reading.text(path, value)


def read_rule(reading: Reading, *, path: str, value: Any, settings: TabSettings) -> TabSettings:
    """The settings with the qualification rule that a document gives."""
    method: Method | None = Method.ATTRIBUTE_CHANGES
    if isinstance(value, dict):
        method = reading.choice(f"{path}.method", value.get("method", ""), Method)
    if method is Method.NONE:
        reading.keys(path, value, known=["method"])
        return replace(settings, **NO_RULE)
    known = ["method", "attribute", "initial_value", "qualifying_values"]
    given = reading.keys(path, value, known=known)
    values = enumerate(reading.items(f"{path}.qualifying_values", given.get("qualifying_values", [])))
    found = [_scalar(reading, f"{path}.qualifying_values[{number}]", item) for number, item in values]
    initial = given.get("initial_value")
    return replace(
        settings,
        qualifies=True,
        rule_attribute=reading.text(f"{path}.attribute", given.get("attribute", "")).strip(),
        rule_initial=None if initial is None else _scalar(reading, f"{path}.initial_value", initial),
        qualifying_values=tuple(value for value in found if value is not None),
    )


def _scalar(reading: Reading, path: str, value: Any) -> WireValue | None:
    if isinstance(value, str | int | float | bool):
        return value
    reading.wrong(path, _("must be text, a number, true or false"))
    return None


def write_tab(settings: TabSettings, *, tab: str) -> dict[str, Any]:
    """One tab as it stands in an exported document."""
    document: dict[str, Any] = {
        "action": settings.action.value,
        "field_map": [_written_row(row) for row in settings.rows],
        "duplicates": settings.policy.value,
        "marks": settings.marks,
    }
    if tab == LEADS:
        document["qualification"] = _written_rule(settings)
    return document


def _written_row(row: MapRow) -> dict[str, Any]:
    value = {"from": row.source} if row.data_type is DataType.DYNAMIC else {"value": row.value}
    return {
        "data_type": row.data_type.value,
        **value,
        "to": row.target,
        "if_present": row.if_present.value,
    }


def _written_rule(settings: TabSettings) -> dict[str, Any]:
    if not settings.qualifies:
        return {"method": Method.NONE.value}
    return {
        "method": Method.ATTRIBUTE_CHANGES.value,
        "attribute": settings.rule_attribute,
        "initial_value": settings.rule_initial,
        "qualifying_values": list(settings.qualifying_values),
    }
