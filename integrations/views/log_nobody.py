"""What the sync log says when it shows nobody: what was asked, what to try, what to tell the customer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.urls import reverse

from campaigns.models import Campaign, Participant
from integrations.services.log.wanted import Wanted
from integrations.services.outcomes import Group
from integrations.views.access import CAMPAIGNS, may
from integrations.views.log_address import log_address

if TYPE_CHECKING:
    from django.http import HttpRequest


class Why(StrEnum):
    """The kind of emptiness; a template says each in words."""

    WRONG = "wrong"
    """Something in the form or the address makes no sense."""
    LEFT = "left"
    """A page that everybody left."""
    FIRST = "first"
    """Nobody has ever joined."""
    EMAIL = "email"
    """Nobody with this email has joined any campaign."""
    WORDS = "words"
    FILTERS = "filters"
    EXPLAINED = "explained"
    """Nobody is without an outcome: good news."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """`everywhere` leads to the same search without filters; "" where none are on."""

    why: Why
    everywhere: str = ""
    campaigns: str = ""


def nobody(request: HttpRequest, wanted: Wanted, *, is_a_later_page: bool) -> Nobody:
    """At most two queries."""
    campaigns = reverse("admin:campaigns_campaign_changelist") if may(request, CAMPAIGNS) else ""
    if wanted.wrong:
        return Nobody(Why.WRONG)
    if is_a_later_page:
        return Nobody(Why.LEFT)
    if wanted.words:
        everywhere = log_address(Wanted(words=wanted.words)) if wanted.filters else ""
        is_answer = _is_email(wanted.words) and not everywhere
        return Nobody(Why.EMAIL if is_answer else Why.WORDS, everywhere)
    # Not exists(): PostgreSQL answers it from the table, which begins with whoever was deleted.
    if Participant.objects.order_by("pk").values_list("pk").first() is None:
        has_any = Campaign.objects.exists()
        return Nobody(Why.FIRST, campaigns=campaigns if has_any else "")
    return Nobody(Why.EXPLAINED if wanted.group is Group.UNEXPLAINED else Why.FILTERS)


def _is_email(words: str) -> bool:
    """Whether it is a whole one, so that the answer is final; how an email begins is not."""
    return re.fullmatch(r"[^@]+@[^@]+\.[^@.\s]{2,}", words) is not None
