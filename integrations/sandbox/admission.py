"""Who may call, and how often: the token, the rate limit, a scripted fault, the call's row in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from integrations.sandbox import faults, oauth
from integrations.sandbox.context import Workspace, read_workspace
from integrations.sandbox.messages import RefusalError, Request, Response

if TYPE_CHECKING:
    import sqlite3

    from integrations.sandbox.faults import Fault

WINDOW_SECONDS = 10
DEFAULT_LIMIT = 1666
"""Calls in a window: 10,000 a minute for each app, spread over windows of ten seconds."""
CALLS_KEPT = 100_000
BODY_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Admission:
    """What was found out about a call before anything is carried out."""

    call: int
    workspace: Workspace | None
    fault: Fault | None = None
    refusal: RefusalError | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def admit(db: sqlite3.Connection, request: Request, *, now: float) -> Admission:
    """Logs the call, counts it against the limit and looks for a fault; refuses unknown tokens and floods."""
    try:
        workspace = _workspace_of(db, request, now=now)
    except RefusalError as refusal:
        call = _log(db, request, workspace="", now=now)
        return Admission(call, None, refusal=refusal, headers=_rate_headers(DEFAULT_LIMIT, used=1, now=now))
    call = _log(db, request, workspace=workspace.id, now=now)
    used = _count(db, workspace, now=now)
    headers = _rate_headers(workspace.rate_limit, used=used, now=now)
    if used > workspace.rate_limit:
        text = f"Exceeded rate limit of {workspace.rate_limit} in {WINDOW_SECONDS}_seconds"
        return Admission(
            call, workspace, refusal=RefusalError(429, "rate_limit_exceeded", text), headers=headers
        )
    return Admission(call, workspace, fault=faults.take(db, workspace.id, request), headers=headers)


def _workspace_of(db: sqlite3.Connection, request: Request, *, now: float) -> Workspace:
    if request.path == oauth.TOKEN_PATH:
        return read_workspace(db, oauth.workspace_of(db, request, now=now))
    scheme, token = credentials(request)
    row = db.execute("SELECT * FROM tokens WHERE token = ?", (token,)).fetchone()
    if scheme != "bearer" or row is None:
        raise RefusalError(401, "unauthorized", "Access Token Invalid")
    if row["revoked"]:
        raise RefusalError(401, "token_revoked", "Access Token Revoked")  # text assumed
    return read_workspace(db, row["workspace"])


def credentials(request: Request) -> tuple[str, str]:
    """The scheme, in lower case, and the token of a call; empty where it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), token.strip()


def _count(db: sqlite3.Connection, workspace: Workspace, *, now: float) -> int:
    window = _window(now)
    row = db.execute(
        "UPDATE workspaces SET window_used = CASE window_start WHEN ?1 THEN window_used + 1 ELSE 1 END,"
        " window_start = ?1 WHERE id = ?2 RETURNING window_used",
        (window, workspace.id),
    ).fetchone()
    return int(row["window_used"])


def _window(now: float) -> int:
    return int(now) // WINDOW_SECONDS * WINDOW_SECONDS


def _rate_headers(limit: int, *, used: int, now: float) -> dict[str, str]:
    """The limit is the window's, not the minute's; Reset is the window's end in Unix seconds."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(0, limit - used)),
        "X-RateLimit-Reset": str(_window(now) + WINDOW_SECONDS),
    }


def _log(db: sqlite3.Connection, request: Request, *, workspace: str, now: float) -> int:
    # A code and a client secret belong into no log, not even into this one.
    kept = b"" if request.path == oauth.TOKEN_PATH else request.body[:BODY_KEPT]
    body = kept.decode(errors="replace")
    row = (now, workspace, request.method, request.path, body)
    cursor = db.execute("INSERT INTO calls(at, workspace, method, path, body) VALUES (?, ?, ?, ?, ?)", row)
    call = cursor.lastrowid or 0
    if call % 1000 == 0:
        db.execute("DELETE FROM calls WHERE id <= ?", (call - CALLS_KEPT,))
    return call


def conclude(db: sqlite3.Connection, call: int, answer: Response, *, result: int | None) -> None:
    """Logs what the caller is sent, and what truly came of the call (None: it was never carried out)."""
    db.execute(
        "UPDATE calls SET status = ?, result = ?, ending = ? WHERE id = ?",
        (answer.status, result, answer.ending, call),
    )
