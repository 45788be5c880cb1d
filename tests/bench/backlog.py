"""Makes a backlog of leads in an installation's database, has the drain send it, and counts what came of it.

For inside a case's process, with Django set up.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import connection as database
from django.db.models import Count
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Audience, Participant
from integrations.logic.states import DUE, State
from integrations.models import Attempt, ContactLink, Delivery, DrainLease, IntercomConnection, SyncSettings
from integrations.services.drain import drain
from integrations.services.enqueue import new_row
from tests.bench.people import SPRING, emails, first_name

AT_ONCE = 5_000
"""Leads that are made at once, so that a large backlog needs no more memory than a small one."""


def clear() -> None:
    """Forgets every lead, every delivery and every queued task."""
    for model in (Attempt, Delivery, ContactLink, Participant, OrmQ):
        # Row by row, as Django's own delete would, a hundred thousand take minutes.
        model._default_manager.all()._raw_delete("default")
    DrainLease.objects.update(token=None, expires_at=None)
    IntercomConnection.objects.update(dirty=False)


def fill(count: int, *, slug: str = SPRING, first: int = 0) -> None:
    """So many leads who joined this campaign a moment ago and are all due; see `emails` for `first`."""
    tab, now = _tab(slug), timezone.now()
    people = emails(count, first=first)
    for start in range(0, count, AT_ONCE):
        leads = add_leads(people[start : start + AT_ONCE], slug=slug)
        Delivery.objects.bulk_create([new_row(lead, tab=tab, now=now) for lead in leads], batch_size=500)
    if database.vendor == "postgresql":
        # Else it depends on the moment that autovacuum picks whether a round runs with statistics.
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")


def add_leads(some: Sequence[str], *, slug: str = SPRING) -> list[Participant]:
    """Leads with these emails, of whom nothing has to be sent yet."""
    campaign = _tab(slug).campaign
    return Participant.objects.bulk_create(
        [
            Participant(
                campaign=campaign,
                audience=Audience.LEAD,
                email=email,
                email_normalized=email,
                first_name=first_name(email),
            )
            for email in some
        ],
        batch_size=500,
    )


def workspace_of(slug: str) -> int:
    """The primary key of the workspace that this campaign's leads are sent to."""
    connection_id = _tab(slug).connection_id
    assert connection_id is not None, slug
    return connection_id


def _tab(slug: str) -> SyncSettings:
    return SyncSettings.objects.select_related("campaign").get(campaign__slug=slug, audience=Audience.LEAD)


def drain_all(*, within: float) -> None:
    """Drains, slice after slice, until nobody is due. Raises TimeoutError after `within` seconds."""
    connection_id = workspace_of(SPRING)
    until = time.monotonic() + within
    while Delivery.objects.filter(state__in=DUE).exists():
        if time.monotonic() > until:
            raise TimeoutError(f"not drained in {within:.0f} s: {outcomes()}")
        drain(connection_id)


def outcomes() -> dict[str, int]:
    """How many deliveries are in each state."""
    rows = Delivery.objects.values_list("state").annotate(Count("pk")).order_by()
    return dict(rows)


def not_created(count: int) -> int:
    """How many of so many leads the product does not call created."""
    return count - outcomes().get(State.CREATED.value, 0)
