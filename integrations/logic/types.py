"""The value types that pass between the layers. Immutable, standard library only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

SourceValue = str | int | float | bool | date | datetime | None
"""What a participant, a campaign or a fixed row can supply. Date-times carry a time zone."""

WireValue = str | int | float | bool
"""What Intercom takes for a field or data attribute; dates are whole Unix seconds (UTC)."""


class Action(StrEnum):
    """What one tab of the panel does when somebody joins."""

    NOTHING = "nothing"
    CREATE_LEAD = "create_lead"
    CREATE_USER = "create_user"


class Role(StrEnum):
    """Intercom's two kinds of contact."""

    LEAD = "lead"
    USER = "user"


class DataType(StrEnum):
    """How a row of the field map gets its value."""

    DYNAMIC = "dynamic"
    FIXED = "fixed"


class IfPresent(StrEnum):
    """What an update does with a standard field that already has a value."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


class Policy(StrEnum):
    """What happens when the contact already exists in Intercom."""

    SKIP = "skip"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field or custom data attribute of a workspace, as Intercom lists it.

    `data_type` is Intercom's word: string, integer, float, boolean, date or datetime.
    `options` are the only values a list attribute takes (Intercom lists it as a string with options).
    """

    full_name: str
    label: str
    data_type: str
    options: tuple[str, ...] = ()
    writable: bool = True
    archived: bool = False
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as Intercom answered, checked. Times are Unix seconds (UTC)."""

    id: str
    role: str
    email: str | None
    external_id: str | None = None
    name: str | None = None
    phone: str | None = None
    created_at: int = 0
    updated_at: int = 0
    custom_attributes: Mapping[str, Any] = field(default_factory=dict)
    standard: Mapping[str, Any] = field(default_factory=dict)
    """The other top-level scalar fields of the answer, by Intercom's name (language_override, …)."""

    def value(self, full_name: str) -> Any:
        """The present value of a field, by the full name of its attribute; None when it has none."""
        if full_name.startswith(CUSTOM):
            return self.custom_attributes.get(full_name.removeprefix(CUSTOM))
        if full_name in {"id", "role", "email", "external_id", "name", "phone", "created_at", "updated_at"}:
            return getattr(self, full_name)
        return self.standard.get(full_name)


CUSTOM = "custom_attributes."
"""How the full name of a custom data attribute begins."""


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row of the field map: `source` is a key of campaigns.fields, `value` the typed text."""

    data_type: DataType
    target: str
    source: str = ""
    value: str = ""
    if_present: IfPresent = IfPresent.KEEP


@dataclass(frozen=True, slots=True)
class TabSettings:
    """One tab of the panel at one revision: all that a decision about a lead rests on."""

    action: Action = Action.NOTHING
    rows: tuple[MapRow, ...] = ()
    policy: Policy = Policy.SKIP
    marks: bool = False
    qualifies: bool = False
    rule_attribute: str = ""
    rule_initial: WireValue | None = None
    qualifying_values: tuple[WireValue, ...] = ()
    revision: int = 0

    @property
    def role(self) -> Role:
        return Role.USER if self.action is Action.CREATE_USER else Role.LEAD
