"""Which notification is sent next, and what follows from the answer to it. Knows no network.

The vendor tries twice, a minute apart; 410 switches a subscription off, 429 makes it wait for a minute, two
hours at most. https://developers.intercom.com/docs/webhooks/webhook-notifications
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.sandbox.outbox import NEVER, READ, Fate, Notification, from_row

if TYPE_CHECKING:
    import sqlite3

TRIES = 2
TRY_AGAIN_AFTER = 60.0
THROTTLED_AT_MOST = 7200.0
TAKEN_FOR = 30.0
"""Seconds after which another process may send what one has taken and not come back with."""
GONE, TOO_MANY = 410, 429


def next_due(db: sqlite3.Connection) -> float | None:
    """When there is something to send next; None if nothing waits, or only what is held back."""
    sql = "SELECT min(due_at) FROM notifications WHERE fate IN (?, ?) AND due_at < ?"
    due: float | None = db.execute(sql, (Fate.WAITING, Fate.TAKEN, NEVER)).fetchone()[0]
    return due


def take(db: sqlite3.Connection, *, now: float) -> Notification | None:
    """The first that is due, with this try counted. Two that ask at once never get the same."""
    due = "WHERE fate IN (?, ?) AND due_at <= ? ORDER BY due_at, seq LIMIT 1"
    row = db.execute(f"SELECT seq FROM notifications {due}", (Fate.WAITING, Fate.TAKEN, now)).fetchone()  # noqa: S608
    if row is None:
        return None
    db.execute(
        "UPDATE notifications SET fate = ?, due_at = ?, attempts = attempts + 1,"
        " first_sent_at = CASE first_sent_at WHEN 0 THEN ? ELSE first_sent_at END WHERE seq = ?",
        (Fate.TAKEN, now + TAKEN_FOR, int(now), row["seq"]),
    )
    return from_row(db.execute(f"{READ} WHERE seq = ?", (row["seq"],)).fetchone())


def conclude(db: sqlite3.Connection, sent: Notification, status: int | None, *, now: float) -> None:
    """`status` is the answer's; None for none within the time."""
    if status == GONE:
        db.execute("UPDATE subscriptions SET active = 0 WHERE url = ?", (sent.url,))
    fate, attempts = _fate(sent, status, now=now), sent.attempts
    if status == TOO_MANY:
        attempts -= 1
    db.execute(
        "UPDATE notifications SET fate = ?, status = ?, attempts = ?, due_at = ? WHERE seq = ?",
        (fate, status, attempts, now + TRY_AGAIN_AFTER, sent.seq),
    )


def _fate(sent: Notification, status: int | None, *, now: float) -> Fate:
    if status is not None and 200 <= status < 300:
        return Fate.DELIVERED
    if status == TOO_MANY:
        return Fate.WAITING if now - sent.first_sent_at < THROTTLED_AT_MOST else Fate.GIVEN_UP
    return Fate.WAITING if sent.attempts < TRIES and status != GONE else Fate.GIVEN_UP
