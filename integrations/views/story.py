"""The page of one entry of the sync log: how the person stands, and all that happened. Reads only."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from campaigns.models import Audience
from integrations.forms.choices import Labels
from integrations.models import DataAttribute
from integrations.services.contact_page import contact_of
from integrations.services.field_names import Names
from integrations.services.qualification_story import Teller, watch_of
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.story_events import events_of, tries_of
from integrations.services.story_text import story_text
from integrations.services.story_versions import versions_of
from integrations.services.tabs import as_attributes
from integrations.services.try_words import tell
from integrations.services.value_words import zone_of
from integrations.views.access import LOOK, OUTCOMES, PEOPLE, REPAIR, may
from integrations.views.candidates import candidates_of
from integrations.views.qualification import section
from integrations.views.story_orders import standing_of
from integrations.views.story_settings import settings_of_tries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest

    from integrations.models import Attempt, Delivery, IntercomConnection
    from integrations.services.story_events import Event, Tries
    from integrations.services.story_versions import Versions
    from integrations.views.candidates import Candidates
    from integrations.views.qualification import Section
    from integrations.views.story_orders import Standing
    from integrations.views.story_settings import UsedSettings


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened; of a try also the settings that it ran under, and what went to and fro."""

    event: Event
    used: UsedSettings | None = None
    technical: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """All that the page shows. An address is empty where there is nothing that the reader may see."""

    standing: Standing
    workspace: IntercomConnection | None
    contact_url: str
    campaign_url: str
    settings_url: str
    person_url: str
    order_url: str
    lines: Sequence[Line]
    candidates: Candidates | None
    qualification: Section | None
    left_out: int
    unfinished: bool
    """Something has changed since the last try: the standing is the last line of the story."""
    text: str


def story(request: HttpRequest, delivery: Delivery) -> Story:
    tries = tries_of(delivery)
    person, last = delivery.participant, tries.last
    watch = watch_of(person)
    teller = Teller(watch.connection if watch else delivery.connection)
    standing = standing_of(delivery, may_order=may(request, REPAIR))
    numbers = {attempt.settings_revision for attempt in tries.rows}
    versions = versions_of(person, standing.tab if delivery.settings_id else None, numbers=numbers)
    names = _names(tries.rows, versions)
    events = _events(delivery, tries, names=names, teller=teller)
    now = standing.tab.connection if standing.tab else None
    used = settings_of_tries(request, delivery, tries.rows, workspace=now, versions=versions, names=names)
    settings_url = (
        _address("intercom", person.campaign_id, TAB_NAMES[person.audience]) if may(request, LOOK) else ""
    )
    return Story(
        standing=standing,
        workspace=delivery.connection or now,
        contact_url=contact_of(delivery),
        campaign_url=_address("overview", person.campaign_id) if may(request, OUTCOMES) else "",
        settings_url=settings_url,
        person_url=(
            reverse("admin:campaigns_participant_change", args=[person.pk]) if may(request, PEOPLE) else ""
        ),
        order_url=reverse("admin:integrations_delivery_order", args=[delivery.pk]),
        lines=[_line(event, used) for event in events],
        candidates=candidates_of(request, delivery, last),
        qualification=section(request, delivery, watch=watch, teller=teller),
        left_out=tries.left_out,
        unfinished=last is None or (last.state, last.reason) != (delivery.state, delivery.reason),
        text=story_text(
            delivery,
            events,
            tab=standing.tab,
            outcome=str(standing.badge.word),
            sentences=(standing.what, standing.consequence, standing.next_step),
            page=reverse("admin:integrations_delivery_change", args=[delivery.pk]),
        ),
    )


def _line(event: Event, used: Mapping[int, UsedSettings]) -> Line:
    if event.tried is None:
        return Line(event)
    attempt = event.tried.attempt
    return Line(event, used[attempt.pk], _technical(attempt))


def _address(page: str, *args: object) -> str:
    return reverse(f"admin:campaigns_campaign_{page}", args=args)


def _events(delivery: Delivery, tries: Tries, *, names: Mapping[int, Names], teller: Teller) -> list[Event]:
    is_lead = delivery.participant.audience == Audience.LEAD
    return events_of(
        delivery,
        tries,
        tell=lambda attempt: tell(attempt, names=names[attempt.connection_id], is_lead=is_lead),
        teller=teller,
    )


def _names(attempts: Sequence[Attempt], versions: Versions) -> Mapping[int, Names]:
    """What fields are called, for each workspace that was written to. One query."""
    workspaces = {attempt.connection_id: attempt.connection for attempt in attempts}
    fields = versions.targets.union(*(attempt.sent for attempt in attempts))
    fields = fields.union(*(attempt.received for attempt in attempts))
    fields |= {str(note.get("target", "")) for attempt in attempts for note in attempt.notes}
    found: dict[int, list[DataAttribute]] = defaultdict(list)
    for row in DataAttribute.objects.filter(connection__in=workspaces, full_name__in=fields):
        found[row.connection_id].append(row)
    return {pk: _named(found[pk], workspaces[pk]) for pk in workspaces}


def _named(rows: Sequence[DataAttribute], connection: IntercomConnection) -> Names:
    attributes = as_attributes(rows)
    labels = Labels({}, attributes)
    return Names(attributes, target=labels.target, source=labels.source, zone=zone_of(connection))


def _technical(attempt: Attempt) -> str:
    """What was said between us and Intercom, for who can read it."""
    parts = {
        name: getattr(attempt, name) for name in ("calls", "sent", "received", "before", "after", "notes")
    }
    return json.dumps({name: part for name, part in parts.items() if part}, indent=2, ensure_ascii=False)
