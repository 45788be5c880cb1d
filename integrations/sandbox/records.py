"""Reads what truly happened in the pretend workspaces: contacts, calls and history. Changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.sandbox.context import Event
from integrations.sandbox.people import State
from integrations.sandbox.shapes import contact_json
from integrations.sandbox.store import Store

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from integrations.sandbox.messages import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One call as logged. `at` is Unix seconds.

    `status` and `ending` are what the caller was sent (None: still in flight, or the process died);
    `result` is what the workspace truly made of it (None: never carried out).
    """

    id: int
    at: float
    workspace: str
    method: str
    path: str
    body: Any
    status: int | None
    result: int | None
    ending: str

    @property
    def acted(self) -> bool:
        """Whether the workspace carried the call out, whatever the caller got to see."""
        return self.result == 200


@dataclass(frozen=True, slots=True)
class Written:
    """One entry of a contact's history. `written` is the request's body; `call` is None for set scenes."""

    at: float
    call: int | None
    contact: str
    event: Event
    written: Json


class Records:
    """The oracle: the store as it is, whatever a caller was told."""

    def __init__(self, path: str | Path) -> None:
        self.store = Store(path)

    def close(self) -> None:
        self.store.close()

    def workspaces(self) -> dict[str, str]:
        """Names by id."""
        rows = self._rows("SELECT id, name FROM workspaces ORDER BY created_at, id")
        return {row["id"]: row["name"] for row in rows}

    def contacts(
        self, workspace: str, *, email: str | None = None, state: State | None = State.LIVE
    ) -> list[Json]:
        """Contacts in the vendor's full shape, oldest first; of one state (None: of any)."""
        rows = self._rows(
            "SELECT doc FROM contacts WHERE workspace = ?1 AND (?2 IS NULL OR email = ?2)"
            " AND (?3 IS NULL OR state = ?3) ORDER BY seq",
            *(workspace, None if email is None else email.lower(), state),
        )
        return [contact_json(json.loads(row["doc"]), workspace) for row in rows]

    def count(self, workspace: str, *, state: State | None = None) -> int:
        """The contacts of one state (None: of any)."""
        sql = "SELECT count(*) AS n FROM contacts WHERE workspace = ?1 AND (?2 IS NULL OR state = ?2)"
        (row,) = self._rows(sql, workspace, state)
        return int(row["n"])

    def newest(self, workspace: str, *, limit: int, offset: int = 0) -> list[tuple[Json, State]]:
        """Contacts of any state with that state, the last created first."""
        sql = "SELECT doc, state FROM contacts WHERE workspace = ? ORDER BY seq DESC LIMIT ? OFFSET ?"
        rows = self._rows(sql, workspace, limit, offset)
        return [(contact_json(json.loads(row["doc"]), workspace), State(row["state"])) for row in rows]

    def contact(self, workspace: str, contact: str) -> Json:
        """One contact in any state; raises LookupError when there is none."""
        sql = "SELECT doc FROM contacts WHERE workspace = ? AND id = ?"
        rows = self._rows(sql, workspace, contact)
        if not rows:
            raise LookupError(f"The sandbox has no contact {contact!r}.")
        return contact_json(json.loads(rows[0]["doc"]), workspace)

    def state(self, contact: str) -> State:
        (row,) = self._rows("SELECT state FROM contacts WHERE id = ?", contact)
        return State(row["state"])

    def mark(self) -> int:
        """The number of the newest call, to hand to `calls(since=…)`."""
        (row,) = self._rows("SELECT max(id) AS newest FROM calls")
        return int(row["newest"] or 0)

    def calls(
        self,
        workspace: str | None = None,
        *,
        since: int = 0,
        method: str | None = None,
        path: str | None = None,
    ) -> list[Call]:
        """The calls after `since` (see `mark`), oldest first; `path` is a GLOB pattern such as /contacts/*.

        Calls with an unknown token belong to the workspace "".
        """
        rows = self._rows(
            "SELECT * FROM calls WHERE id > ?1 AND (?2 IS NULL OR workspace = ?2)"
            " AND (?3 IS NULL OR method = ?3) AND (?4 IS NULL OR path GLOB ?4) ORDER BY id",
            *(since, workspace, method, path),
        )
        return [Call(**{**dict(row), "body": _parsed(row["body"])}) for row in rows]

    def creations(self, workspace: str) -> list[Written]:
        """Every contact that was ever created, in order."""
        sql = "SELECT * FROM history WHERE workspace = ? AND event = ? ORDER BY id"
        return [_written(row) for row in self._rows(sql, workspace, Event.CREATED)]

    def history(self, contact: str) -> list[Written]:
        """All that was ever written to a contact, oldest first."""
        return [
            _written(row)
            for row in self._rows("SELECT * FROM history WHERE contact = ? ORDER BY id", contact)
        ]

    def _rows(self, sql: str, *params: Any) -> list[sqlite3.Row]:
        with self.store.snapshot() as db:
            return db.execute(sql, params).fetchall()


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body or None


def _written(row: sqlite3.Row) -> Written:
    written = json.loads(row["written"])
    return Written(row["at"], row["call"], row["contact"], Event(row["event"]), written)
