"""Sends the notifications that are due, from a thread that lives as long as any wait. No page waits for it.

Every process that changes something in the store has one; a notification is sent by one of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from integrations.sandbox import posting

if TYPE_CHECKING:
    from integrations.sandbox.outbox import Notification
    from integrations.sandbox.store import Store

PATIENCE = 5.0
"""Seconds to answer in."""
LONGEST_WAIT = 1.0
"""Another process may have brought forward what waits."""

Post = Callable[[str, bytes, Mapping[str, str]], int | None]


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    """The status that the address answers with, redirects not followed; None without an answer in time."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request("POST", parts.path, body=body, headers=dict(headers))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


class Courier:
    """One for each store and process. May be woken from many threads, and after a fork."""

    def __init__(self, store: Store, *, post: Post = post, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._post = post
        self._clock = clock
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wake(self) -> None:
        """There may be something to send. Returns at once."""
        if self._due() is None:
            return
        with self._lock:
            self._news.set()
            if not self._stopped and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, name="sandbox webhooks", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Sends nothing more; what is on its way is waited for."""
        with self._lock:
            self._stopped, thread = True, self._thread
        self._news.set()
        if thread is not None and thread.is_alive():
            thread.join(PATIENCE)

    def send_next(self) -> bool:
        """Sends the first that is due; False if none is."""
        with self._store.transaction() as db:
            notification = posting.take(db, now=self._clock())
        if notification is None:
            return False
        status = self._carry(notification)
        with self._store.transaction() as db:
            posting.conclude(db, notification, status, now=self._clock())
        return True

    def _carry(self, notification: Notification) -> int | None:
        body = notification.body(attempt=notification.attempts)
        return self._post(notification.url, body, notification.headers(body))

    def _work(self) -> None:
        while not self._stopped:
            self._news.clear()
            if not self.send_next() and not self._wait():
                return

    def _wait(self) -> bool:
        """Until the next is due; False when none waits any more, and this thread ends."""
        due = self._due()
        if due is None:
            with self._lock:
                if self._news.is_set():
                    return True
                self._thread = None
                return False
        self._news.wait(min(max(due - self._clock(), 0.0), LONGEST_WAIT))
        return True

    def _due(self) -> float | None:
        with self._store.snapshot() as db:
            return posting.next_due(db)
