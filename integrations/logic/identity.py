"""Which sources tell one person from all others: Intercom takes an External ID for one user only."""

from __future__ import annotations

from integrations.logic.targets import EXTERNAL_ID
from integrations.logic.types import DataType, MapRow

SHARED_GROUPS = ("campaign.", "referrer.")
SHARED = frozenset({"lead.first_name", "lead.last_name", "lead.full_name", "lead.company", "lead.source"})
"""What several people may have alike. What a campaign asks for itself may be anything: it is not judged."""


def is_shared_id(row: MapRow) -> bool:
    """Whether the row would give several people one External ID. False while it says nothing yet."""
    if row.target != EXTERNAL_ID:
        return False
    shared = row.source in SHARED or row.source.startswith(SHARED_GROUPS)
    return shared or row.data_type is DataType.FIXED
