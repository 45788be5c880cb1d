"""Gives access to a workspace back once no campaign uses it. What Intercom says to that stops nothing."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.intercom.errors import IntercomError
from integrations.intercom.hurry import HurriedSession
from integrations.intercom.oauth import give_access_back
from integrations.models import Access, ConnectionStatus, IntercomConnection, Region, SyncSettings
from integrations.models.secrets import SecretUnreadableError, unseal
from integrations.services.client import base_url
from integrations.services.leftovers import delete_leftovers

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


class GivenBack(StrEnum):
    """What became of our access."""

    KEPT = "kept"
    """Other campaigns use the workspace."""
    PRETEND = "pretend"
    """It was the sandbox, which keeps its one token."""
    REVOKED = "revoked"
    FORGOTTEN = "forgotten"
    """The token of a private app is gone from here; in Intercom it works until the app is deleted there."""
    NOT_TOLD = "not_told"
    """The token is gone from here, but Intercom could not be told."""


def give_back_if_unused(connection_id: int) -> GivenBack:
    """Erases the token, and tells Intercom if the access came from its permission page.

    Not for inside a transaction: it calls Intercom. What test leads have left there is deleted while we can;
    then the token is erased first, so that whoever attaches a campaign meanwhile finds no workspace rather
    than one whose token is about to die.
    """
    if not SyncSettings.objects.filter(connection=connection_id).exists():
        delete_leftovers(connection_id)
    taken = _take_token(connection_id)
    if taken is None:
        return GivenBack.KEPT
    if taken["region"] == Region.SANDBOX:
        return GivenBack.PRETEND
    if taken["access"] != Access.OAUTH:
        return GivenBack.FORGOTTEN
    return _tell_intercom(connection_id, sealed=taken["sealed"], region=taken["region"])


def _take_token(connection_id: int) -> Mapping[str, str] | None:
    """Leaves the workspace disconnected and without a token; None where a campaign still uses it."""
    with transaction.atomic():
        connection = IntercomConnection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if SyncSettings.objects.filter(connection=connection).exists():
            return None
        taken = {
            "sealed": connection.sealed_token,
            "access": connection.access,
            "region": connection.region,
        }
        connection.sealed_token, connection.status_detail = "", ""
        connection.status, connection.status_since = ConnectionStatus.DISCONNECTED, timezone.now()
        connection.save(update_fields=["sealed_token", "status", "status_since", "status_detail"])
    return taken


def _tell_intercom(connection_id: int, *, sealed: str, region: str) -> GivenBack:
    if not sealed:
        return GivenBack.REVOKED
    try:
        with HurriedSession() as session:
            give_access_back(unseal(sealed), base_url=base_url(region), session=session)
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        log.warning("access not given back: %s", err, extra={"connection": connection_id})
        return GivenBack.NOT_TOLD
    return GivenBack.REVOKED
