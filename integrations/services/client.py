"""Makes the client for a connection: its host, its token. The one place that picks an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from integrations.intercom.client import IntercomClient
from integrations.intercom.hosts import Region, api_url

if TYPE_CHECKING:
    from integrations.intercom.session import Session
    from integrations.models import IntercomConnection


def base_url(region: str) -> str:
    """The address of a region's API, or of its stand-in. Raises ValueError for one that cannot be used."""
    sandbox = settings.INTERCOM_SANDBOX_URL if settings.INTERCOM_SANDBOX else ""
    return api_url(Region(region), override=settings.INTERCOM_API_URL, sandbox_url=sandbox)


def client_for(connection: IntercomConnection, *, session: Session) -> IntercomClient:
    """Raises SecretUnreadableError when no key opens the token."""
    return IntercomClient(token=connection.token, base_url=base_url(connection.region), session=session)
