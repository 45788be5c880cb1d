"""What a campaign's people wait for, and what needs a person: sentences with numbers and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Audience
from integrations.logic.states import RESTING, Reason, State
from integrations.services.explain import explain
from integrations.services.outcome_words import GROUPS, STANDINGS, STATES, Badge, Look
from integrations.services.outcomes import Group
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.waiting_room import BY_THE_CLOCK
from integrations.views.access import LOOK, PEOPLE, may

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.outcomes import Standing
    from integrations.services.waiting_room import Waiting
    from integrations.views.page import Panel

BY_ITSELF = (BY_THE_CLOCK - {Reason.RULE_FIELD_PROBLEM}) | {
    Reason.QUEUED,
    Reason.SENDING,
    *RESTING,
}
"""Waits that end without anybody doing anything."""

FIELD_PROBLEM = Badge(gettext_lazy("Field problem"), Look.WARN)


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that concerns some people, or some mapped fields.

    `people` leads to those it concerns and `solve` to where it is solved; both may be empty.
    """

    badge: Badge
    who: str
    what: str
    next_step: str = ""
    people: str = ""
    solve: str = ""
    since: datetime | None = None
    until: datetime | None = None


def needing_a_person(panel: Panel, standings: Mapping[Audience, Standing]) -> list[Matter]:
    """Whatever does not end by itself, the worst first."""
    found: list[Matter] = []
    for audience, standing in standings.items():
        found += _attention(panel, audience, standing)
        found += [
            _waiting(panel, audience, group) for group in standing.waiting if group.reason not in BY_ITSELF
        ]
        found += _fields(panel, audience, standing)
    return sorted(found, key=lambda matter: matter.badge.look != Look.ERROR)


def ending_by_themselves(panel: Panel, standings: Mapping[Audience, Standing]) -> list[Matter]:
    return [
        _waiting(panel, audience, group)
        for audience, standing in standings.items()
        for group in standing.waiting
        if group.reason in BY_ITSELF
    ]


def people(audience: Audience, number: int) -> str:
    if audience is Audience.LEAD:
        text = ngettext("%(number)d lead", "%(number)d leads", number)
    else:
        text = ngettext("%(number)d referrer", "%(number)d referrers", number)
    return text % {"number": number}


def address(panel: Panel, audience: Audience, *, group: Group | None, reason: Reason = Reason.NONE) -> str:
    """Where the people of a group are listed; "" for who may not see them."""
    if not may(panel.request, PEOPLE):
        return ""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (("outcome", group), ("reason", reason)) if value})
    return "?".join(part for part in (panel.address(TAB_NAMES[audience]), query.urlencode()) if part)


def _attention(panel: Panel, audience: Audience, standing: Standing) -> Iterator[Matter]:
    for reason, number in standing.tally.attention.most_common():
        sentence = explain(reason)
        yield Matter(
            GROUPS[Group.NEEDS_ATTENTION],
            people(audience, number),
            sentence.what,
            sentence.next_step,
            people=address(panel, audience, group=Group.NEEDS_ATTENTION, reason=reason),
        )


def _waiting(panel: Panel, audience: Audience, group: Waiting) -> Matter:
    sentence, by_itself = explain(group.reason), group.reason in BY_ITSELF
    return Matter(
        _badge(group.reason),
        people(audience, group.number),
        sentence.what,
        sentence.next_step,
        people=address(panel, audience, group=Group.WAITING, reason=group.reason),
        solve="" if by_itself else _settings(panel, audience),
        since=group.oldest,
        until=group.ends_at,
    )


def _badge(reason: Reason) -> Badge:
    if reason in BY_ITSELF:
        return GROUPS[Group.WAITING]
    if reason is Reason.RULE_FIELD_PROBLEM:
        return FIELD_PROBLEM
    return STANDINGS.get(reason) or Badge(STATES[State.HELD].word, Look.WARN)


def _fields(panel: Panel, audience: Audience, standing: Standing) -> Iterator[Matter]:
    row = panel.rows.get(audience)
    number = sum(bool(field.problem) for field in row.field_map.all()) if row else 0
    if number:
        text = ngettext("%(number)d mapped field", "%(number)d mapped fields", number)
        yield Matter(
            FIELD_PROBLEM,
            text % {"number": number},
            _("Intercom does not take it, so contacts are written without it."),
            _("Repair it in Intercom, or change the field in the settings."),
            solve=_settings(panel, audience),
        )
    if standing.incomplete:
        yield Matter(
            GROUPS[Group.INCOMPLETE],
            people(audience, standing.incomplete),
            _("The contact is in Intercom, but a field could not be written."),
            _("Once the field is repaired, what is missing can be sent to all of them."),
            people=address(panel, audience, group=Group.INCOMPLETE),
            solve=_settings(panel, audience),
        )


def _settings(panel: Panel, audience: Audience) -> str:
    return panel.url(audience) if may(panel.request, LOOK) else ""
