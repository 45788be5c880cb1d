"""Who is told of what happens in the pretend workspaces, and how badly: for tests and demonstrations."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from integrations.sandbox import outbox, telling
from integrations.sandbox.context import Context, read_workspace
from integrations.sandbox.courier import Courier
from integrations.sandbox.outbox import ALWAYS, NEVER, READ, Fate, Notification, from_row
from integrations.sandbox.records import Records

if TYPE_CHECKING:
    from pathlib import Path


class Listening(Records):
    """Subscriptions and their trouble. What is told is sent by `courier`, a moment later, from a thread."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self.courier = Courier(self.store)

    def close(self) -> None:
        self.courier.stop()
        super().close()

    def subscribe(self, url: str, secret: str, *, workspace: str = "") -> None:
        """Tells `url` all that happens to contacts from now on, signed with the app's client secret.

        Without a workspace it is told of every one, as an OAuth app is; again replaces the secret.
        """
        with self.store.transaction() as db:
            outbox.subscribe(db, workspace, url=url, secret=secret)

    def unsubscribe(self, workspace: str = "") -> None:
        """Ends what was subscribed to with just this workspace."""
        with self.store.transaction() as db:
            outbox.unsubscribe(db, workspace)

    def ping(self, workspace: str) -> None:
        """Sends everybody who listens the vendor's trial notification."""
        with self.scene(workspace) as ctx:
            telling.ping(ctx)

    def webhooks(self, workspace: str, *, contact: str | None = None) -> list[Notification]:
        """Every notification there was, oldest first, whatever became of it; of one contact, if named."""
        where = "WHERE notifications.workspace = ?1 AND (?2 IS NULL OR contact = ?2) ORDER BY seq"
        return [from_row(row) for row in self._rows(f"{READ} {where}", workspace, contact)]

    def lose_webhooks(self, workspace: str, times: int = ALWAYS) -> None:
        """The next so many are never sent; 0 ends it."""
        self._set(workspace, "webhooks_lost", times)

    def double_webhooks(self, workspace: str, times: int = ALWAYS) -> None:
        """The next so many are sent twice; 0 ends it."""
        self._set(workspace, "webhooks_doubled", times)

    def delay_webhooks(self, workspace: str, seconds: float) -> None:
        """How late notifications are sent from now on."""
        self._set(workspace, "webhook_delay", seconds)

    def hold_webhooks(self, workspace: str) -> None:
        """None is sent until `release_webhooks`, then or later."""
        self.delay_webhooks(workspace, NEVER)

    def release_webhooks(self, workspace: str, order: Sequence[Notification] | None = None) -> None:
        """Sends what is held back, delayed or waiting for its second try, as if its time had come.

        Given an order it sends these alone, in that order.
        """
        waiting = [each for each in self.webhooks(workspace) if each.fate is Fate.WAITING]
        with self.store.transaction() as db:
            for place, each in enumerate(waiting if order is None else order):
                due_at = time.time() - 1 + place / 1_000_000
                sql = "UPDATE notifications SET due_at = ? WHERE seq = ? AND fate = ?"
                db.execute(sql, (due_at, each.seq, Fate.WAITING))
        self.courier.wake()

    def wait_for_webhooks(self, *, within: float = 10.0) -> None:
        """Until nothing that is due is unsent. Raises TimeoutError."""
        until = time.monotonic() + within
        while self._is_sending():
            if time.monotonic() > until:
                raise TimeoutError("The sandbox still has notifications to send.")
            time.sleep(0.005)

    def _is_sending(self) -> bool:
        sql = "SELECT 1 FROM notifications WHERE fate = ? OR (fate = ? AND due_at <= ?) LIMIT 1"
        return bool(self._rows(sql, Fate.TAKEN, Fate.WAITING, time.time()))

    @contextmanager
    def scene(self, workspace: str) -> Iterator[Context]:
        """A transaction in which something happens by hand; whoever listens is told of it afterwards."""
        with self.store.transaction() as db:
            yield Context(db, read_workspace(db, workspace), now=time.time())
        self.courier.wake()

    def _set(self, workspace: str, column: str, value: float) -> None:
        with self.store.transaction() as db:
            read_workspace(db, workspace)
            db.execute(f"UPDATE workspaces SET {column} = ? WHERE id = ?", (value, workspace))  # noqa: S608
