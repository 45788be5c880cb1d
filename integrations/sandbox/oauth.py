"""Codes of the permission page, the tokens that they are exchanged for, and giving access back.

https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from integrations.sandbox.messages import RefusalError, Request, Response, json_response

if TYPE_CHECKING:
    import sqlite3

    from integrations.sandbox.context import Context

TOKEN_PATH = "/auth/eagle/token"  # noqa: S105 (an address)
GOOD_FOR = 600.0
NEEDED = ("code", "client_id", "client_secret")


def issue_code(db: sqlite3.Connection, workspace: str, *, now: float) -> str:
    """A code as the vendor writes them: it may hold a `+`, and ends in `=`."""
    code = f"{secrets.token_hex(8)}+{secrets.token_hex(8)}="
    db.execute("INSERT INTO codes(code, workspace, issued_at) VALUES (?, ?, ?)", (code, workspace, now))
    return code


def workspace_of(db: sqlite3.Connection, request: Request, *, now: float) -> str:
    """The workspace whose code is handed in. Raises a 401, in the vendor's words, for any other."""
    given = _given(request)
    row = db.execute("SELECT * FROM codes WHERE code = ?", (given.get("code"),)).fetchone()
    if not all(given.get(name) for name in NEEDED) or row is None or now - row["issued_at"] > GOOD_FOR:
        raise RefusalError(401, "unauthorized", "Unauthorized Code")
    return str(row["workspace"])


def exchange(ctx: Context) -> Response:
    """A code is good for one token."""
    token = f"sandbox-{secrets.token_urlsafe(24)}"
    ctx.db.execute("DELETE FROM codes WHERE code = ?", (ctx.body()["code"],))
    ctx.db.execute("INSERT INTO tokens(token, workspace) VALUES (?, ?)", (token, ctx.workspace.id))
    return json_response({"token_type": "Bearer", "token": token, "access_token": token})


def uninstall(ctx: Context) -> Response:
    """The token that asks is good for nothing from now on."""
    ctx.db.execute("UPDATE tokens SET revoked = 1 WHERE token = ?", (ctx.token,))
    return json_response({})  # body assumed


def _given(request: Request) -> dict[str, str]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    given = body if isinstance(body, dict) else {}
    return {name: value for name, value in given.items() if name in NEEDED and isinstance(value, str)}
