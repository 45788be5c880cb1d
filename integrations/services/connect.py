"""Connects Intercom workspaces: checks a token with Intercom at once, stores it sealed, wakes what waited."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.intercom.client import IntercomClient
from integrations.intercom.hosts import Region, normal_region
from integrations.logic.text import clean
from integrations.models import Access, ConnectionStatus, DrainLease, IntercomConnection
from integrations.models.secrets import seal
from integrations.services.attributes import store_attributes
from integrations.services.client import base_url
from integrations.services.wake import wake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from campaigns.models import Campaign
    from integrations.intercom.parse import Workspace
    from integrations.intercom.session import Session
    from integrations.logic.types import Attribute


SECRET = "sealed_webhook_secret"  # noqa: S105 (the name of a column)


class Kept(StrEnum):
    """What of a workspace was left as it was, since it is not for one campaign's admin to change."""

    NOTHING = ""
    SECRET = "secret"  # noqa: S105 (names what was kept)
    ACCESS = "access"
    """All of it: our access works, and other campaigns use it."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that has just been made; `fresh` is False where it was only made anew."""

    connection: IntercomConnection
    fresh: bool
    attributes: int
    kept: Kept = Kept.NOTHING
    new_secret: bool = False


def connect_with_token(
    token: str,
    *,
    region: str,
    session: Session,
    access: Access = Access.TOKEN,
    webhook_secret: str = "",
    only_for: Campaign | None = None,
) -> Connected:
    """Asks Intercom whose token this is, and keeps it for that workspace.

    `region` is where to ask; what Intercom says of the workspace's region wins. A workspace that is known
    already keeps everything, its webhook secret unless a new one is given, and gets the new token; `only_for`
    is the campaign of an admin who may not change workspaces (see `Kept`). Raises IntercomError, or
    ValueError for a region whose address cannot be used.
    """
    asked = normal_region(region)
    client = IntercomClient(token=token, base_url=base_url(asked), session=session)
    workspace = client.me().value
    home = asked if asked is Region.SANDBOX else workspace.region or asked
    if home is not asked:
        client = IntercomClient(token=token, base_url=base_url(home), session=session)
    attributes = client.list_data_attributes().value
    secrets = {"sealed_token": seal(token), "access": access}
    if webhook_secret:
        secrets[SECRET] = seal(webhook_secret)
    return _store(workspace, region=home, secrets=secrets, attributes=attributes, only_for=only_for)


def _store(
    workspace: Workspace,
    *,
    region: Region,
    secrets: Mapping[str, str],
    attributes: tuple[Attribute, ...],
    only_for: Campaign | None,
) -> Connected:
    with transaction.atomic():
        rows = IntercomConnection.objects.select_for_update(no_key=True)
        known = rows.filter(region=region.value, workspace_id=workspace.id).first()
        kept = _kept(known, secrets=secrets, only_for=only_for)
        if known is not None and kept is Kept.ACCESS:
            return Connected(known, fresh=False, attributes=len(attributes), kept=kept)
        secrets = {name: value for name, value in secrets.items() if (name, kept) != (SECRET, Kept.SECRET)}
        connection, fresh = IntercomConnection.objects.update_or_create(
            region=region.value,
            workspace_id=workspace.id,
            defaults={
                **secrets,
                "name": clean(workspace.name)[:255],
                "time_zone": clean(workspace.timezone)[:64],
                "status": ConnectionStatus.CONNECTED,
                "status_detail": "",
                **_since(known),
            },
        )
        DrainLease.objects.get_or_create(connection=connection)
        store_attributes(connection, attributes)
        transaction.on_commit(lambda: wake(connection.pk), robust=True)
    new_secret = SECRET in secrets
    return Connected(connection, fresh=fresh, attributes=len(attributes), kept=kept, new_secret=new_secret)


def _kept(known: IntercomConnection | None, *, secrets: Mapping[str, str], only_for: Campaign | None) -> Kept:
    """Of a workspace that was disconnected nothing is: it is connected as a new one is."""
    if known is None or only_for is None or known.status == ConnectionStatus.DISCONNECTED:
        return Kept.NOTHING
    shared = known.settings.exclude(campaign=only_for).exists()
    if shared and known.status == ConnectionStatus.CONNECTED:
        return Kept.ACCESS
    return Kept.SECRET if SECRET in secrets else Kept.NOTHING


def _since(known: IntercomConnection | None) -> Mapping[str, datetime]:
    """Since when it is connected: a workspace that is, and is only connected anew, keeps its moment."""
    if known is not None and known.status == ConnectionStatus.CONNECTED:
        return {}
    now = timezone.now()
    return {"status_since": now, "connected_at": now}


def usable_regions() -> list[str]:
    """The regions that may be connected here; the sandbox only where it is switched on."""
    return [region.value for region in Region if region is not Region.SANDBOX or settings.INTERCOM_SANDBOX]
