"""Tags: made by name, put on a contact by id.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.sandbox import people, telling
from integrations.sandbox.context import Context, Event
from integrations.sandbox.messages import Json, RefusalError, Response, invalid, json_response

if TYPE_CHECKING:
    import sqlite3


def create(ctx: Context) -> Response:
    """POST /tags: makes the tag or returns the one of that name, whatever its case."""
    name = ctx.body().get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("invalid tag parameters")
    ctx.db.execute("INSERT OR IGNORE INTO tags(workspace, name) VALUES (?, ?)", (ctx.workspace.id, name))
    row = ctx.db.execute(
        "SELECT * FROM tags WHERE workspace = ? AND name = ?", (ctx.workspace.id, name)
    ).fetchone()
    return json_response({**_json(row), "users": [], "companies": []})


def index(ctx: Context) -> Response:
    """GET /tags: not paginated."""
    rows = ctx.db.execute("SELECT * FROM tags WHERE workspace = ? ORDER BY id", (ctx.workspace.id,))
    return json_response({"type": "list", "data": [_json(row) for row in rows]})


def of_contact(ctx: Context) -> Response:
    """GET /contacts/{id}/tags, with the names that a contact itself doesn't carry."""
    person = people.live(ctx, ctx.args["id"])
    data = [_json(_find(ctx, tag_id)) for tag_id in person.doc.get("tags", [])]
    return json_response({"type": "list", "data": data})


def attach(ctx: Context) -> Response:
    """POST /contacts/{id}/tags {id}: wants the tag's id, never its name; again is harmless."""
    person = people.live(ctx, ctx.args["id"])
    tag = _find(ctx, str(ctx.body().get("id")))
    tag_id = str(tag["id"])
    before = person.doc.get("tags", [])
    if tag_id not in before:
        doc = {**person.doc, "tags": [*before, tag_id], "updated_at": ctx.seconds}
        people.save(ctx, doc)
        ctx.note(person.id, Event.TAGGED, {"tag": tag["name"]})
        telling.tagged(ctx, doc, tag=_json(tag))
    return json_response(_json(tag))


def _find(ctx: Context, tag_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = ctx.db.execute(
        "SELECT * FROM tags WHERE workspace = ? AND id = ?", (ctx.workspace.id, tag_id)
    ).fetchone()
    if row is None:
        raise RefusalError(404, "not_found", "Resource Not Found")
    return row


def _json(row: sqlite3.Row) -> Json:
    return {"type": "tag", "id": str(row["id"]), "name": row["name"]}
