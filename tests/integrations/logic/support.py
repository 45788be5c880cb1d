"""Short ways to make the values that the decisions take, and random ones of every kind."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from integrations.logic.types import (
    CUSTOM,
    Action,
    Attribute,
    Contact,
    DataType,
    IfPresent,
    MapRow,
    TabSettings,
)

EMAIL_ROW = MapRow(DataType.DYNAMIC, target="email", source="lead.email")
ANA = "ana@example.com"


def attribute(data_type: str = "string", *, name: str = "plan", **kwargs: Any) -> Attribute:
    return Attribute(full_name=CUSTOM + name, label=name, data_type=data_type, custom=True, **kwargs)


def listed(*attributes: Attribute) -> dict[str, Attribute]:
    return {a.full_name: a for a in attributes}


def row(source: str, target: str, *, overwrite: bool = False) -> MapRow:
    if_present = IfPresent.OVERWRITE if overwrite else IfPresent.KEEP
    return MapRow(DataType.DYNAMIC, target=target, source=source, if_present=if_present)


def fixed(value: str, target: str) -> MapRow:
    return MapRow(DataType.FIXED, target=target, value=value)


def tab(*rows: MapRow, action: Action = Action.CREATE_LEAD, **kwargs: Any) -> TabSettings:
    return TabSettings(action=action, rows=(EMAIL_ROW, *rows), **{"marks": False, **kwargs})


def contact(contact_id: str = "c1", *, email: str | None = ANA, role: str = "lead", **kwargs: Any) -> Contact:
    return Contact(id=contact_id, role=role, email=email, **kwargs)


def is_sendable(body: object) -> bool:
    """Whether it survives JSON and UTF-8, with no null and no NaN in it."""
    text = json.dumps(body, allow_nan=False, ensure_ascii=False)
    return "null" not in json.dumps(_without_text(body)) and json.loads(text.encode()) == body


def _without_text(body: Any) -> Any:
    if isinstance(body, dict):
        return [_without_text(v) for v in body.values()]
    return "" if isinstance(body, str) else body


any_text = st.text(st.characters(), max_size=400)
source_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(),
    any_text,
    st.sampled_from(
        ["yes", "OFF", "42", "1,000", "1 000", "2026-01-02", "2026-01-02T03:04:05Z", "1e5", "٤٢"]
    ),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.timezones()),
)
data_types = st.sampled_from(["string", "integer", "float", "boolean", "date", "datetime", "something new"])
TARGETS = [
    "name",
    "phone",
    "external_id",
    "owner_id",
    "signed_up_at",
    "role",
    "email",
    "sms_consent",
    "",
    "os",
]
names = st.sampled_from(["plan", "seats", "vip", "referred", "referral_campaign", "referrer_name"])
targets = st.one_of(st.sampled_from(TARGETS), names.map(lambda n: CUSTOM + n))
sources = st.sampled_from(["lead.email", "lead.first_name", "custom.a", "custom.b", ""])


@st.composite
def attributes(draw: st.DrawFn, *, full_name: str | None = None) -> Attribute:
    return Attribute(
        full_name=full_name or draw(targets.filter(bool)),
        label="any",
        data_type=draw(data_types),
        options=tuple(draw(st.lists(st.text(max_size=5), max_size=3))),
        writable=draw(st.booleans()),
        archived=draw(st.booleans()),
    )


rows = st.builds(
    MapRow,
    data_type=st.sampled_from(DataType),
    target=targets,
    source=sources,
    value=any_text,
    if_present=st.sampled_from(IfPresent),
)
tabs = st.builds(
    TabSettings,
    action=st.sampled_from(Action),
    rows=st.lists(rows, max_size=5).map(lambda drawn: (EMAIL_ROW, *drawn)),
    marks=st.booleans(),
    rule_attribute=targets,
    rule_initial=st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
)
values = st.dictionaries(
    st.sampled_from(["lead.first_name", "custom.a", "custom.b", "campaign.name", "referrer.full_name"]),
    source_values,
).map(lambda drawn: {"lead.email": " Ana@Example.com ", **drawn})
workspaces: st.SearchStrategy[dict[str, Attribute]] = st.one_of(
    st.just({}), st.lists(attributes(), max_size=8).map(lambda drawn: listed(*drawn))
)
present = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=9), st.just({})
)
contacts = st.builds(
    Contact,
    id=st.sampled_from(["a", "b", "c", "d", "e"]),
    role=st.sampled_from(["lead", "user", "visitor"]),
    email=st.sampled_from([ANA, "ANA@Example.com ", "bob@example.com", "", None]),
    external_id=st.one_of(st.none(), st.sampled_from(["7", "8"])),
    name=st.one_of(st.none(), st.text(max_size=5)),
    phone=st.one_of(st.none(), st.text(max_size=5)),
    created_at=st.integers(0, 2000),
    updated_at=st.integers(0, 2000),
    custom_attributes=st.dictionaries(names, present),
    standard=st.dictionaries(st.sampled_from(["owner_id", "signed_up_at"]), present),
)
