"""The order in which django-q2 takes tasks: who has waited longest is next, the sweep before everybody.

Without it PostgreSQL hands out tasks in no order at all: a workspace that hands on to a new task could be
served again at once, before others that wait. And a cluster takes no more than it has workers: what it had
in store, another machine could have begun.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf
from django_q.signing import SignedPackage

from integrations.services.heartbeat import sign

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_q.models import OrmQ

FIRST = "integrations.tasks.sweep"
"""It is over in a moment, and finds whom everything else has lost: no line of busy workspaces holds it up."""

HEAD_START = timedelta(hours=1)


class OrmBroker(ORM):  # type: ignore[misc]
    """The queue in the database. A row's `lock` is when it joined the line, or until when it is taken.

    One cluster takes tasks by one of these, and remembers which it has in hand: a row goes when its task is
    over. A task that ran for longer than a task may has died with its worker.
    """

    _in_hand: Mapping[int, float] = MappingProxyType({})
    """By row, since when; by the clock that only goes forward."""
    _given_up = False

    def enqueue(self, task: str) -> Any:
        """Puts a task at the end of the line; returns its row's primary key."""
        start = HEAD_START if _goes_first(task) else timedelta(0)
        joined_at = timezone.now() - start
        row: OrmQ = self.get_connection().create(
            key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=joined_at
        )
        return row.pk

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The next task, taken; None, a moment later, where there is none, or no worker to run it."""
        self._look_at_hands()
        if not self._given_up:
            sign()
        if len(self._in_hand) >= Conf.WORKERS:
            time.sleep(Conf.POLL)
            return None
        taken: list[tuple[int, str]] | None = super().dequeue()
        self._in_hand = {**self._in_hand, **{row: time.monotonic() for row, _ in taken or ()}}
        return taken

    def _look_at_hands(self) -> None:
        """Lets go of what is over. A cluster in which nothing ends any more shows no sign of life."""
        if not self._in_hand:
            return
        there = set(self.get_connection().filter(pk__in=self._in_hand).values_list("pk", flat=True))
        if len(there) < len(self._in_hand):
            self._given_up = False
        oldest = time.monotonic() - Conf.TIMEOUT
        kept = {row: since for row, since in self._in_hand.items() if row in there and since > oldest}
        if len(kept) < len(there):
            self._given_up = True
        self._in_hand = kept

    def get_connection(self, list_key: str = "") -> QuerySet[OrmQ]:
        """The rows in the order of the line, from which the original takes the first few."""
        rows: QuerySet[OrmQ] = super().get_connection(list_key).order_by("lock", "pk")
        return rows

    def waiting(self) -> list[str]:
        """What no worker has taken yet, still packed."""
        rows = self.get_connection().filter(key=self.list_key, lock__lte=timezone.now())
        return list(rows.values_list("payload", flat=True))


class RedisBroker(Redis):  # type: ignore[misc]
    """The queue in Redis: a list, which is in order by itself."""

    def enqueue(self, task: str) -> Any:
        """Puts a task at the end of the line."""
        push = self.connection.lpush if _goes_first(task) else self.connection.rpush
        return push(self.list_key, task)

    def dequeue(self) -> list[tuple[None, bytes]] | None:
        """The next task, taken; None, a moment later, where there is none."""
        sign()
        taken: list[tuple[None, bytes]] | None = super().dequeue()
        return taken

    def waiting(self) -> list[str]:
        """What no worker has taken yet, still packed."""
        return [package.decode() for package in self.connection.lrange(self.list_key, 0, -1)]


def group_of(package: str) -> str:
    """What a packed task is about; "" where nobody said."""
    return str(SignedPackage.loads(package).get("group") or "")


def _goes_first(package: str) -> bool:
    return bool(SignedPackage.loads(package)["func"] == FIRST)
