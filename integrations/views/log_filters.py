"""The form above the sync log: what it can be narrowed by, what narrows it now, and what made no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Audience, Campaign
from integrations.logic.explain import ATTENTION, ENDED, WAITING
from integrations.models import IntercomConnection
from integrations.services.explain import explain
from integrations.services.log.wanted import KEYS
from integrations.services.outcome_words import GROUPS
from integrations.views.log_address import log_address

if TYPE_CHECKING:
    from datetime import date

    from django.utils.functional import _StrPromise

    from integrations.logic.states import Reason
    from integrations.services.log.wanted import Wanted

LISTED = 100
"""So many campaigns and workspaces are offered, the newest ones; whichever is chosen is among them."""

MAKES_NO_SENSE: Mapping[str, _StrPromise] = {
    "outcome": gettext_lazy("The address asks for an outcome that there is not."),
    "reason": gettext_lazy("The address asks for a reason that there is not."),
    "campaign": gettext_lazy("The address asks for a campaign that there is not."),
    "workspace": gettext_lazy("The address asks for a workspace that there is not."),
    "audience": gettext_lazy("The address asks for neither leads nor referrers."),
    "from": gettext_lazy("This is not a day. Write it as year-month-day, such as 2026-03-31."),
    "to": gettext_lazy("This is not a day. Write it as year-month-day, such as 2026-03-31."),
}
ENDS_BEFORE_IT_BEGINS = gettext_lazy("This day is before the first one.")
REASONS: Mapping[_StrPromise, Iterable[Reason]] = {
    gettext_lazy("Needs attention"): ATTENTION,
    gettext_lazy("Waiting"): WAITING,
    gettext_lazy("Sent, skipped or not sent"): ENDED,
}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    word: str | _StrPromise
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A choice of one or none. `groups` has one group without a name where nothing is grouped."""

    key: str
    label: str
    anything: str
    groups: Mapping[str | _StrPromise, Sequence[Choice]]
    help: str = ""
    error: str | _StrPromise = ""


@dataclass(frozen=True, slots=True)
class Day:
    key: str
    label: str
    value: str
    error: str | _StrPromise


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the log without it."""

    word: str | _StrPromise
    without: str


@dataclass(frozen=True, slots=True)
class Filters:
    selects: Sequence[Select]
    days: Sequence[Day]
    chips: Sequence[Chip]

    @property
    def is_wrong(self) -> bool:
        errors = [*(select.error for select in self.selects), *(day.error for day in self.days)]
        return any(errors)


def filters_of(wanted: Wanted) -> Filters:
    """Two queries; one more for each campaign or workspace that is chosen and not among the listed."""
    campaigns, more = _campaigns(wanted.campaign_id)
    workspaces = _workspaces(wanted.workspace_id)
    selects = [
        _select(wanted, "group", _("In Intercom"), _("Everybody"), {"": dict(GROUPS_IN_WORDS)}),
        _select(wanted, "reason", _("Reason"), _("Any"), _reasons()),
        _select(wanted, "campaign_id", _("Campaign"), _("All"), {"": campaigns}, help_text=_hint(more)),
        _select(wanted, "workspace_id", _("Workspace"), _("All"), {"": workspaces}),
        _select(wanted, "audience", _("Who joined"), _("Leads and referrers"), {"": dict(Audience.choices)}),
    ]
    days = [
        _day(wanted, "joined_from", _("Joined from")),
        _day(wanted, "joined_to", _("Joined up to and including")),
    ]
    return Filters(selects, days, [*_chips(wanted, selects), *_day_chips(wanted)])


GROUPS_IN_WORDS = {group.value: badge.word for group, badge in GROUPS.items()}


def _select(
    wanted: Wanted,
    name: str,
    label: str,
    anything: str,
    words: Mapping[str | _StrPromise, Mapping[str, str | _StrPromise]],
    *,
    help_text: str = "",
) -> Select:
    key = KEYS[name]
    chosen = wanted.as_query().get(key, "")
    groups = {
        group: [Choice(value, word, value == chosen) for value, word in some.items()]
        for group, some in words.items()
    }
    error = MAKES_NO_SENSE[key] if key in wanted.wrong else ""
    return Select(key, label, anything, groups, help_text, error)


def _reasons() -> dict[str | _StrPromise, Mapping[str, str | _StrPromise]]:
    return {group: {one.value: explain(one).what for one in some} for group, some in REASONS.items()}


def _campaigns(chosen: int | None) -> tuple[dict[str, str | _StrPromise], bool]:
    """By number, the newest first; and whether there are more."""
    rows = Campaign.objects.order_by("-created_at", "-pk").values_list("pk", "name")
    newest = list(rows[: LISTED + 1])
    listed = newest[:LISTED]
    if chosen is not None and chosen not in {pk for pk, _name in listed}:
        listed += rows.filter(pk=chosen)
    return {str(pk): name for pk, name in listed}, len(newest) > LISTED


def _workspaces(chosen: int | None) -> dict[str, str | _StrPromise]:
    rows = IntercomConnection.objects.order_by("-pk").only("name", "workspace_id")
    listed = list(rows[:LISTED])
    if chosen is not None and chosen not in {row.pk for row in listed}:
        listed += rows.filter(pk=chosen)
    return {str(row.pk): row.name or row.workspace_id for row in listed}


def _hint(more: bool) -> str:
    text = _("The newest %(number)d. To an older campaign’s lines lead its Leads and Referrers pages.")
    return text % {"number": LISTED} if more else ""


def _day(wanted: Wanted, name: str, label: str) -> Day:
    key, day = KEYS[name], getattr(wanted, name)
    typed = wanted.wrong.get(key, "")
    error: str | _StrPromise = MAKES_NO_SENSE[key] if typed else ""
    if typed and wanted.ends_before_it_begins:
        error = ENDS_BEFORE_IT_BEGINS if key == KEYS["joined_to"] else error
    return Day(key, label, typed or (day.isoformat() if day else ""), error)


def _chips(wanted: Wanted, selects: Iterable[Select]) -> list[Chip]:
    return [
        Chip(choice.word, _without(wanted, select.key))
        for select in selects
        for choices in select.groups.values()
        for choice in choices
        if choice.is_chosen
    ]


def _day_chips(wanted: Wanted) -> list[Chip]:
    def words(text: str, day: date) -> str:
        return text % {"day": date_format(day)}

    chips = []
    if wanted.joined_from:
        told = words(_("Joined on %(day)s or later"), wanted.joined_from)
        chips.append(Chip(told, _without(wanted, KEYS["joined_from"])))
    if wanted.joined_to:
        told = words(_("Joined on %(day)s or earlier"), wanted.joined_to)
        chips.append(Chip(told, _without(wanted, KEYS["joined_to"])))
    return chips


def _without(wanted: Wanted, key: str) -> str:
    return log_address(type(wanted).from_query({**wanted.as_query(), key: ""}))
