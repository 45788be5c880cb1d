"""What runs inside the installation of a long storm, besides what `tests.chaos.inside` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection
from django_q.brokers import get_broker
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from campaigns.models import Audience, Campaign, Participant
from campaigns.services import join_lead
from integrations.intercom.errors import AuthError
from integrations.intercom.session import Session
from integrations.models import Delivery, DrainLease, IntercomConnection, SyncSettings
from integrations.services import repair
from integrations.services.attributes import refresh_attributes
from integrations.services.settings import import_document
from tests.chaos import inside
from tests.chaos.long.tabs import tab

TRIES_AGAIN_AFTER = 0.4
TRIES_FOR = 120.0
OURS = "integrations.tasks."


def set_up(tokens: Sequence[str], panels: Sequence[Mapping[str, str]]) -> None:
    """An empty database becomes an installation with these workspaces and campaigns."""
    call_command("migrate", verbosity=0)
    for token in tokens:
        inside.connect(token)
    for panel in panels:
        campaign = Campaign.objects.create(slug=panel["slug"], name=panel["name"])
        leads = tab(role=panel["role"], policy=panel["policy"])
        import_document(campaign, {"workspace": panel["workspace"], "leads": leads})


def change(slug: str, role: str, policy: str) -> int:
    """The panel's policy and mapping are changed; returns the revision that is in force from now on."""
    campaign = Campaign.objects.get(slug=slug)
    import_document(campaign, {"leads": tab(role=role, policy=policy, changed=True)})
    return SyncSettings.objects.get(campaign=campaign, audience=Audience.LEAD).revision


def join_as_visitors(leads: Sequence[tuple[str, str, str, str, bool]], seconds: float) -> int:
    """Each is campaign, email, first name, source (the lead's tag), and whether they click twice.

    Every join is a request of its own; who gets an error tries again. Returns how often that was.
    """
    again, began = 0, time.monotonic()
    for place, (slug, email, first_name, source, twice) in enumerate(leads):
        for _ in range(1 + twice):
            again += _visit(slug, email, first_name, source)
        time.sleep(max(began + seconds * (place + 1) / len(leads) - time.monotonic(), 0))
    return again


def _visit(slug: str, email: str, first_name: str, source: str) -> int:
    until, tries = time.monotonic() + TRIES_FOR, 0
    while True:
        close_old_connections()
        try:
            campaign = Campaign.objects.get(slug=slug)
            join_lead(campaign=campaign, email=email, first_name=first_name, source=source)
        except DatabaseError:
            if time.monotonic() > until:
                raise
            tries += 1
            time.sleep(TRIES_AGAIN_AFTER)
        else:
            return tries
        finally:
            close_old_connections()


def refresh(workspace: str) -> None:
    """As an admin who reads the workspace's fields again; while the token is revoked they can't, and whoever
    connects again reads them."""
    with Session() as session, suppress(AuthError):
        refresh_attributes(IntercomConnection.objects.get(workspace_id=workspace), session=session)


def complete() -> list[str]:
    """As a person who sends everybody the missing fields; returns the tags of those whom it concerns."""
    incomplete = Delivery.objects.filter(incomplete=True)
    ordered = repair.complete(incomplete.values_list("pk", flat=True))
    return list(Participant.objects.filter(delivery__in=ordered).values_list("source", flat=True))


def leases() -> dict[str, tuple[str, bool]]:
    """By workspace: who holds it (a token), and whether that has run out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    held = DrainLease.objects.exclude(token=None).select_related("connection")
    return {
        one.connection.workspace_id: (str(one.token), one.expires_at is not None and one.expires_at < now)
        for one in held
    }


def rows() -> list[dict[str, Any]]:
    """As `inside.rows`, with what the long storm looks at besides."""
    people = Participant.objects.select_related(
        "campaign", "delivery__connection", "delivery__settings"
    ).prefetch_related("delivery__tries__connection")
    return [inside.row_of(one) | _more(one) for one in people.order_by("pk")]


def _more(person: Participant) -> dict[str, Any]:
    delivery: Delivery | None = getattr(person, "delivery", None)
    if delivery is None:
        return {}
    return {
        "joined_at": person.joined_at.timestamp(),
        "revision": delivery.settings_revision,
        "newest_revision": delivery.settings.revision if delivery.settings else None,
        "incomplete": delivery.incomplete,
        "order": delivery.order,
        "workspace": delivery.connection.workspace_id if delivery.connection else "",
        "attempts": delivery.attempts,
        "trail": [
            {
                "state": one.state,
                "reason": one.reason,
                "contact_id": one.contact_id,
                "revision": one.settings_revision,
                "workspace": one.connection.workspace_id,
            }
            for one in sorted(delivery.tries.all(), key=lambda one: one.pk)
        ],
    }


def queued() -> list[str]:
    """The functions of the tasks that are left in the queue."""
    broker = get_broker()
    if hasattr(broker, "connection") and hasattr(broker.connection, "lrange"):
        payloads = broker.connection.lrange(broker.list_key, 0, -1)
        return [str(SignedPackage.loads(one)["func"]) for one in payloads]
    return [str(one.task.get("func")) for one in OrmQ.objects.all()]


def foreign_tasks() -> list[str]:
    """Whatever the queue or its books hold that is not a hint of ours, or names somebody."""
    wrong = [f"queued: {func}" for func in queued() if not func.startswith(OURS)]
    for task in Task.objects.all():
        if not str(task.func).startswith(OURS):
            wrong.append(f"has run: {task.func}")
        if "@example.com" in f"{task.args} {task.kwargs} {task.result}":
            wrong.append(f"names somebody: {task.func}")
    return wrong


def main() -> None:
    """Until standard input ends."""
    own: tuple[Callable[..., Any], ...] = (
        *(set_up, change, join_as_visitors, refresh, complete, leases, rows, queued, foreign_tasks),
    )
    inside.main({**inside.ORDERS, **{order.__name__: order for order in own}})
