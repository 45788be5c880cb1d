"""What an endpoint is given: the workspace, the call and the open transaction. No behaviour of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from integrations.sandbox.messages import Json, invalid

if TYPE_CHECKING:
    import sqlite3


class Event(StrEnum):
    """What a call did to a contact, as the history keeps it."""

    CREATED = "created"
    UPDATED = "updated"
    ARCHIVED = "archived"
    UNARCHIVED = "unarchived"
    DELETED = "deleted"
    MERGED = "merged"
    TAGGED = "tagged"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One pretend workspace as its row says; `lag` and `latency` are seconds."""

    id: str
    name: str
    region: str
    created_at: int
    lag: float
    latency: float
    rate_limit: int


@dataclass(frozen=True, slots=True)
class Context:
    """One call being carried out. `now` is Unix seconds."""

    db: sqlite3.Connection
    workspace: Workspace
    now: float
    call: int | None = None
    raw: bytes = b""
    token: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        return int(self.now)

    def body(self) -> Json:
        """The body as a JSON object; raises a 400 for anything else."""
        try:
            body = json.loads(self.raw, parse_constant=_refuse, parse_float=_finite)
            json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair fails here
        except (ValueError, RecursionError):
            raise invalid("Invalid JSON body") from None
        if not isinstance(body, dict):
            raise invalid("Invalid JSON body")
        return body

    def note(self, contact: str, event: Event, written: Mapping[str, Any]) -> None:
        """Adds to the contact's history what this call wrote."""
        self.db.execute(
            "INSERT INTO history(at, call, workspace, contact, event, written) VALUES (?, ?, ?, ?, ?, ?)",
            (self.now, self.call, self.workspace.id, contact, event, json.dumps(written)),
        )


def _refuse(word: str) -> Any:
    """NaN and Infinity are no JSON, although Python reads them."""
    raise ValueError(word)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(digits)
    return number


def read_workspace(db: sqlite3.Connection, workspace_id: str) -> Workspace:
    """Raises LookupError when there is no such workspace."""
    row = db.execute("SELECT * FROM workspaces WHERE id = ?", (workspace_id,)).fetchone()
    if row is None:
        raise LookupError(f"The sandbox has no workspace {workspace_id!r}.")
    return Workspace(
        id=row["id"],
        name=row["name"],
        region=row["region"],
        created_at=row["created_at"],
        lag=row["lag"],
        latency=row["latency"],
        rate_limit=row["rate_limit"],
    )
