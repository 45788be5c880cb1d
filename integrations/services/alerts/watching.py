"""Keeps the alerts in step with what is wrong: begins them, ends them, and lets one that flaps go on.

Whatever changes is committed before anybody is told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Case, Q, Value, When

from integrations.models import Alert, AlertKind, AlertSettings, ConnectionStatus
from integrations.services.alerts.conditions import look

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.alerts.conditions import Key, Seen

SETTLES = timedelta(minutes=10)
"""Trouble that is back within so long was never over: nobody is told of its end before."""

AWAY = timedelta(minutes=10)
"""The sweep runs every minute: after so long without one, nothing was sent meanwhile."""

KEPT = timedelta(days=30)

COUNTED = (AlertKind.FAILURES, AlertKind.FIELDS)
"""Their number is how many there are by now; of a line that stands still it is the limit that it passed."""


def watch(now: datetime, *, swept_at: datetime | None) -> int:
    """One look; returns how many alerts are open. `swept_at` is when the sweep last ran."""
    limits, _ = AlertSettings.objects.get_or_create(pk=AlertSettings.ONLY)
    seen = look(now, limits=limits)
    with transaction.atomic():
        if not _is_newest(now):
            return len(seen)
        _note_absence(now, swept_at=swept_at)
        _keep_in_step(seen, now=now)
        Alert.objects.filter(ended_at__lt=now - KEPT).delete()
    return len(seen)


def _is_newest(now: datetime) -> bool:
    """Of two looks at once the later one counts. Also holds the row until the end, so they take turns.

    One far in the future is of a clock that was set back: nobody would be told of anything till then.
    """
    only = AlertSettings.objects.filter(pk=AlertSettings.ONLY)
    before = Q(looked_at=None) | Q(looked_at__lt=now) | Q(looked_at__gt=now + AWAY)
    return bool(only.filter(before).update(looked_at=now))


def _note_absence(now: datetime, *, swept_at: datetime | None) -> None:
    """A worker that is away can tell nobody: it is told after the fact."""
    if swept_at is None or now - swept_at <= AWAY:
        return
    if not Alert.objects.filter(kind=AlertKind.WORKER, ended_at__gt=swept_at).exists():
        Alert.objects.create(kind=AlertKind.WORKER, since=swept_at, ended_at=now, mail_due_at=now)


def _keep_in_step(seen: Mapping[Key, Seen], *, now: datetime) -> None:
    rows = Alert.objects.filter(ended_at=None).select_related("connection")
    known = {(AlertKind(alert.kind), alert.connection_id or 0): alert for alert in rows}
    for key, one in seen.items():
        if key not in known and one.begins:
            _begin(key, one, now=now)
        elif key in known and key[0] in COUNTED and known[key].number != one.number:
            # Whoever looks reads how it is now; nobody is told once more.
            Alert.objects.filter(pk=known[key].pk, ended_at=None).update(number=one.number)
    for key, alert in known.items():
        if key not in seen:
            _end(alert, now=now)


def _begin(key: Key, seen: Seen, *, now: datetime) -> None:
    kind, connection_id = key
    latest = Alert.objects.filter(kind=kind, connection=connection_id, end_told_at=None, claim=None)
    back = (
        latest.filter(ended_at__gt=now - SETTLES).order_by("-ended_at").values_list("pk", flat=True).first()
    )
    untold = When(begin_told_at=None, then=Value(now))
    if back is not None and latest.filter(pk=back).update(
        ended_at=None, number=seen.number, mail_due_at=Case(untold, default=None)
    ):
        return
    Alert.objects.create(
        kind=kind, connection_id=connection_id, since=seen.since, number=seen.number, mail_due_at=now
    )


def _end(alert: Alert, *, now: datetime) -> None:
    """Who disconnects a workspace knows that its trouble is over."""
    connection = alert.connection
    quiet = connection is not None and connection.status == ConnectionStatus.DISCONNECTED
    Alert.objects.filter(pk=alert.pk, ended_at=None).update(
        ended_at=now, mail_due_at=None if quiet else now + SETTLES, mail_tries=0
    )
