"""Who is asked for on a page of people, from its address; what makes no sense asks for nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext as _

from campaigns.models import Audience, ParticipantStatus
from campaigns.text import one_line
from integrations.logic.states import Reason
from integrations.services.explain import explain
from integrations.services.outcomes import Group
from integrations.services.people import WITH_REASONS, Wanted

if TYPE_CHECKING:
    from django.http import HttpRequest

    from campaigns.models import Campaign

LONGEST_SEARCH = 254
LONGEST_ID = 18
"""Digits that any database's big integers take."""

AnyChoice = TypeVar("AnyChoice", bound=Enum)


def read_wanted(request: HttpRequest, *, audience: Audience, sees_outcomes: bool) -> Wanted:
    """What a query string asks for; whatever makes no sense asks for nothing."""
    leads = audience is Audience.LEAD
    group = _choice(request, "outcome", Group) if sees_outcomes else None
    reason = _choice(request, "reason", Reason) if group in WITH_REASONS else None
    return Wanted(
        audience,
        words=one_line(request.GET.get("q", ""))[:LONGEST_SEARCH],
        group=group,
        reason=reason or Reason.NONE,
        status=_choice(request, "status", ParticipantStatus) if leads else None,
        referrer_id=read_id(request, "referrer") if leads else None,
    )


def _choice(request: HttpRequest, name: str, choices: type[AnyChoice]) -> AnyChoice | None:
    try:
        return choices(request.GET.get(name))
    except ValueError:
        return None


def read_id(request: HttpRequest, name: str) -> int | None:
    typed = request.GET.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_ID else None


def shown_filters(wanted: Wanted, *, campaign: Campaign) -> list[str]:
    """What narrows the list and shows in no field of the form."""
    shows = []
    if wanted.reason:
        shows.append(explain(wanted.reason).what)
    if wanted.referrer_id is not None:
        referrer = campaign.participants.filter(pk=wanted.referrer_id).first()
        name = referrer.full_name or referrer.email if referrer else _("somebody who is not in this campaign")
        shows.append(_("Brought in by %(name)s.") % {"name": name})
    return shows
