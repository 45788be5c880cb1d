"""How old the numbers of a page are, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.views.times import ago

if TYPE_CHECKING:
    from integrations.services.health.source import Age


@dataclass(frozen=True, slots=True)
class AgeWords:
    """`said` is a sentence, empty where the numbers are as of now or not there yet."""

    said: str
    is_stale: bool
    is_missing: bool


def age_words(age: Age) -> AgeWords:
    said = _("Counted %(ago)s.") % {"ago": ago(age.taken_at)} if age.taken_at else ""
    return AgeWords(said, age.is_stale, age.is_missing)
