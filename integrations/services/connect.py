"""Connects Intercom workspaces: checks a token with Intercom at once, stores it sealed, wakes what waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.intercom.client import IntercomClient
from integrations.intercom.hosts import Region, normal_region
from integrations.logic.text import clean
from integrations.models import ConnectionStatus, DrainLease, IntercomConnection
from integrations.models.secrets import seal
from integrations.services.attributes import store_attributes
from integrations.services.client import base_url
from integrations.services.wake import wake

if TYPE_CHECKING:
    from integrations.intercom.session import Session
    from integrations.logic.types import Attribute


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that has just been made; `fresh` is False where it was only made anew."""

    connection: IntercomConnection
    fresh: bool
    attributes: int


def connect_with_token(token: str, *, region: str, session: Session) -> Connected:
    """Asks Intercom whose token this is, and keeps it for that workspace.

    `region` is where to ask; what Intercom says of the workspace's region wins. A workspace that is known
    already keeps everything and gets the new token. Raises IntercomError, or ValueError for a region
    whose address cannot be used.
    """
    asked = normal_region(region)
    client = IntercomClient(token=token, base_url=base_url(asked), session=session)
    workspace = client.me().value
    home = asked if asked is Region.SANDBOX else workspace.region or asked
    if home is not asked:
        client = IntercomClient(token=token, base_url=base_url(home), session=session)
    attributes = client.list_data_attributes().value
    return _store(
        token,
        region=home,
        workspace_id=workspace.id,
        name=workspace.name,
        time_zone=workspace.timezone,
        attributes=attributes,
    )


def _store(
    token: str,
    *,
    region: Region,
    workspace_id: str,
    name: str,
    time_zone: str,
    attributes: tuple[Attribute, ...],
) -> Connected:
    now = timezone.now()
    with transaction.atomic():
        connection, fresh = IntercomConnection.objects.update_or_create(
            region=region.value,
            workspace_id=workspace_id,
            defaults={
                "name": clean(name)[:255],
                "time_zone": clean(time_zone)[:64],
                "sealed_token": seal(token),
                "status": ConnectionStatus.CONNECTED,
                "status_since": now,
                "status_detail": "",
                "connected_at": now,
            },
        )
        DrainLease.objects.get_or_create(connection=connection)
        store_attributes(connection, attributes)
        transaction.on_commit(lambda: wake(connection.pk), robust=True)
    return Connected(connection, fresh=fresh, attributes=len(attributes))


def usable_regions() -> list[str]:
    """The regions that may be connected here; the sandbox only where it is switched on."""
    return [region.value for region in Region if region is not Region.SANDBOX or settings.INTERCOM_SANDBOX]
