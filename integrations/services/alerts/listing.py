"""The alerts as a page lists them: those that stand, and those of the last thirty days. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from integrations.models import Alert, AlertKind
from integrations.services.alerts.words import log_path, next_step, what, where
from integrations.services.everything import SILENT_AFTER
from integrations.services.heartbeat import last_beat

if TYPE_CHECKING:
    from datetime import datetime

AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """`lasted` is empty while it stands; `problem` says why nobody could be told yet.

    `log_path` is where the sync log shows whom it is about; empty where that is nobody in particular.
    """

    connection_id: int | None
    kind: str
    where: str
    what: str
    next_step: str
    log_path: str
    since: datetime
    ended_at: datetime | None
    lasted: str
    told: str
    problem: str


def standing() -> list[Line]:
    """Whatever is wrong now, the longest first."""
    rows = Alert.objects.filter(ended_at=None).select_related("connection").order_by("since", "pk")
    return [_line(alert) for alert in rows[:AT_MOST]]


def past() -> list[Line]:
    """What is over, the latest first."""
    rows = Alert.objects.filter(ended_at__isnull=False).select_related("connection")
    return [_line(alert) for alert in rows.order_by("-ended_at", "-pk")[:AT_MOST]]


def what_is_wrong() -> list[str]:
    """For a monitor: a sentence for each alert that stands, and first of all whether anything is sent."""
    beat = last_beat()
    silent = beat is None or timezone.now() - beat > SILENT_AFTER
    lines = [_("Nothing is being sent: the worker shows no sign of life.")] if silent else []
    return [*lines, *(f"{line.where}: {line.kind}. {line.what}" for line in standing())]


def _line(alert: Alert) -> Line:
    ended = alert.ended_at
    return Line(
        connection_id=alert.connection_id,
        kind=str(AlertKind(alert.kind).label),
        where=where(alert),
        what=what(alert),
        next_step=next_step(alert),
        log_path=log_path(alert),
        since=alert.since,
        ended_at=ended,
        lasted=timesince(alert.since, ended, depth=2) if ended else "",
        told=_told(alert),
        problem=alert.mail_problem,
    )


def _told(alert: Alert) -> str:
    if alert.end_told_at:
        return _("Mailed, and that it was over")
    if alert.begin_told_at:
        return _("Mailed")
    if alert.mail_due_at is None:
        return _("Not mailed")
    return (
        _("To be mailed")
        if alert.mail_due_at > timezone.now() or not alert.mail_problem
        else _("Not yet mailed")
    )
