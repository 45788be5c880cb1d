"""How whoever is no drain asks a workspace with the token that we keep; its refusal is remembered.

What another refusal says (a plan, a permission) is about that one call, and the drain's to judge.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from integrations.intercom.errors import AuthError
from integrations.services.client import client_for
from integrations.services.drain.workspace import need_reconnect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integrations.intercom.client import IntercomClient
    from integrations.intercom.session import Session
    from integrations.models import IntercomConnection


@contextmanager
def asking(connection: IntercomConnection, *, session: Session) -> Iterator[IntercomClient]:
    """The workspace's client. An AuthError within has the workspace connected again, and goes on.

    Not for inside a transaction, which the error would undo. Raises SecretUnreadableError, or ValueError for
    an address that cannot be used.
    """
    client = client_for(connection, session=session)
    try:
        yield client
    except AuthError as err:
        need_reconnect(connection.pk, detail=err.code, asked_with=connection.sealed_token)
        raise
