"""Lists a campaign's people, newest first, a page at a time. Reads only; says nothing in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from campaigns.models import Audience, Participant, ParticipantStatus
from integrations.logic.states import Reason
from integrations.services.log.conditions import by_words, for_reason, in_group
from integrations.services.outcomes import Group

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.services.tabs import Tab

PAGE = 50
COUNTED = 1000
"""Counting further would read the whole campaign for the sake of a heading."""

WITH_REASONS = (Group.WAITING, Group.NEEDS_ATTENTION)
"""The groups that can be narrowed by why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is asked for; what is empty does not narrow. `reason` is the one as of now, and narrows `group`."""

    audience: Audience
    words: str = ""
    group: Group | None = None
    reason: Reason = Reason.NONE
    status: ParticipantStatus | None = None
    referrer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    people: Sequence[Participant]
    has_newer: bool
    has_older: bool


def find(campaign: Campaign, wanted: Wanted, *, tabs: Iterable[Tab]) -> QuerySet[Participant]:
    """Who was asked for, in an order that an index holds. `tabs` are the campaign's own, as they are now."""
    found = Participant.objects.filter(campaign=campaign, audience=wanted.audience)
    if wanted.words:
        found = found.filter(by_words(wanted.words))
    if wanted.group is not None:
        found = found.filter(in_group(wanted.group, prefix="delivery__"))
    if wanted.group in WITH_REASONS and wanted.reason:
        found = found.filter(for_reason(wanted.reason, tabs=tabs, prefix="delivery__"))
    if wanted.status is not None:
        found = found.filter(status=wanted.status)
    if wanted.referrer_id is not None:
        found = found.filter(referrer=wanted.referrer_id)
    if wanted.group in (None, Group.UNEXPLAINED):
        return found.order_by("-joined_at", "-pk")
    # Said of the delivery too, so that its index on campaign and outcome can answer.
    found = found.filter(delivery__campaign=campaign)
    return found.order_by("-delivery__joined_at", "-delivery__participant_id")


def number_of(found: QuerySet[Participant]) -> int:
    """How many were found; COUNTED + 1 for more than COUNTED."""
    return found[: COUNTED + 1].count()


def page_of(found: QuerySet[Participant], *, before: int | None, after: int | None) -> Page:
    """The people who joined before, or after, a certain one; without either the newest.

    When too few are left after that one to fill a page, this is the newest page.
    """
    rows = found.select_related("delivery__connection", "referrer").defer("custom")
    if after is not None:
        newer = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        if len(newer) > PAGE:
            return Page(newer[PAGE - 1 :: -1], has_newer=True, has_older=True)
    elif before is not None:
        rows = rows.filter(pk__lt=before)
    older = list(rows.order_by("-pk")[: PAGE + 1])
    return Page(older[:PAGE], has_newer=after is None and before is not None, has_older=len(older) > PAGE)


def leads_brought_in(referrers: Iterable[Participant]) -> dict[int, int]:
    """How many leads each of these referrers brought in, by primary key; who brought none is left out."""
    ids = [referrer.pk for referrer in referrers]
    rows = Participant.objects.filter(referrer__in=ids).order_by().values_list("referrer")
    return dict(rows.annotate(number=Count("pk")))
