"""What runs inside an installation: sets it up, joins people, sweeps, reads its rows.

`main` takes orders as lines of JSON and answers each with one: starting a process for each would cost more
than what it does. The product does the work; nothing here writes a delivery's outcome.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Campaign, Participant
from campaigns.services import join_lead
from integrations.intercom.session import Session
from integrations.logic.states import OPEN, State
from integrations.models import ConnectionStatus, Delivery, DrainLease, IntercomConnection
from integrations.services import repair
from integrations.services.attributes import ensure_marks
from integrations.services.connect import connect_with_token
from integrations.services.settings import import_document
from integrations.services.status import tallies, total
from integrations.services.sweep import sweep as sweep_rows

LONG_AGO = "2000-01-01T00:00:00Z"
FIELD_MAP = [
    {"data_type": "dynamic", "from": "lead.email", "to": "email"},
    {"data_type": "dynamic", "from": "lead.first_name", "to": "name"},
    {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.lead_source"},
]


def set_up(tokens: Sequence[str], panels: Sequence[Mapping[str, str]]) -> None:
    """An empty database becomes an installation with these workspaces and campaigns."""
    call_command("migrate", verbosity=0)
    for token in tokens:
        connect(token)
    for panel in panels:
        add_campaign(**panel)


def connect(token: str) -> None:
    """As `manage.py connect_intercom`."""
    with Session() as session:
        connection = connect_with_token(token, region="US", session=session).connection
        ensure_marks(connection, session=session)


def add_campaign(*, slug: str, name: str, workspace: str, role: str, policy: str) -> None:
    tab = {"action": f"create_{role}", "field_map": FIELD_MAP, "duplicates": policy, "marks": True}
    campaign = Campaign.objects.create(slug=slug, name=name)
    import_document(campaign, {"workspace": workspace, "leads": tab})


def join(leads: Sequence[tuple[str, str, str, str]], seconds: float) -> None:
    """Each is campaign, email, first name and source (the lead's tag); spread over so many seconds."""
    campaigns = {campaign.slug: campaign for campaign in Campaign.objects.all()}
    for slug, email, first_name, source in leads:
        join_lead(campaign=campaigns[slug], email=email, first_name=first_name, source=source)
        time.sleep(seconds / len(leads))


def sweep() -> str:
    return sweep_rows()


def end_leases() -> None:
    """As if half a minute had passed since the holders died. Only for when they are truly dead."""
    DrainLease.objects.exclude(token=None).update(expires_at=LONG_AGO)


def lose_tasks() -> None:
    """As if the broker had lost all that was queued."""
    OrmQ.objects.all().delete()


def pass_time() -> None:
    """As if the back-off were over: what waits is tried at once, what is in doubt once search can show it."""
    now = timezone.now()
    repair.retry_now(Delivery.objects.filter(state=State.WAITING).values_list("pk", flat=True))
    search_shows_it = now + timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
    doubtful = Delivery.objects.filter(state=State.UNCERTAIN, due_at__gt=search_shows_it)
    doubtful.update(due_at=search_shows_it)


def still_open() -> int:
    """How many are still owed something or were never written down; and 1 for a workspace not connected."""
    unexplained = total(tallies()).unexplained
    cut_off = IntercomConnection.objects.exclude(status=ConnectionStatus.CONNECTED).exists()
    return Delivery.objects.filter(state__in=OPEN).count() + abs(unexplained) + cut_off


def workspaces() -> list[str]:
    """A line for each workspace, for a report."""
    connections = IntercomConnection.objects.select_related("lease").order_by("pk")
    return [
        f"{one.workspace_id}: {one.status} {one.status_detail}, rate limit until {one.paused_until};"
        f" lease until {one.lease.expires_at}, dirty: {one.dirty}; {OrmQ.objects.count()} tasks queued"
        for one in connections
    ]


def rows() -> list[dict[str, Any]]:
    """Each participant with what became of it; `settled_at` in Unix seconds."""
    people = Participant.objects.select_related("delivery", "campaign").prefetch_related("delivery__tries")
    return [row_of(person) for person in people.order_by("pk")]


def row_of(person: Participant) -> dict[str, Any]:
    row = {"tag": person.source, "slug": person.campaign.slug, "email": person.email_normalized}
    delivery: Delivery | None = getattr(person, "delivery", None)
    if delivery is None:
        return row
    tries = sorted(delivery.tries.all(), key=lambda one: one.pk)
    return row | {
        "state": delivery.state,
        "reason": delivery.reason,
        "contact_id": delivery.contact_id,
        "settled_at": delivery.settled_at.timestamp() if delivery.settled_at else None,
        "tries": [
            f"{one.started_at:%H:%M:%S.%f} {one.decision or '-'} → {one.state}/{one.reason}"
            f" ({one.status} {one.code}) {one.contact_id} {[call['path'] for call in one.calls]}"
            for one in tries
        ],
    }


ORDERS: Mapping[str, Callable[..., Any]] = {
    order.__name__: order
    for order in (
        *(set_up, connect, join, sweep),
        *(end_leases, lose_tasks, pass_time),
        *(still_open, workspaces, rows),
    )
}


def main(orders: Mapping[str, Callable[..., Any]] = ORDERS) -> None:
    """Until standard input ends. Between orders a connection that broke is let go, as between requests."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        close_old_connections()
        try:
            answer = {"value": orders[name](*arguments)}
        except Exception:  # noqa: BLE001  (whoever gave the order is told)
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
