"""Reads and writes contacts in the store, and keeps what search may see of them. Knows no endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from integrations.sandbox.messages import Json, RefusalError

if TYPE_CHECKING:
    import sqlite3

    from integrations.sandbox.context import Context

MOST_HOPS = 3
FOR_EVER = 1e12


class State(StrEnum):
    LIVE = "live"
    ARCHIVED = "archived"
    DELETED = "deleted"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as stored: `doc` holds its filled fields by the vendor's names."""

    id: str
    state: State
    merged_into: str | None
    doc: Json

    @property
    def role(self) -> str:
        return str(self.doc["role"])

    def reference(self) -> Json:
        return {"id": self.id, "external_id": self.doc["external_id"], "type": "contact"}


def from_row(row: sqlite3.Row) -> Person:
    return Person(row["id"], State(row["state"]), row["merged_into"], json.loads(row["doc"]))


def not_found() -> RefusalError:
    return RefusalError(404, "not_found", "User Not Found")


def known(ctx: Context, contact_id: str) -> Person:
    """A contact in any state but merged; raises 404, or 410 with a Link to where it went."""
    person = _find(ctx, contact_id)
    if person is None:
        raise not_found()
    if person.state is State.MERGED:
        text = "This contact has been merged. See the 'Link' header for the canonical contact."
        link = f'</contacts/{_canonical(ctx, person)}>; rel="canonical"'
        raise RefusalError(410, "contact_merged", text, headers={"Link": link})
    return person


def live(ctx: Context, contact_id: str) -> Person:
    """A live contact; the archived and the deleted are not found either."""
    person = known(ctx, contact_id)
    if person.state is not State.LIVE:
        raise not_found()
    return person


def _find(ctx: Context, contact_id: str) -> Person | None:
    row = ctx.db.execute(
        "SELECT * FROM contacts WHERE id = ? AND workspace = ?", (contact_id, ctx.workspace.id)
    ).fetchone()
    return None if row is None else from_row(row)


def _canonical(ctx: Context, person: Person) -> str:
    for _ in range(MOST_HOPS):
        target = _find(ctx, person.merged_into or "")
        if target is None or target.state is not State.MERGED:
            break
        person = target
    return person.merged_into or ""


def users_with(ctx: Context, column: Literal["email", "external_id"], value: str) -> list[Person]:
    """All users of that email (lower case) or external_id, merged ones left out, oldest first."""
    rows = ctx.db.execute(
        f"SELECT * FROM contacts WHERE workspace = ? AND {column} = ? AND role = 'user'"  # noqa: S608
        " AND state <> 'merged' ORDER BY seq",
        (ctx.workspace.id, value),
    )
    return [from_row(row) for row in rows]


def newest(ctx: Context, *, limit: int, offset: int) -> tuple[list[Json], int]:
    """One page of live contacts, last changed first, and how many there are."""
    where = "FROM contacts WHERE workspace = ? AND state = 'live'"
    (total,) = ctx.db.execute(f"SELECT count(*) {where}", (ctx.workspace.id,)).fetchone()
    rows = ctx.db.execute(
        f"SELECT doc {where} ORDER BY updated_at DESC, seq DESC LIMIT ? OFFSET ?",
        (ctx.workspace.id, limit, offset),
    )
    return [json.loads(row["doc"]) for row in rows], total


def save(ctx: Context, doc: Json, *, searchable_at: float | None = None) -> None:
    """Writes a live contact, new or changed; search sees it once the workspace's lag has passed."""
    columns = (doc.get("email") or "").lower() or None, doc["role"], doc["external_id"]
    text = json.dumps(doc)
    ctx.db.execute(
        "INSERT INTO contacts(id, workspace, state, email, role, external_id, created_at, updated_at, doc)"
        " VALUES (?, ?, 'live', ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET email = excluded.email,"
        " role = excluded.role, external_id = excluded.external_id, updated_at = excluded.updated_at,"
        " doc = excluded.doc",
        (doc["id"], ctx.workspace.id, *columns, doc["created_at"], doc["updated_at"], text),
    )
    since = ctx.now + ctx.workspace.lag if searchable_at is None else searchable_at
    _hide_from_search(ctx, doc["id"], since)
    ctx.db.execute(
        "INSERT INTO searchable(contact, workspace, visible_from, visible_until, email, role, external_id,"
        " doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (doc["id"], ctx.workspace.id, since, FOR_EVER, *columns, text),
    )


def set_state(ctx: Context, person: Person, state: State, *, merged_into: str | None = None) -> None:
    ctx.db.execute(
        "UPDATE contacts SET state = ?, merged_into = ?, updated_at = ? WHERE id = ?",
        (state, merged_into, ctx.seconds, person.id),
    )
    if state is State.LIVE:
        save(ctx, {**person.doc, "updated_at": ctx.seconds})
    else:
        _hide_from_search(ctx, person.id, ctx.now + ctx.workspace.lag)


def _hide_from_search(ctx: Context, contact_id: str, since: float) -> None:
    """Search goes on seeing the old values until `since`."""
    ctx.db.execute(
        "UPDATE searchable SET visible_until = ? WHERE contact = ? AND visible_until > ?",
        (since, contact_id, since),
    )
    ctx.db.execute(
        "DELETE FROM searchable WHERE contact = ? AND (visible_until <= ? OR visible_until <= visible_from)",
        (contact_id, ctx.now),
    )
