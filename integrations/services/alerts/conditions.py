"""What is wrong right now, workspace by workspace. Looks only; each question is asked in bounded time,
however many people wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, Min, OuterRef, Q

from integrations.logic.states import State
from integrations.models import (
    Access,
    Action,
    AlertKind,
    ConnectionStatus,
    DataAttribute,
    Delivery,
    FieldMap,
    IntercomConnection,
    QualificationRule,
    Region,
    WebhookHealth,
)
from integrations.services.alerts.backlog import backlogs
from integrations.services.refused import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from integrations.models import AlertSettings

LATELY = timedelta(hours=1)
"""Failures are counted over so long."""

REFUSED_FOR = timedelta(hours=24)
"""Refused notifications count so long after the last of them."""

DISTRUSTED = [Refusal.NO_SECRET, Refusal.NOT_SIGNED, Refusal.WRONG_SIGNATURE]


@dataclass(frozen=True, slots=True)
class Seen:
    """Trouble as it is now. Where `begins` is False it is too little for an alert to begin, and too much
    for one to end."""

    since: datetime
    number: int = 0
    begins: bool = True


Key = tuple[AlertKind, int]
"""What is wrong, and in which workspace (its primary key)."""


def look(now: datetime, *, limits: AlertSettings) -> dict[Key, Seen]:
    """Everything that is wrong in workspaces that are not disconnected. Seven queries."""
    found: dict[Key, Seen] = {}
    for kind, seen in (
        (AlertKind.RECONNECT, _reconnect()),
        (AlertKind.FAILURES, _failures(now, at_least=limits.failures)),
        (AlertKind.BACKLOG, _backlog(now, minutes=limits.backlog_minutes)),
        (AlertKind.FIELDS, _fields(now)),
        (AlertKind.WEBHOOKS, _webhooks(now)),
    ):
        found |= {(kind, connection_id): one for connection_id, one in seen}
    return found


def _reconnect() -> Iterator[tuple[int, Seen]]:
    rows = IntercomConnection.objects.filter(status=ConnectionStatus.RECONNECT_NEEDED)
    for pk, since in rows.values_list("pk", "status_since"):
        yield pk, Seen(since)


def _failures(now: datetime, *, at_least: int) -> Iterator[tuple[int, Seen]]:
    """Begins at the limit, and is over below half of it."""
    rows = (
        Delivery.objects.filter(
            _in_use("settings__connection"), state=State.NEEDS_ATTENTION, settled_at__gt=now - LATELY
        )
        .order_by()
        .values_list("settings__connection")
        .annotate(number=Count("pk"), first=Min("settled_at"))
    )
    for pk, number, first in rows:
        if number * 2 >= at_least:
            yield pk, Seen(first, number, begins=number >= at_least)


def _backlog(now: datetime, *, minutes: int) -> Iterator[tuple[int, Seen]]:
    """Begins at the limit, and is over when nobody has waited for half as long."""
    limit = timedelta(minutes=minutes)
    for pk, since in backlogs(now).items():
        if now - since >= limit / 2:
            yield pk, Seen(since, minutes, begins=now - since >= limit)


def _fields(now: datetime) -> Iterator[tuple[int, Seen]]:
    """Mapped fields with a problem, and the attribute of a rule that the workspace has no more."""
    troubled: dict[int, Seen] = {}
    mapped = FieldMap.objects.filter(_in_use("settings__connection"), _acting()).exclude(problem="")
    counted = mapped.order_by().values_list("settings__connection")
    for pk, number, since in counted.annotate(number=Count("pk"), since=Min("problem_at")):
        troubled[pk] = Seen(since or now, number)
    for pk in _rules_without_attribute():
        before = troubled.get(pk, Seen(now))
        troubled[pk] = Seen(before.since, before.number + 1)
    yield from troubled.items()


def _rules_without_attribute() -> list[int]:
    there = DataAttribute.objects.filter(
        connection=OuterRef("settings__connection"), full_name=OuterRef("attribute"), archived=False
    )
    rules = QualificationRule.objects.filter(
        ~Exists(there),
        _in_use("settings__connection"),
        _acting(),
        method=QualificationRule.Method.ATTRIBUTE_CHANGES,
        settings__connection__attributes_at__isnull=False,
    )
    # One that a row of the panel fills as well is counted there.
    twice = FieldMap.objects.filter(settings=OuterRef("settings"), target=OuterRef("attribute"))
    return list(
        rules.exclude(Exists(twice.exclude(problem=""))).values_list("settings__connection", flat=True)
    )


def _webhooks(now: datetime) -> Iterator[tuple[int, Seen]]:
    """The latest thing that came was not believed. At the OAuth app's address anybody may knock."""
    rows = WebhookHealth.objects.filter(
        Q(last_received_at=None) | Q(last_received_at__lt=F("last_refused_at")),
        Q(connection__access=Access.TOKEN) | Q(connection__region=Region.SANDBOX),
        _in_use("connection"),
        last_refused_at__gt=now - REFUSED_FOR,
        last_refusal__in=DISTRUSTED,
    )
    for pk, since in rows.values_list("connection", "last_refused_at"):
        yield pk, Seen(since or now)


def _in_use(path: str) -> Q:
    """A workspace is there, and nobody has disconnected it."""
    gone = Q(**{f"{path}__status": ConnectionStatus.DISCONNECTED})
    return Q(**{f"{path}__isnull": False}) & ~gone


def _acting() -> Q:
    return ~Q(settings__action=Action.NOTHING)
