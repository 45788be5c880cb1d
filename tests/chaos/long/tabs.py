"""What the panels of the long storm say, before and after somebody changes them. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.logic.types import Policy

ALWAYS = "company_size"
"""Mapped from the start; archived in Intercom for a while."""

LATER = "lifetime_value"
"""Mapped by the change of a panel's settings."""

FIELD_MAP: list[Mapping[str, str]] = [
    {"data_type": "dynamic", "from": "lead.email", "to": "email"},
    {"data_type": "dynamic", "from": "lead.first_name", "to": "name"},
    {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.lead_source"},
    {"data_type": "fixed", "value": "7", "to": f"custom_attributes.{ALWAYS}"},
]
ADDED = {"data_type": "fixed", "value": "1.5", "to": f"custom_attributes.{LATER}"}


@dataclass(frozen=True, slots=True)
class Change:
    """The panel of a campaign was changed between two moments (Unix seconds).

    `before` and `after` are the policies, `revision` is the number of the settings from then on.
    """

    slug: str
    before: Policy
    after: Policy
    revision: int
    began: float
    ended: float


def tab(*, role: str, policy: str, changed: bool = False) -> dict[str, Any]:
    """The Leads tab as the settings file has it."""
    rows = [*FIELD_MAP, ADDED] if changed else FIELD_MAP
    return {"action": f"create_{role}", "field_map": rows, "duplicates": policy, "marks": True}
