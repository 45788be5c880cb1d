"""What a drain must know of its workspace, read fresh before each claim, and how it changes its state."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations.intercom.session import Session
from integrations.logic.backoff import pause_until
from integrations.logic.pace import Pace
from integrations.logic.silence import Silence
from integrations.models import ConnectionStatus, IntercomConnection
from integrations.models.connection import SILENT
from integrations.services.client import client_for
from integrations.services.tabs import Tab, load_attributes, load_tabs

if TYPE_CHECKING:
    from integrations.intercom.client import IntercomClient
    from integrations.logic.types import Attribute

log = logging.getLogger(__name__)

THREADS = 32
BESIDE = 2
"""Calls in a window that others of ours may make before an answer has told them how little is left: a look at
watched contacts, a look at the fields."""


@cache
def session() -> Session:
    """One pool of connections for the whole process: a handshake for each lead would cost more than it."""
    return Session(pool_maxsize=THREADS)


@cache
def pace_of(connection_id: int) -> Pace:
    """What this process has learned of a workspace's rate limit, kept from slice to slice."""
    return Pace(share=settings.INTERCOM_LIMIT_SHARE / 100, beside=BESIDE)


@cache
def silence_of(connection_id: int) -> Silence:
    """Whether Intercom answers this process for a workspace, kept from slice to slice."""
    return Silence()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A connection, its tabs and its fields at one moment."""

    connection: IntercomConnection
    tabs: Mapping[int, Tab]
    attributes: Mapping[str, Attribute]

    def client(self) -> IntercomClient:
        """Raises SecretUnreadableError when no key opens the token."""
        return client_for(self.connection, session=session())

    def paused_for(self, now: datetime) -> float:
        """Seconds for which the workspace still rests."""
        until = self.connection.paused_until
        return max((until - now).total_seconds(), 0.0) if until else 0.0

    @property
    def ready(self) -> list[int]:
        """The tabs whose participants nothing holds back."""
        return [tab.id for tab in self.tabs.values() if not tab.held_by]

    @property
    def usable(self) -> bool:
        return self.connection.status == ConnectionStatus.CONNECTED and self.connection.paused_at is None


def load(connection_id: int, *, now: datetime, before: Workspace | None = None) -> Workspace:
    """The workspace as it is now; its fields are read again only after they were refreshed."""
    connection = IntercomConnection.objects.get(pk=connection_id)
    known = before is not None and before.connection.attributes_at == connection.attributes_at
    attributes = before.attributes if before is not None and known else load_attributes(connection_id)
    return Workspace(connection, load_tabs(connection_id=connection_id, now=now), attributes)


def need_reconnect(connection_id: int, *, detail: str, asked_with: str = "") -> None:
    """Intercom refuses our token: everything for this workspace waits until a person connects it again.

    `asked_with`: the sealed token that was refused; nothing happens where another is kept by now.
    """
    now = timezone.now()
    rows = IntercomConnection.objects.filter(pk=connection_id, status=ConnectionStatus.CONNECTED)
    if asked_with:
        rows = rows.filter(sealed_token=asked_with)
    changed = rows.update(
        status=ConnectionStatus.RECONNECT_NEEDED, status_since=now, status_detail=detail[:255]
    )
    if changed:
        log.warning("workspace needs to be connected again", extra={"connection": connection_id})


def rest(connection_id: int, *, retry_at: float | None, hits: int) -> None:
    """Intercom asked us to slow down: nobody calls this workspace until then. Never shortens a pause."""
    _rest_until(pause_until(retry_at, now=time.time(), hits=hits), connection_id, detail="")


def rest_in_silence(connection_id: int, *, seconds: float) -> None:
    """Intercom does not answer: the workspace is left alone, for its calls would only hold up others."""
    log.warning("no answer for a workspace: it rests", extra={"connection": connection_id})
    _rest_until(time.time() + seconds, connection_id, detail=SILENT)


def _rest_until(moment: float, connection_id: int, *, detail: str) -> None:
    until = datetime.fromtimestamp(moment, tz=UTC)
    shorter = Q(paused_until=None) | Q(paused_until__lt=until)
    rows = IntercomConnection.objects.filter(shorter, pk=connection_id)
    # The detail of one that is not connected says why not.
    rows.filter(status=ConnectionStatus.CONNECTED).update(status_detail=detail)
    rows.update(paused_until=until)
