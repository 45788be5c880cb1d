"""A workspace's own data attributes, as stored and as answered. Knows no endpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from integrations.sandbox.messages import Json, RefusalError
from integrations.sandbox.standard import TEAMMATE_ID

if TYPE_CHECKING:
    import sqlite3

    from integrations.sandbox.context import Context


class Kind(StrEnum):
    """Data types that a custom attribute can be created with. OPTIONS reads back as string + options."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    OPTIONS = "options"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A custom attribute as stored."""

    id: int
    name: str
    kind: Kind
    options: tuple[str, ...]
    description: str
    messenger_writable: bool
    archived: bool
    created_at: int
    updated_at: int

    def json(self) -> Json:
        return {
            "id": self.id,
            "type": "data_attribute",
            "name": self.name,
            "full_name": f"custom_attributes.{self.name}",
            "label": self.name,
            "description": self.description,
            "data_type": Kind.STRING if self.kind is Kind.OPTIONS else self.kind,
            **({"options": list(self.options)} if self.options else {}),
            "api_writable": True,
            "ui_writable": False,
            "messenger_writable": self.messenger_writable,
            "custom": True,
            "archived": self.archived,
            "admin_id": TEAMMATE_ID,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "model": "contact",
        }


def read_all(db: sqlite3.Connection, workspace: str) -> dict[str, Attribute]:
    """The workspace's custom attributes by name, archived ones included."""
    rows = db.execute("SELECT * FROM attributes WHERE workspace = ? ORDER BY id", (workspace,))
    return {row["name"]: _from_row(row) for row in rows}


def _from_row(row: sqlite3.Row) -> Attribute:
    return Attribute(
        id=row["id"],
        name=row["name"],
        kind=Kind(row["data_type"]),
        options=tuple(json.loads(row["options"])),
        description=row["description"],
        messenger_writable=bool(row["messenger_writable"]),
        archived=bool(row["archived"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def insert(
    ctx: Context, name: str, *, kind: Kind, options: Sequence[str] = (), body: Json | None = None
) -> Attribute:
    """Writes a new attribute without asking whether the vendor would take it."""
    extra = body or {}
    cursor = ctx.db.execute(
        "INSERT INTO attributes(workspace, name, data_type, options, description, messenger_writable,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(ctx.workspace.id, name, kind, json.dumps(list(options)), str(extra.get("description") or "")),
            *(bool(extra.get("messenger_writable")), ctx.seconds, ctx.seconds),
        ),
    )
    return by_id(ctx, str(cursor.lastrowid))


def by_id(ctx: Context, attribute_id: str) -> Attribute:
    row = ctx.db.execute(
        "SELECT * FROM attributes WHERE workspace = ? AND id = ?", (ctx.workspace.id, attribute_id)
    ).fetchone()
    if row is None:
        raise RefusalError(404, "field_not_found", "We couldn't find that data attribute to update")
    return _from_row(row)
