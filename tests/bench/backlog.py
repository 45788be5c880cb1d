"""Makes a backlog of leads in an installation's database, has the drain send it, and counts what came of it.

For inside a case's process, with Django set up.
"""

from __future__ import annotations

import time

from django.db import connection as database
from django.db.models import Count
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import DUE, State
from integrations.models import Attempt, ContactLink, Delivery, DrainLease, IntercomConnection, SyncSettings
from integrations.services.drain import drain
from integrations.services.enqueue import new_row
from tests.bench.people import emails, first_name


def clear() -> None:
    """Forgets every lead, every delivery and every queued task."""
    for model in (Attempt, Delivery, ContactLink, Participant, OrmQ):
        model._default_manager.all().delete()
    DrainLease.objects.update(token=None, expires_at=None)
    IntercomConnection.objects.update(dirty=False)


def fill(count: int) -> None:
    """So many leads who joined a moment ago and are all due."""
    campaign, now = Campaign.objects.get(), timezone.now()
    tab = SyncSettings.objects.get(campaign=campaign, audience=Audience.LEAD)
    people = Participant.objects.bulk_create(
        [
            Participant(
                campaign=campaign,
                audience=Audience.LEAD,
                email=email,
                email_normalized=email,
                first_name=first_name(email),
            )
            for email in emails(count)
        ],
        batch_size=500,
    )
    Delivery.objects.bulk_create([new_row(person, tab=tab, now=now) for person in people], batch_size=500)
    if database.vendor == "postgresql":
        # Else it depends on the moment that autovacuum picks whether a round runs with statistics.
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")


def drain_all(*, within: float) -> None:
    """Drains, slice after slice, until nobody is due. Raises TimeoutError after `within` seconds."""
    connection_id = IntercomConnection.objects.values_list("pk", flat=True).get()
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
