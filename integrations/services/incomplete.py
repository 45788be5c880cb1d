"""How many contacts lack a field that Intercom did not take: counted no further than a page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import OuterRef

from integrations.logic.states import DELIVERED
from integrations.models import Delivery
from integrations.services.counting import number_of

if TYPE_CHECKING:
    from django.db.models import Subquery

MOST = 1000
"""More than these are "more than 1,000"."""


def incomplete_people() -> Subquery:
    """For annotating tabs: the number of such contacts, MOST + 1 at most."""
    lacking = Delivery.objects.filter(settings=OuterRef("pk"), incomplete=True, state__in=DELIVERED)
    return number_of(lacking, most=MOST)
