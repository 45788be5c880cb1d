"""The lines of qualification stories, as a page shows them. Reads only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from campaigns.models import ParticipantStatus
from integrations.logic.qualification import Verdict
from integrations.models import IntercomConnection, Sighting, Watch, WatchState
from integrations.services.qualification_words import Told, in_words
from integrations.services.tabs import load_attributes
from integrations.services.value_words import zone_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import tzinfo

    from campaigns.models import Participant
    from integrations.logic.types import Attribute
    from integrations.models import SyncSettings

MOST = 200
"""Lines of one lead that a page shows, the latest."""

LATEST = 1000
MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One sighting, and what it says in words."""

    sighting: Sighting
    told: Told


@dataclass(slots=True)
class Teller:
    """Puts sightings of one workspace into words; reads its fields when it is first asked."""

    connection: IntercomConnection | None
    known: Mapping[str, Attribute] | None = None

    @property
    def zone(self) -> tzinfo:
        return zone_of(self.connection)

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        if self.known is None:
            self.known = load_attributes(self.connection.pk) if self.connection else {}
        return self.known

    def line(self, sighting: Sighting) -> Line:
        return Line(sighting, in_words(sighting, attributes=self.attributes, zone=self.zone))

    def lines(self, sightings: Iterable[Sighting]) -> list[Line]:
        return [self.line(sighting) for sighting in sightings]


def watch_of(person: Participant) -> Watch | None:
    return Watch.objects.filter(participant=person).select_related("connection", "settings").first()


def story_of(person: Participant, *, teller: Teller) -> list[Line]:
    """The latest lines of a lead, oldest first."""
    rows = Sighting.objects.filter(participant=person).select_related("receipt").order_by("-pk")[:MOST]
    return teller.lines(reversed(rows))


def reasons_of(people: Collection[int], *, teller: Teller) -> dict[int, Line]:
    """Why each of these leads qualified, by primary key: the latest line that says so. One query."""
    if not people:
        return {}
    rows = Sighting.objects.filter(participant__in=people, verdict=Verdict.QUALIFIES.value).order_by("pk")
    return {row.participant_id: teller.line(row) for row in rows}


def qualified_by_revision(tab: SyncSettings, revisions: Collection[int]) -> dict[int, int]:
    """How many qualified under each of these versions of a tab, and still are. One query."""
    rows = Watch.objects.filter(
        settings=tab,
        state=WatchState.QUALIFIED,
        revision__in=revisions,
        participant__status=ParticipantStatus.QUALIFIED,
    )
    return dict(rows.order_by().values_list("revision").annotate(number=Count("pk")))


def last_seen_values(connection: IntercomConnection, attribute: str) -> list[str]:
    """What the latest watched leads of a workspace were last seen with, most frequent first. One query."""
    rows = Watch.objects.filter(connection=connection, attribute=attribute, seen__isnull=False)
    values = Counter(rows.order_by("-pk").values_list("value", flat=True)[:LATEST])
    return [value for value, _number in values.most_common(MOST_VALUES) if value]
