"""Makes the client for a connection: its host, its token. The one place that picks an address or a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from integrations.intercom.client import IntercomClient
from integrations.intercom.hosts import Region, api_url, app_url

if TYPE_CHECKING:
    from integrations.intercom.session import Session
    from integrations.models import IntercomConnection


def base_url(region: str) -> str:
    """The address of a region's API, or of its stand-in. Raises ValueError for one that cannot be used."""
    sandbox = settings.INTERCOM_SANDBOX_URL if settings.INTERCOM_SANDBOX else ""
    return api_url(Region(region), override=settings.INTERCOM_API_URL, sandbox_url=sandbox)


def page_url(region: str) -> str:
    """The address of Intercom's own pages, or of their stand-in. Raises ValueError."""
    return app_url(Region(region), override=settings.INTERCOM_APP_URL)


def app_secrets() -> list[str]:
    """The client secrets of our OAuth app, newest first: with commas between, so that one can replace
    another while what the other has signed still arrives."""
    return [secret.strip() for secret in settings.INTERCOM_CLIENT_SECRET.split(",") if secret.strip()]


def client_for(connection: IntercomConnection, *, session: Session) -> IntercomClient:
    """Raises SecretUnreadableError when no key opens the token."""
    return IntercomClient(token=connection.token, base_url=base_url(connection.region), session=session)
