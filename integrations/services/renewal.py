"""Renews our access to a workspace that we know. Never moves anybody to another workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.intercom.client import IntercomClient
from integrations.services.client import base_url
from integrations.services.connect import connect_with_token

if TYPE_CHECKING:
    from integrations.intercom.session import Session
    from integrations.models import IntercomConnection


class OtherWorkspaceError(Exception):
    """The token opens another workspace, called `name`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def renew_with_token(connection: IntercomConnection, token: str, *, session: Session) -> None:
    """Keeps the token, if it opens the same workspace; whoever waited for it goes on.

    Raises OtherWorkspaceError or IntercomError, and then nothing has changed; ValueError where the region's
    address cannot be used.
    """
    client = IntercomClient(token=token, base_url=base_url(connection.region), session=session)
    workspace = client.me().value
    if workspace.id != connection.workspace_id:
        raise OtherWorkspaceError(workspace.name or workspace.id)
    connect_with_token(token, region=connection.region, session=session)
