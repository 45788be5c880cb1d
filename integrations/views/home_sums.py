"""joined = created + updated + …, over all campaigns, with links into the sync log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from campaigns.models import Audience
from integrations.logic.states import Outcome
from integrations.services.log.wanted import Wanted
from integrations.services.outcome_words import GROUPS
from integrations.services.outcomes import Group
from integrations.views.log_address import log_address
from integrations.views.overview import Part, Sum, titles

if TYPE_CHECKING:
    from integrations.services.everything import Everything
    from integrations.services.status import Tally


def sums(found: Everything) -> list[Sum]:
    """Referrers only once there are any."""
    totals = {audience: found.total(audience) for audience in Audience}
    shown = [audience for audience in Audience if audience is Audience.LEAD or totals[audience].joined]
    return [_sum(titles()[audience], totals[audience], audience) for audience in shown]


def _sum(title: str, tally: Tally, audience: Audience) -> Sum:
    def part(group: Group, number: int) -> Part:
        badge = GROUPS[group]
        return Part(number, badge.word, badge.look, log_address(Wanted(group=group, audience=audience)))

    return Sum(
        title,
        joined=Part(tally.joined, _("Joined"), "", log_address(Wanted(audience=audience))),
        parts=[part(Group(outcome.value), tally.outcomes[outcome]) for outcome in Outcome],
        unexplained=part(Group.UNEXPLAINED, tally.unexplained),
    )
