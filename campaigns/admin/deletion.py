"""What goes when campaigns are deleted, counted in people's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import gettext as _

from campaigns.models import Audience, Campaign, Participant

if TYPE_CHECKING:
    from collections.abc import Iterable


def counted(campaigns: Iterable[Campaign]) -> dict[str, int]:
    people = Participant.objects.filter(campaign__in=list(campaigns)).order_by()
    numbers = dict(people.values_list("audience").annotate(number=Count("pk")))
    return {
        _("leads"): numbers.get(Audience.LEAD, 0),
        _("referrers"): numbers.get(Audience.REFERRER, 0),
    }
