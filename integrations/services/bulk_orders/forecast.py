"""What an order for many would do if it were given now, in numbers that are counted no further than told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from integrations.logic.states import Reason, State
from integrations.models import SyncSettings
from integrations.services.bulk_orders.chosen import MOST_NAMED
from integrations.services.repair_rules import DEAD_ENDS, fits

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import Delivery
    from integrations.services.repair_rules import Command
    from integrations.services.tabs import Tab

COUNTED = MOST_NAMED
"""One more than this stands for any number above."""

SAMPLE_ABOVE = 50
"""A sample is suggested when more people than this would be sent for the first time."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many were chosen, for how many of them the order would be carried out, whom it could not bring to
    Intercom (by what their tab lacks), and how many would be sent for the first time."""

    matching: int
    fitting: int
    going: int
    nowhere: Mapping[Reason, int] = field(default_factory=dict)
    first_time: int = 0

    @property
    def unfit(self) -> int | None:
        """Those whom the order does not fit where they stand; None where there are too many to say."""
        return self.matching - self.fitting if self.matching <= COUNTED else None

    @property
    def suggests_sample(self) -> bool:
        return self.first_time > SAMPLE_ABOVE


def forecast(command: Command, people: QuerySet[Delivery], *, tabs: Mapping[int, Tab]) -> Forecast:
    """A few queries, each of which stops counting at COUNTED + 1."""
    matching = _number(people)
    fitting = people.filter(fits(command))
    if not command.sends:
        number = _number(fitting)
        return Forecast(matching, number, number)
    known = _with_tabs(fitting)
    stuck = {reason: _held_by(reason, tabs=tabs) for reason in DEAD_ENDS}
    nowhere = {reason: _number(known.filter(held)) for reason, held in stuck.items()}
    going = known.exclude(_any(stuck))
    return Forecast(
        matching=matching,
        fitting=_number(fitting),
        going=_number(going),
        nowhere={reason: number for reason, number in nowhere.items() if number},
        first_time=_number(going.filter(state=State.NOT_SENT, attempts=0)),
    )


def _with_tabs(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """With the tab under which each is owed, or would be: who joined before there was one gets today's."""
    own = SyncSettings.objects.filter(
        campaign=OuterRef("campaign"), audience=OuterRef("participant__audience")
    )
    return rows.annotate(tab=Coalesce(F("settings_id"), Subquery(own.values("pk")[:1])))


def _held_by(reason: Reason, *, tabs: Mapping[int, Tab]) -> Q:
    """A tab that was never saved does nothing."""
    held = Q(tab__in=[pk for pk, tab in tabs.items() if tab.held_by is reason])
    return held | Q(tab=None) if reason is Reason.SWITCHED_OFF else held


def _any(stuck: Mapping[Reason, Q]) -> Q:
    found = Q()
    for held in stuck.values():
        found |= held
    return found


def _number(rows: QuerySet[Delivery]) -> int:
    return rows.order_by()[: COUNTED + 1].count()
