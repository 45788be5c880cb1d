"""Sets the scene in the pretend workspaces, for tests and demonstrations; does not go through the API.

Touches the store's file only, so it works beside a sandbox that runs in another process.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from integrations.sandbox import attributes, faults, oauth, people, telling
from integrations.sandbox.admission import DEFAULT_LIMIT
from integrations.sandbox.attributes import Kind
from integrations.sandbox.context import Context, Event, read_workspace
from integrations.sandbox.faults import Fault
from integrations.sandbox.listening import Listening
from integrations.sandbox.messages import RefusalError
from integrations.sandbox.outbox import Fate, Notification
from integrations.sandbox.people import Person, State
from integrations.sandbox.records import Call, Written

if TYPE_CHECKING:
    from pathlib import Path

    from integrations.sandbox.messages import Json

__all__ = ["Call", "Event", "Fate", "Fault", "Notification", "Sandbox", "State", "Written"]

FIRST_ATTRIBUTES: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
    ("plan", Kind.OPTIONS, ("Free", "Pro", "Enterprise")),
    ("company_size", Kind.INTEGER, ()),
    ("lead_source", Kind.STRING, ()),
    ("newsletter", Kind.BOOLEAN, ()),
    ("trial_ends", Kind.DATE, ()),
    ("lifetime_value", Kind.FLOAT, ()),
)


class Sandbox(Listening):
    """The pretend vendor's state, to be set and read from outside. `url` is set when a server runs on it."""

    def __init__(self, path: str | Path, *, url: str = "") -> None:
        super().__init__(path)
        self.url = url

    def add_workspace(
        self, workspace: str, *, name: str = "Pretend workspace", token: str = "", region: str = "US"
    ) -> str:
        """Adds a workspace with the first few custom attributes and returns its token.

        One that is there already is left as it is, and gets the token besides.
        """
        token = token or f"token-{workspace}"
        with self.store.transaction() as db:
            added = db.execute(
                "INSERT OR IGNORE INTO workspaces(id, name, region, created_at, rate_limit)"
                " VALUES (?, ?, ?, ?, ?)",
                (workspace, name, region, int(time.time()), DEFAULT_LIMIT),
            ).rowcount
            db.execute("INSERT OR IGNORE INTO tokens(token, workspace) VALUES (?, ?)", (token, workspace))
            if added:
                ctx = Context(db, read_workspace(db, workspace), now=time.time())
                for attribute, kind, options in FIRST_ATTRIBUTES:
                    attributes.insert(ctx, attribute, kind=kind, options=options)
        return token

    def issue_code(self, workspace: str) -> str:
        """What the permission page hands out when a person gives access to a workspace."""
        with self.store.transaction() as db:
            return oauth.issue_code(db, workspace, now=time.time())

    def add_contact(
        self,
        workspace: str,
        *,
        email: str | None = None,
        role: str = "lead",
        external_id: str | None = None,
        created_at: int | None = None,
        custom_attributes: Json | None = None,
        **standard: Any,
    ) -> str:
        """A contact that was there before, searchable at once whatever the lag; returns its id.

        Nothing is checked, so states that the API refuses can be set up too. Other fields go in by the
        vendor's names (name=, phone=, updated_at=).
        """
        with self.scene(workspace) as ctx:
            since = ctx.seconds if created_at is None else created_at
            doc = {
                "id": f"{since:08x}{secrets.token_hex(8)}",
                "role": role,
                "email": email,
                "external_id": external_id,
                "custom_attributes": custom_attributes or {},
                "created_at": since,
                "updated_at": since,
                **standard,
            }
            people.save(ctx, doc, searchable_at=0.0)
            ctx.note(doc["id"], Event.CREATED, doc)
        return str(doc["id"])

    def change_contact(
        self, workspace: str, contact: str, *, custom_attributes: Json | None = None, **standard: Any
    ) -> None:
        """Changes fields unchecked, as a teammate would in the vendor's own screens; search lags as ever."""
        with self.scene(workspace) as ctx:
            before = people.known(ctx, contact)
            custom = {**before.doc["custom_attributes"], **(custom_attributes or {})}
            doc = {**before.doc, "updated_at": ctx.seconds, **standard, "custom_attributes": custom}
            people.save(ctx, doc)
            ctx.note(contact, Event.UPDATED, {**standard, "custom_attributes": custom_attributes or {}})
            telling.updated(ctx, doc, role_before=before.role)

    def set_state(
        self, workspace: str, contact: str, state: State, *, merged_into: str | None = None
    ) -> None:
        """Archives, deletes, merges or revives a contact, as a teammate would."""
        with self.scene(workspace) as ctx:
            person = people.known(ctx, contact)
            people.set_state(ctx, person, state, merged_into=merged_into)
            _tell_state(ctx, person, state, survivor=merged_into)

    def archive_attribute(self, workspace: str, name: str, *, archived: bool = True) -> None:
        with self.scene(workspace) as ctx:
            sql = "UPDATE attributes SET archived = ? WHERE workspace = ? AND name = ?"
            ctx.db.execute(sql, (archived, workspace, name))

    def set_lag(self, workspace: str, seconds: float) -> None:
        """How long search takes to show what is written from now on."""
        self._set(workspace, "lag", seconds)

    def set_limit(self, workspace: str, calls: int) -> None:
        """Calls allowed in a window of ten seconds."""
        self._set(workspace, "rate_limit", calls)

    def set_latency(self, workspace: str, seconds: float) -> None:
        """How long every answer takes."""
        self._set(workspace, "latency", seconds)

    def let_search_catch_up(self, workspace: str) -> None:
        """Search sees everything written so far, as if the lag had passed."""
        with self.store.transaction() as db:
            now = time.time()
            db.execute(
                "UPDATE searchable SET visible_from = min(visible_from, ?1), visible_until ="
                " CASE WHEN visible_until < 1e12 THEN min(visible_until, ?1) ELSE visible_until END"
                " WHERE workspace = ?2",
                (now, workspace),
            )

    def add_fault(self, workspace: str, fault: Fault) -> int:
        with self.store.transaction() as db:
            return faults.add(db, workspace, fault)

    def clear_faults(self, workspace: str) -> None:
        with self.store.transaction() as db:
            faults.clear(db, workspace)

    def revoke(self, token: str) -> None:
        """The token answers 401 token_revoked from now on."""
        self._set_revoked(token, revoked=True)

    def restore(self, token: str) -> None:
        self._set_revoked(token, revoked=False)

    def _set_revoked(self, token: str, *, revoked: bool) -> None:
        with self.store.transaction() as db:
            db.execute("UPDATE tokens SET revoked = ? WHERE token = ?", (revoked, token))


def _tell_state(ctx: Context, person: Person, state: State, *, survivor: str | None) -> None:
    match state:
        case State.LIVE:
            telling.unarchived(ctx, person)
        case State.ARCHIVED:
            telling.archived(ctx, person)
        case State.DELETED:
            telling.deleted(ctx, person)
        case State.MERGED if survivor:
            # Into one that is gone itself, as only a test may: then nobody is left to tell of.
            with suppress(RefusalError):
                telling.merged(ctx, people.known(ctx, survivor).doc, ended=person.id)
