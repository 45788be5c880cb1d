"""The pretend workspace's state, in an SQLite file of its own. No behaviour, no Django.

Separate from the product's database on purpose: like the real vendor's, its writes never join our
transactions. Safe from many threads (one connection and a lock for each process) and many processes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 30.0
FIRST = """
CREATE TABLE workspaces(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, created_at INTEGER NOT NULL,
    lag REAL NOT NULL DEFAULT 0, latency REAL NOT NULL DEFAULT 0, rate_limit INTEGER NOT NULL,
    window_start INTEGER NOT NULL DEFAULT 0, window_used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE tokens(token TEXT PRIMARY KEY, workspace TEXT NOT NULL, revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE contacts(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL,
    state TEXT NOT NULL, merged_into TEXT, email TEXT, role TEXT NOT NULL, external_id TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, doc TEXT NOT NULL
);
CREATE INDEX contacts_email ON contacts(workspace, email);
CREATE INDEX contacts_external_id ON contacts(workspace, external_id);
CREATE INDEX contacts_updated ON contacts(workspace, state, updated_at);
CREATE TABLE searchable(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, contact TEXT NOT NULL, workspace TEXT NOT NULL,
    visible_from REAL NOT NULL, visible_until REAL NOT NULL, email TEXT, role TEXT NOT NULL,
    external_id TEXT, doc TEXT NOT NULL
);
CREATE INDEX searchable_contact ON searchable(contact);
CREATE INDEX searchable_email ON searchable(workspace, email);
CREATE TABLE attributes(
    id INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL,
    data_type TEXT NOT NULL, options TEXT NOT NULL, description TEXT NOT NULL,
    messenger_writable INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, UNIQUE(workspace, name)
);
CREATE TABLE tags(
    id INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
    UNIQUE(workspace, name)
);
CREATE TABLE faults(
    id INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, skip INTEGER NOT NULL,
    remaining INTEGER, fault TEXT NOT NULL
);
CREATE TABLE calls(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, workspace TEXT NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, body TEXT NOT NULL, status INTEGER, result INTEGER, ending TEXT NOT NULL DEFAULT ''
);
CREATE INDEX calls_workspace ON calls(workspace, id);
CREATE TABLE history(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, call INTEGER, workspace TEXT NOT NULL,
    contact TEXT NOT NULL, event TEXT NOT NULL, written TEXT NOT NULL
);
CREATE INDEX history_contact ON history(contact, id);
CREATE INDEX history_event ON history(workspace, event, id);
INSERT INTO sqlite_sequence(name, seq) VALUES ('attributes', 8104116), ('tags', 4919471);
"""
CODES = """
CREATE TABLE codes(code TEXT PRIMARY KEY, workspace TEXT NOT NULL, issued_at REAL NOT NULL);
"""
WEBHOOKS = """
CREATE TABLE subscriptions(
    id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1, UNIQUE(workspace, url)
);
CREATE TABLE notifications(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, workspace TEXT NOT NULL, contact TEXT NOT NULL,
    subscription INTEGER NOT NULL REFERENCES subscriptions(id), topic TEXT NOT NULL, item TEXT NOT NULL,
    created_at INTEGER NOT NULL, first_sent_at INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, fate TEXT NOT NULL, status INTEGER
);
CREATE INDEX notifications_due ON notifications(fate, due_at);
CREATE INDEX notifications_contact ON notifications(contact, seq);
ALTER TABLE workspaces ADD COLUMN webhooks_lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN webhooks_doubled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN webhook_delay REAL NOT NULL DEFAULT 0;
"""
STEPS = (FIRST, CODES, WEBHOOKS)
"""A file remembers how many of them it has taken."""


class Store:
    """One file of state. The same object may be used by all threads, also after a fork."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._inherited: list[Session] = []
        self._session = Session(self.path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: rolled back if the block raises. Never sleep or call out inside."""
        with self._exclusive("BEGIN IMMEDIATE") as db:
            yield db

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A consistent view for reading, which keeps no writer waiting."""
        with self._exclusive("BEGIN") as db:
            yield db

    @contextmanager
    def _exclusive(self, begin: str) -> Iterator[sqlite3.Connection]:
        session = self._own_session()
        with session.lock:
            session.db.execute(begin)
            try:
                yield session.db
            except BaseException:
                session.db.execute("ROLLBACK")
                raise
            session.db.execute("COMMIT")

    def _own_session(self) -> Session:
        if self._session.pid != os.getpid():
            # Closing the parent's connection here would release the parent's file locks: keep it, unused.
            self._inherited.append(self._session)
            self._session = Session(self.path)
        return self._session

    def close(self) -> None:
        with self._session.lock:
            self._session.db.close()


class Session:
    """One process's connection, and the lock its threads take turns by."""

    def __init__(self, path: Path) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.db = connect(path)


def connect(path: Path) -> sqlite3.Connection:
    """Opens the file, creating it and its tables if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    _switch_to_wal(db)
    db.execute("PRAGMA synchronous=OFF")
    _create_tables(db)
    return db


def _switch_to_wal(db: sqlite3.Connection) -> None:
    """Retried by hand: when several processes open a new file at once, SQLite refuses instead of waiting."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _create_tables(db: sqlite3.Connection) -> None:
    if _version(db) == len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    for step in STEPS[_version(db) :]:
        for statement in step.split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version={len(STEPS)}")
    db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
