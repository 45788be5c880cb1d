"""What an update would change in a contact that exists, and what marks it as referred. Names fields only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.logic.bodies import NEVER_UPDATED
from integrations.logic.targets import MARKS, mark_available
from integrations.logic.types import CUSTOM, DataType, IfPresent, MapRow, TabSettings

if TYPE_CHECKING:
    from integrations.forms.choices import Labels
    from integrations.views.page import Panel

ABOUT_THE_REFERRAL = ("referrer.", "campaign.")


@dataclass(frozen=True, slots=True)
class Update:
    """Fields by their labels: always written, and written only where the contact has nothing.

    `marking` are those that show where the person came from. The marks that the workspace lacks are
    `absent`, those that it has and nobody may write `unusable`.
    """

    written: tuple[str, ...]
    filled: tuple[str, ...]
    marking: tuple[str, ...]
    absent: tuple[str, ...]
    unusable: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.written and not self.filled


def update_of(settings: TabSettings, *, panel: Panel, labels: Labels) -> Update:
    rows = [row for row in settings.rows if row.target and row.target not in NEVER_UPDATED]
    always = [row for row in rows if _overwrites(row)]
    known = panel.attributes
    unusable = [name for name in MARKS if not mark_available(name, attributes=known)]
    return Update(
        written=tuple(labels.target(row.target) for row in always),
        filled=tuple(labels.target(row.target) for row in rows if not _overwrites(row)),
        marking=tuple(labels.target(row.target) for row in always if _marks(row)),
        absent=tuple(name for name in unusable if CUSTOM + name not in known),
        unusable=tuple(name for name in unusable if CUSTOM + name in known),
    )


def _overwrites(row: MapRow) -> bool:
    return row.target.startswith(CUSTOM) or row.if_present is IfPresent.OVERWRITE


def _marks(row: MapRow) -> bool:
    return row.data_type is DataType.FIXED or row.source.startswith(ABOUT_THE_REFERRAL)
