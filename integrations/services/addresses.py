"""Finds the workspace that a notification came for. Quick, since Intercom may send a hundred a second."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection as database

from integrations.models import IntercomConnection, Region
from integrations.models.secrets import unseal_often


class Address(NamedTuple):
    """A workspace that notifications come for, and what judging one of them takes."""

    connection_id: int
    workspace_id: str
    sealed_secret: str

    @property
    def secret(self) -> str:
        """The client secret of a private app, "" where there is none. Raises SecretUnreadableError."""
        return unseal_often(self.sealed_secret)


_ADDRESSES = IntercomConnection.objects.order_by().values_list("pk", "workspace_id", "sealed_webhook_secret")


def address_by_uuid(uuid: UUID) -> Address | None:
    """Reading a model, and making the statement anew each time, took half the time of a notification."""
    key = IntercomConnection._meta.get_field("uuid").get_db_prep_value(uuid, database)  # noqa: SLF001
    with database.cursor() as cursor:
        cursor.execute(_by_uuid(), [key])
        row = cursor.fetchone()
    return None if row is None else Address(*row)


@cache
def _by_uuid() -> str:
    """Django's own statement for it."""
    statement: str = _ADDRESSES.filter(uuid=UUID(int=0)).query.sql_with_params()[0]
    return statement


def address_by_workspace(workspace_id: str) -> Address | None:
    """The workspace that the OAuth app speaks of; ids are Intercom's, so the sandbox is never meant."""
    rows = _ADDRESSES.filter(workspace_id=workspace_id).exclude(region=Region.SANDBOX).order_by("pk")
    return next((Address(*row) for row in rows), None) if workspace_id else None
