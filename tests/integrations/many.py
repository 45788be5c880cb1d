"""Many workspaces with backlogs of different lengths, made quickly."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.models import ConnectionStatus, Delivery, DrainLease, FieldMap, IntercomConnection, Region
from integrations.models import SyncSettings as Tab
from integrations.services.enqueue import new_row

BATCH = 5_000


def make_workspaces(backlogs: Sequence[int], *, token: str = "only-for-tests") -> list[int]:
    """A connected workspace with one campaign for each; everybody in its backlog is due. Their ids."""
    return [_workspace(number, backlog, token=token) for number, backlog in enumerate(backlogs)]


def _workspace(number: int, backlog: int, *, token: str) -> int:
    now = timezone.now()
    row = IntercomConnection(
        region=Region.US,
        workspace_id=f"many{number}",
        name=f"Workspace {number}",
        status=ConnectionStatus.CONNECTED,
        status_since=now,
        connected_at=now,
        attributes_at=now,
    )
    row.token = token
    row.save()
    DrainLease.objects.create(connection=row)
    campaign = Campaign.objects.create(name=f"Campaign {number}", slug=f"many-{number}")
    tab = Tab.objects.create(
        campaign=campaign, audience=Audience.LEAD, connection=row, action="create_lead", revision=1
    )
    FieldMap.objects.create(
        settings=tab, position=0, data_type="dynamic", source="lead.email", target="email"
    )
    add_leads(tab, backlog)
    return row.pk


def add_leads(tab: Tab, number: int, *, first: int = 0) -> None:
    """So many who joined a moment ago and are due, without a wake."""
    now = timezone.now()
    for start in range(first, first + number, BATCH):
        names = [
            f"{one}@{tab.campaign.slug}.example" for one in range(start, min(start + BATCH, first + number))
        ]
        people = Participant.objects.bulk_create(
            Participant(campaign=tab.campaign, audience=Audience.LEAD, email=name, email_normalized=name)
            for name in names
        )
        Delivery.objects.bulk_create([new_row(person, tab=tab, now=now) for person in people])


def add_more(ids: Sequence[int], number: int) -> None:
    """So many more in each of these workspaces."""
    for tab in Tab.objects.filter(connection__in=ids).select_related("campaign"):
        add_leads(tab, number, first=tab.deliveries.count())
