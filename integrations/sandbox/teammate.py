"""What a teammate does in the vendor's own screens: checked like a call, but none. Raises RefusalError."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from integrations.sandbox import contacts
from integrations.sandbox.fields import USER

if TYPE_CHECKING:
    from integrations.sandbox.context import Context
    from integrations.sandbox.control import Sandbox
    from integrations.sandbox.messages import Json, Response


def edit(sandbox: Sandbox, workspace: str, contact: str, changes: Json) -> None:
    """Writes the fields that are named; custom attributes below "custom_attributes"."""
    _do(contacts.update, sandbox, workspace, contact, changes)


def convert(sandbox: Sandbox, workspace: str, contact: str) -> None:
    """Makes a lead a user; it keeps its id."""
    _do(contacts.update, sandbox, workspace, contact, {"role": USER})


def archive(sandbox: Sandbox, workspace: str, contact: str) -> None:
    _do(contacts.archive, sandbox, workspace, contact)


def restore(sandbox: Sandbox, workspace: str, contact: str) -> None:
    _do(contacts.unarchive, sandbox, workspace, contact)


def delete(sandbox: Sandbox, workspace: str, contact: str) -> None:
    _do(contacts.delete, sandbox, workspace, contact)


def merge(sandbox: Sandbox, workspace: str, lead: str, *, into: str) -> None:
    """The lead ends in the user; people may merge what has neither email nor phone in common."""
    body = {"from": lead, "into": into, "skip_duplicate_validation": True}
    _do(contacts.merge, sandbox, workspace, lead, body)


def _do(
    endpoint: Callable[[Context], Response],
    sandbox: Sandbox,
    workspace: str,
    contact: str,
    body: Json | None = None,
) -> None:
    with sandbox.scene(workspace) as ctx:
        endpoint(replace(ctx, raw=json.dumps(body or {}).encode(), args={"id": contact}))
