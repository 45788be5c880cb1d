"""The notifications of a workspace, queued in the store beside what they tell of. Sends nothing itself."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from integrations.sandbox import webhooks
from integrations.sandbox.webhooks import Topic

if TYPE_CHECKING:
    import sqlite3

    from integrations.sandbox.context import Context
    from integrations.sandbox.messages import Json

NEVER = 1e12
"""Due at no time at all: held back."""
ALWAYS = -1
KEPT = 10_000
READ = (
    "SELECT notifications.*, subscriptions.url, subscriptions.secret FROM notifications"
    " JOIN subscriptions ON subscriptions.id = notifications.subscription"
)


class Fate(StrEnum):
    """What became of a notification. WAITING may have been tried once; TAKEN is on its way."""

    WAITING = "waiting"
    TAKEN = "taken"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification to one address. `status` is the last answer (None: there was none); times are Unix
    seconds."""

    seq: int
    id: str
    workspace: str
    contact: str
    url: str
    secret: str = field(repr=False)
    topic: str
    item: Json
    created_at: int
    first_sent_at: int
    due_at: float
    attempts: int
    fate: Fate
    status: int | None

    def body(self, *, attempt: int = 1) -> bytes:
        """The body as it is sent the first or the second time."""
        return webhooks.envelope(
            self.item,
            identity=self.id,
            topic=self.topic,
            workspace=self.workspace,
            created_at=self.created_at,
            attempt=attempt,
            first_sent_at=self.first_sent_at or self.created_at,
        )

    def headers(self, body: bytes) -> dict[str, str]:
        return webhooks.headers(body, secret=self.secret)


def from_row(row: sqlite3.Row) -> Notification:
    values = {name: row[name] for name in row.keys() if name != "subscription"}  # noqa: SIM118
    return Notification(**{**values, "item": json.loads(row["item"]), "fate": Fate(row["fate"])})


def subscribe(db: sqlite3.Connection, workspace: str, *, url: str, secret: str) -> None:
    """Tells this address from now on; "" is every workspace, as for an OAuth app."""
    db.execute(
        "INSERT INTO subscriptions(workspace, url, secret) VALUES (?, ?, ?)"
        " ON CONFLICT(workspace, url) DO UPDATE SET secret = excluded.secret, active = 1",
        (workspace, url, secret),
    )


def unsubscribe(db: sqlite3.Connection, workspace: str) -> None:
    db.execute("UPDATE subscriptions SET active = 0 WHERE workspace = ?", (workspace,))


def tell(ctx: Context, topic: Topic, item: Json, *, contact: str = "") -> None:
    """Queues a notification to everybody who listens to the workspace, with the trouble that is ordered."""
    sql = "SELECT id FROM subscriptions WHERE active AND workspace IN (?, '')"
    for row in ctx.db.execute(sql, (ctx.workspace.id,)).fetchall():
        trouble = _take_trouble(ctx)
        identity = "" if topic is Topic.PING else f"notif_{uuid.uuid4()}"
        values = (identity, ctx.workspace.id, contact, row["id"], topic, json.dumps(item), ctx.seconds)
        for _ in range(2 if trouble["double"] else 1):
            _insert(ctx, (*values, ctx.now + trouble["delay"], _fate(lost=bool(trouble["lose"]))))


def _fate(*, lost: bool) -> Fate:
    return Fate.LOST if lost else Fate.WAITING


def _take_trouble(ctx: Context) -> sqlite3.Row:
    """What is to happen to the notification at hand, counted down."""
    sql = "SELECT webhooks_lost AS lose, webhooks_doubled AS double, webhook_delay AS delay FROM workspaces"
    row: sqlite3.Row = ctx.db.execute(f"{sql} WHERE id = ?", (ctx.workspace.id,)).fetchone()
    if row["lose"] > 0 or row["double"] > 0:
        ctx.db.execute(
            "UPDATE workspaces SET webhooks_lost = webhooks_lost - (webhooks_lost > 0),"
            " webhooks_doubled = webhooks_doubled - (webhooks_doubled > 0) WHERE id = ?",
            (ctx.workspace.id,),
        )
    return row


def _insert(ctx: Context, values: tuple[object, ...]) -> None:
    cursor = ctx.db.execute(
        "INSERT INTO notifications(id, workspace, contact, subscription, topic, item, created_at, due_at,"
        " fate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    seq = cursor.lastrowid or 0
    if seq % 1000 == 0:
        ctx.db.execute("DELETE FROM notifications WHERE seq <= ?", (seq - KEPT,))
