"""Scripted faults: which calls they meet, and what becomes of those. Carries nothing out itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from integrations.sandbox.messages import Ending, Json, Request, Response, error_response

if TYPE_CHECKING:
    import sqlite3

ERROR_CODES = {
    400: ("parameter_invalid", "Invalid parameters"),
    401: ("unauthorized", "Access Token Invalid"),
    403: ("api_plan_restricted", "Active subscription needed."),
    404: ("not_found", "Resource Not Found"),
    408: ("request_timeout", "Request Timeout"),
    429: ("rate_limit_exceeded", "The rate limit for the App has been exceeded"),
    503: ("service_unavailable", "Sorry, the API service is temporarily unavailable"),
    504: ("server_timeout", "Server Timeout"),
}
SERVER_ERROR = ("server_error", "Server Error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, with which calls.

    Meets the calls whose method and path fit (shell patterns: `/contacts/*`; `*` is any) and whose body
    contains `contains`; lets `after` of them pass, then hits `times` (None: all). `acts` says whether the
    workspace still carries the call out. `status` is answered in place of the true answer, with `body`
    (as it stands; None: a fitting error.list) and `headers`; without a status the true answer is sent,
    as `ending` has it. Stalls are seconds before and after acting.
    """

    acts: bool
    method: str = "*"
    path: str = "*"
    contains: str = ""
    after: int = 0
    times: int | None = 1
    status: int | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stall_before: float = 0.0
    stall_after: float = 0.0
    ending: Ending = Ending.SEND

    def __post_init__(self) -> None:
        if not self.acts and self.status is None and self.ending in {Ending.SEND, Ending.HALF}:
            raise ValueError(
                "A fault that does not act needs a status to answer, or an ending without answer."
            )

    def meets(self, request: Request) -> bool:
        fits = fnmatchcase(request.method, self.method) and fnmatchcase(request.path, self.path)
        return fits and self.contains.encode() in request.body

    def answer(self, *, request_id: str) -> Response:
        """The answer in place of the true one; 500 stands for the answer that is never sent."""
        status = self.status or 500
        if self.body is None:
            code, message = ERROR_CODES.get(status, SERVER_ERROR)
            return error_response(status, code, message, request_id=request_id).with_headers(self.headers)
        kind = "text/html; charset=utf-8" if self.body.lstrip().startswith("<") else "application/json"
        return Response(status, {"Content-Type": kind, **self.headers}, self.body.encode())


def add(db: sqlite3.Connection, workspace: str, fault: Fault) -> int:
    row = (workspace, fault.after, fault.times, json.dumps(asdict(fault)))
    cursor = db.execute("INSERT INTO faults(workspace, skip, remaining, fault) VALUES (?, ?, ?, ?)", row)
    return cursor.lastrowid or 0


def clear(db: sqlite3.Connection, workspace: str) -> None:
    db.execute("DELETE FROM faults WHERE workspace = ?", (workspace,))


def take(db: sqlite3.Connection, workspace: str, request: Request) -> Fault | None:
    """The oldest fault that hits this call, counted down; None when the call goes well."""
    rows = db.execute("SELECT * FROM faults WHERE workspace = ? ORDER BY id", (workspace,)).fetchall()
    for row in rows:
        fault = _read(row["fault"])
        if not fault.meets(request):
            continue
        if row["skip"]:
            db.execute("UPDATE faults SET skip = skip - 1 WHERE id = ?", (row["id"],))
            continue
        _count_down(db, row)
        return fault
    return None


def _read(text: str) -> Fault:
    values: Json = json.loads(text)
    return Fault(**{**values, "ending": Ending(values["ending"])})


def _count_down(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    if row["remaining"] == 1:
        db.execute("DELETE FROM faults WHERE id = ?", (row["id"],))
    elif row["remaining"] is not None:
        db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (row["id"],))
