"""Lets people go to Intercom who were left out, a few at a time, and stops. Sets rows; the drain sends."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Count, Max
from django.utils import timezone

from integrations.models import Delivery, Pace, Release, ReleaseKind, SyncSettings
from integrations.services.left_out import members
from integrations.services.repair import cancel, send_again
from integrations.services.rounds import AT_ONE_GO, BATCH, IN_A_REQUEST, claim, is_due
from integrations.services.tabs import tab_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

log = logging.getLogger(__name__)


def running() -> QuerySet[Release]:
    return Release.objects.filter(finished_at=None, stopped_at=None)


def start(tab: SyncSettings, kind: ReleaseKind, *, pace: Pace, user: User | None) -> Release | None:
    """Begins to let go whoever is left out now; None if nobody is.

    If that is going on already (a second click, another admin), it goes on as it was asked for first.
    """
    now = timezone.now()
    if kind is ReleaseKind.JOINED_BEFORE:
        settle_question(tab)
    try:
        with transaction.atomic():
            found = members(tab, kind).aggregate(total=Count("pk"), up_to=Max("pk"))
            if not found["total"]:
                return None
            release = Release.objects.create(
                settings=tab, kind=kind, made_by=user, per_minute=pace, next_at=now, **found
            )
    except IntegrityError:
        return running().filter(settings=tab, kind=kind).first()
    let_go(release.pk, seconds=IN_A_REQUEST)
    release.refresh_from_db()
    return release


def settle_question(tab: SyncSettings) -> None:
    """Somebody has answered about those who joined before: they are not asked about again by themselves."""
    SyncSettings.objects.filter(pk=tab.pk, asked_at=None).update(asked_at=timezone.now())


def stop(release_id: int, *, user: User | None) -> bool:
    """Lets nobody else go; False if it had ended. Who is on the way already goes on."""
    ended = {"stopped_at": timezone.now(), "stopped_by": user}
    return bool(running().filter(pk=release_id).update(**ended))


def drop_held(tab: SyncSettings) -> int:
    """Sends those who are held no more; returns how many. What goes on meanwhile is left alone."""
    dropped = reached = 0
    until = time.monotonic() + AT_ONE_GO
    while time.monotonic() < until:
        with transaction.atomic():
            ids = _locked(members(tab, ReleaseKind.HELD).filter(pk__gt=reached), at_most=BATCH)
            dropped += len(cancel(ids))
        if not ids:
            break
        reached = ids[-1]
    return dropped


def carry_on() -> int:
    """One round of every release that is due; returns how many people it let go."""
    now = timezone.now()
    due = running().filter(is_due(now)).order_by("pk").values_list("pk", flat=True)
    until = time.monotonic() + AT_ONE_GO
    number = 0
    for release_id in list(due):
        try:
            number += let_go(release_id, seconds=until - time.monotonic())
        except Exception:
            # One that fails must hold up neither the others nor the sweep.
            log.exception("a release failed; it goes on in a minute", extra={"release": release_id})
    return number


def let_go(release_id: int, *, seconds: float) -> int:
    """One minute's people, if sending is possible at all: else they would only wait elsewhere."""
    release = running().select_related("settings__connection").filter(pk=release_id).first()
    now = timezone.now()
    if release is None or tab_of(release.settings, now=now).held_by:
        return 0
    if not claim(running().filter(pk=release_id), now=now):
        return 0
    left = release.per_minute or None
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until and (left is None or number < left):
        at_most = BATCH if left is None else min(BATCH, left - number)
        done, more = _batch(release_id, at_most=at_most)
        number += done
        if not more:
            break
    return number


def _batch(release_id: int, *, at_most: int) -> tuple[int, bool]:
    """Lets the next few go; how many, and whether to go on. Whoever stops it waits for one batch at most."""
    with transaction.atomic():
        rows = running().select_for_update(of=("self",)).select_related("settings")
        release = rows.filter(pk=release_id).first()
        if release is None:
            return 0, False
        wanted = members(release.settings, ReleaseKind(release.kind)).filter(pk__lte=release.up_to)
        ids = _locked(wanted.filter(pk__gt=release.reached), at_most=at_most)
        done = len(send_again(ids))
        release.reached = ids[-1] if ids else release.reached
        release.sent += done
        more = wanted.filter(pk__gt=release.reached).exists()
        release.finished_at = None if more else timezone.now()
        release.save(update_fields=["reached", "sent", "finished_at"])
    return done, more


def _locked(rows: QuerySet[Delivery], *, at_most: int) -> list[int]:
    """Locked before they are ordered anything: who has moved on meanwhile is not among them any more."""
    chosen = rows.order_by("pk").select_for_update(of=("self",))
    return list(chosen.values_list("pk", flat=True)[:at_most])
