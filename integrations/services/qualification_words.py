"""A line of a lead's qualification story as a page shows it. The sentences are `qualify.words`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.logic.qualification import Verdict
from integrations.logic.types import CUSTOM
from integrations.models import Via
from integrations.services.outcome_words import Badge, Look
from integrations.services.qualify.story import Happened
from integrations.services.qualify.words import line_in_words
from integrations.services.value_words import DATES, value_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from django.utils.functional import _StrPromise

    from integrations.logic.types import Attribute
    from integrations.models import Sighting

SECONDS = re.compile(r"-?[0-9]{1,11}")

QUALIFIED = Badge(_("Qualified"), Look.OK)
NO = Badge(_("Does not qualify"), Look.MUTED)
ALMOST = Badge(_("Almost"), Look.WARN)
STARTED = Badge(_("Watching"), Look.INFO)
LATER = Badge(_("Looked at again"), Look.INFO)
GONE = Badge(_("Contact gone"), Look.WARN)
BACK = Badge(_("Contact is back"), Look.INFO)
SET_BACK = Badge(_("Set back"), Look.WARN)
REJECTED = Badge(_("Rejected"), Look.ERROR)
OTHER = Badge(_("Noted"), Look.MUTED)

BADGES: Mapping[str, Badge] = {
    Verdict.QUALIFIES: QUALIFIED,
    Verdict.NOT_A_QUALIFYING_VALUE: NO,
    Verdict.ALMOST: ALMOST,
    Verdict.HELD_IT_BEFORE: NO,
    Verdict.BEFORE_WE_WATCHED: NO,
    Verdict.SAME_MOMENT: LATER,
    Verdict.FIRST_LOOK: STARTED,
    Verdict.NO_FIRST_LOOK: LATER,
    Happened.MERGED: STARTED,
    Happened.ARCHIVED: GONE,
    Happened.DELETED: GONE,
    Happened.NOT_FOUND: GONE,
    Happened.RETURNED: BACK,
    Happened.OTHER_CONTACT: NO,
    Happened.SETTLED_BEFORE: NO,
    Happened.SET_BACK: SET_BACK,
    Happened.REJECTED: REJECTED,
}

SOURCES: Mapping[str, _StrPromise] = {
    Via.WEBHOOK: _("Intercom told us"),
    Via.LOOK: _("Found when we looked ourselves"),
    Via.WRITE: _("From what we wrote to Intercom"),
    Via.PERSON: _("Done by a person"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story. `field` is what it is about."""

    badge: Badge
    text: str
    field: str
    source: str


def in_words(sighting: Sighting, *, attributes: Mapping[str, Attribute], zone: tzinfo) -> Told:
    """`attributes` are the workspace's, for how they are called and what type they have."""
    attribute = attributes.get(sighting.attribute)
    return Told(
        BADGES.get(sighting.verdict, OTHER),
        line_in_words(sighting, value=value_as_read(sighting.value, attribute=attribute, zone=zone)),
        field_in_words(sighting.attribute, attribute=attribute),
        str(SOURCES.get(sighting.via, sighting.via)),
    )


def field_in_words(name: str, *, attribute: Attribute | None) -> str:
    return (attribute.label if attribute else "") or name.removeprefix(CUSTOM)


def value_as_read(value: str, *, attribute: Attribute | None, zone: tzinfo) -> str:
    """A watched value, which is kept as text, as people read it; "" for none."""
    kind = attribute.data_type if attribute else ""
    if kind == "boolean" and value in {"true", "false"}:
        return value_in_words(value == "true", zone=zone)
    if kind in DATES and SECONDS.fullmatch(value):
        return value_in_words(int(value), data_type=kind, zone=zone)
    return value_in_words(value, zone=zone)
