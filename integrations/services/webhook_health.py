"""How Intercom's notifications arrive for a workspace: what a page says of it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.db.models.lookups import IsNull

from integrations.models import Access, Region, Watch, WatchState, WebhookHealth
from integrations.services.receipts import SEEN_EVERY

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.models import IntercomConnection, SyncSettings


SURELY = timedelta(seconds=SEEN_EVERY)
"""What arrives so soon after something else is not written down."""


class Way(StrEnum):
    """How the notifications of a workspace reach us."""

    OAUTH = "oauth"
    """Through our own app: all is set up there."""
    PRIVATE = "private"
    """Through an app of the customer's own, which they must tell our address and we its client secret."""
    SANDBOX = "sandbox"


class Standing(StrEnum):
    """How well they arrive."""

    ARRIVES = "arrives"
    REFUSED = "refused"
    """The latest thing that came was not believed."""
    NO_SECRET = "no_secret"  # noqa: S105
    SILENT = "silent"
    """Nothing ever arrived, although leads wait to qualify."""
    NOTHING_YET = "nothing_yet"


@dataclass(frozen=True, slots=True)
class Health:
    way: Way
    standing: Standing
    received_at: datetime | None = None
    refused_at: datetime | None = None
    refusal: str = ""
    """A `refused.Refusal`, or "" where nothing was ever refused."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What else is known. `shared_…`: of what came to the address of the OAuth app and was refused."""

    somebody_waits: bool = False
    shared_refused_at: datetime | None = None
    shared_refusal: str | None = None


def way_of(connection: IntercomConnection) -> Way:
    if connection.region == Region.SANDBOX:
        return Way.SANDBOX
    return Way.OAUTH if connection.access == Access.OAUTH else Way.PRIVATE


def address_of(connection: IntercomConnection) -> str:
    """Where a private app's notifications go."""
    return f"{settings.PUBLIC_URL}/webhooks/intercom/{connection.uuid}/"


def somebody_waits() -> IsNull:
    """For annotating tabs: whether a lead of theirs may still qualify.

    In an order that an index holds, and not Exists: of which PostgreSQL believes that any row of a large
    table will do.
    """
    waiting = Watch.objects.filter(settings=OuterRef("pk"), state=WatchState.WATCHING)
    return IsNull(Subquery(waiting.order_by("revision").values("pk")[:1]), rhs=False)


def facts_query() -> dict[str, Any]:
    """The annotations of a `SyncSettings` query from which `facts_of` reads; no query of their own."""
    shared = WebhookHealth.objects.filter(connection=None)
    return {
        "somebody_waits": somebody_waits(),
        "shared_refused_at": Subquery(shared.values("last_refused_at")[:1]),
        "shared_refusal": Subquery(shared.values("last_refusal")[:1]),
    }


def facts_of(row: SyncSettings) -> Facts:
    """Of a row that was loaded with `facts_query`."""
    return Facts(**{name: getattr(row, name) for name in facts_query()})


def health_of(connection: IntercomConnection, *, facts: Facts) -> Health:
    """Asks nothing where the workspace was loaded with its `webhook_health`."""
    way, own = way_of(connection), getattr(connection, "webhook_health", None)
    received_at = own.last_received_at if own else None
    if way is Way.OAUTH:
        # What cannot be laid to a workspace came to the address that all workspaces of the app share.
        refused_at, refusal = facts.shared_refused_at, facts.shared_refusal
    else:
        refused_at, refusal = (own.last_refused_at, own.last_refusal) if own else (None, "")
    if way is Way.PRIVATE and not connection.sealed_webhook_secret:
        standing = Standing.NO_SECRET
    elif way is not Way.OAUTH and refused_at and (received_at is None or received_at + SURELY < refused_at):
        # Anybody may knock at the shared address, so what is refused there says nothing about a workspace.
        standing = Standing.REFUSED
    elif received_at:
        standing = Standing.ARRIVES
    else:
        standing = Standing.SILENT if facts.somebody_waits else Standing.NOTHING_YET
    return Health(way, standing, received_at, refused_at, refusal or "")
