"""The panel as JSON: reads a document into tab settings, naming every error by its path, and writes one.

Knows no database; what may be named in a document (sources, targets) is handed in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.logic.mapping import target_allowed
from integrations.logic.types import (
    Action,
    Attribute,
    DataType,
    IfPresent,
    MapRow,
    Policy,
    TabSettings,
    WireValue,
)

if TYPE_CHECKING:
    from integrations.services.settings_reading import Reading

TABS = ("leads", "referrers")
METHOD_NONE, METHOD_ATTRIBUTE = "none", "attribute_changes"


def read_tab(reading: Reading, *, tab: str, document: Any, before: TabSettings) -> TabSettings:
    """One tab of a document over what the tab says now: a section that is left out stays as it was."""
    known = ["action", "field_map", "duplicates", "marks"]
    given = reading.keys(tab, document, [*known, "qualification"] if tab == "leads" else known)
    after = before
    if "action" in given:
        action = reading.choice(f"{tab}.action", given["action"], Action, Action.NOTHING)
        after = replace(after, action=action)
    if "field_map" in given:
        after = replace(after, rows=_rows(reading, f"{tab}.field_map", given["field_map"]))
    if "duplicates" in given:
        policy = reading.choice(f"{tab}.duplicates", given["duplicates"], Policy, Policy.SKIP)
        after = replace(after, policy=policy)
    if "marks" in given:
        after = replace(after, marks=_boolean(reading, f"{tab}.marks", given["marks"]))
    if "qualification" in given:
        after = _with_rule(reading, f"{tab}.qualification", given["qualification"], after)
    _check_rule(reading, tab, after)
    return after


def _boolean(reading: Reading, path: str, value: Any) -> bool:
    if not isinstance(value, bool):
        reading.wrong(path, _("must be true or false"))
    return value is True


def _rows(reading: Reading, path: str, value: Any) -> tuple[MapRow, ...]:
    if not isinstance(value, list):
        reading.wrong(path, _("must be a list in brackets"))
        return ()
    rows = tuple(_row(reading, f"{path}[{number}]", item) for number, item in enumerate(value))
    seen: set[str] = set()
    for number, row in enumerate(rows):
        if row.target and row.target in seen:
            text = _("%(target)s is mapped twice") % {"target": row.target}
            reading.wrong(f"{path}[{number}].to", text)
        seen.add(row.target)
    return rows


def _row(reading: Reading, path: str, value: Any) -> MapRow:
    given = reading.keys(path, value, ["data_type", "from", "value", "to", "if_present"])
    kind = reading.choice(f"{path}.data_type", given.get("data_type", "dynamic"), DataType, DataType.DYNAMIC)
    present = reading.choice(f"{path}.if_present", given.get("if_present", "keep"), IfPresent, IfPresent.KEEP)
    row = MapRow(
        data_type=kind,
        target=reading.text(f"{path}.to", given.get("to", "")),
        source=reading.text(f"{path}.from", given.get("from", "")) if kind is DataType.DYNAMIC else "",
        value=_fixed(reading, path, given.get("value", "")) if kind is DataType.FIXED else "",
        if_present=present,
    )
    _check_row(reading, path, row)
    return row


def _fixed(reading: Reading, path: str, value: Any) -> str:
    """A fixed value is kept as typed; numbers and true/false may stand without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return reading.text(f"{path}.value", value)


def _check_row(reading: Reading, path: str, row: MapRow) -> None:
    if row.source and row.source not in reading.sources:
        text = _("%(key)r is not a field of this campaign; known are %(known)s")
        reading.wrong(f"{path}.from", text % {"key": row.source, "known": ", ".join(reading.sources)})
    if not row.target:
        return
    if not target_allowed(row.target):
        reading.wrong(f"{path}.to", _("%(name)s may not be written from here") % {"name": row.target})
    elif reading.targets and not _writable(reading.targets.get(row.target)):
        text = _("the workspace has no field %(name)s that may be written; create it in Intercom first")
        reading.wrong(f"{path}.to", text % {"name": row.target})


def _writable(attribute: Attribute | None) -> bool:
    return attribute is not None and attribute.writable and not attribute.archived


def _with_rule(reading: Reading, path: str, value: Any, settings: TabSettings) -> TabSettings:
    given = reading.keys(path, value, ["method", "attribute", "initial_value", "qualifying_values"])
    method = given.get("method", METHOD_NONE)
    if method not in (METHOD_NONE, METHOD_ATTRIBUTE):
        reading.wrong(f"{path}.method", _("must be none or attribute_changes"))
    if method != METHOD_ATTRIBUTE:
        return replace(settings, qualifies=False, rule_attribute="", rule_initial=None, qualifying_values=())
    attribute = reading.text(f"{path}.attribute", given.get("attribute", ""))
    if attribute and reading.targets and attribute not in reading.targets:
        text = _("the workspace has no data attribute %(name)s") % {"name": attribute}
        reading.wrong(f"{path}.attribute", text)
    values = given.get("qualifying_values", [])
    if not isinstance(values, list):
        reading.wrong(f"{path}.qualifying_values", _("must be a list in brackets"))
        values = []
    return replace(
        settings,
        qualifies=True,
        rule_attribute=attribute,
        rule_initial=_scalar(reading, f"{path}.initial_value", given.get("initial_value")),
        qualifying_values=tuple(
            scalar
            for number, item in enumerate(values)
            if (scalar := _scalar(reading, f"{path}.qualifying_values[{number}]", item)) is not None
        ),
    )


def _scalar(reading: Reading, path: str, value: Any) -> WireValue | None:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    reading.wrong(path, _("must be text, a number, true or false"))
    return None


def _check_rule(reading: Reading, tab: str, settings: TabSettings) -> None:
    """Nobody may qualify by being created: that would be a referral reward for nothing."""
    if not settings.rule_attribute:
        return
    if settings.rule_initial is not None and settings.rule_initial in settings.qualifying_values:
        reading.wrong(f"{tab}.qualification.initial_value", _("would itself qualify every new contact"))
    wording = {str(value) for value in settings.qualifying_values}
    for number, row in enumerate(settings.rows):
        fixed = row.data_type is DataType.FIXED and row.target == settings.rule_attribute
        if fixed and row.value in wording:
            text = _("writes a qualifying value to every new contact")
            reading.wrong(f"{tab}.field_map[{number}].value", text)


def write_tab(settings: TabSettings, *, tab: str) -> dict[str, Any]:
    """One tab as it stands in an exported document."""
    document: dict[str, Any] = {
        "action": settings.action.value,
        "field_map": [_written_row(row) for row in settings.rows],
        "duplicates": settings.policy.value,
        "marks": settings.marks,
    }
    if tab == "leads":
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
        return {"method": METHOD_NONE}
    return {
        "method": METHOD_ATTRIBUTE,
        "attribute": settings.rule_attribute,
        "initial_value": settings.rule_initial,
        "qualifying_values": list(settings.qualifying_values),
    }
