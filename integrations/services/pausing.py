"""Stops sending for a campaign or a whole workspace, and goes on. What waits is kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.models import IntercomConnection, SyncSettings
from integrations.services.wake import wake

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


def pause_tabs(tabs: QuerySet[SyncSettings]) -> int:
    """What is being sent is finished; returns how many tabs were not paused already."""
    return tabs.filter(paused_at=None).update(paused_at=timezone.now())


def resume_tabs(tabs: QuerySet[SyncSettings]) -> int:
    """Who waited goes on after the commit, those who waited too long only when somebody says so."""
    with transaction.atomic():
        paused = list(tabs.filter(paused_at__isnull=False))
        SyncSettings.objects.filter(pk__in=[tab.pk for tab in paused]).update(paused_at=None)
        _wake(tab.connection_id for tab in paused)
    return len(paused)


def pause_workspaces(workspaces: QuerySet[IntercomConnection], *, user: User | None) -> int:
    return workspaces.filter(paused_at=None).update(paused_at=timezone.now(), paused_by=user)


def resume_workspaces(workspaces: QuerySet[IntercomConnection]) -> int:
    with transaction.atomic():
        paused = list(workspaces.filter(paused_at__isnull=False).values_list("pk", flat=True))
        IntercomConnection.objects.filter(pk__in=paused).update(paused_at=None, paused_by=None)
        _wake(paused)
    return len(paused)


def _wake(connection_ids: Iterable[int | None]) -> None:
    for connection_id in {one for one in connection_ids if one is not None}:
        transaction.on_commit(partial(wake, connection_id), robust=True)
