"""Puts the sweep on django-q2's schedule, once, and makes the rows of which there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections
from django_q.models import Schedule

from integrations.models import SweepState, WebhookHealth
from integrations.services.queue import SWEEP

if TYPE_CHECKING:
    from django.db.models import Model


def schedule_sweep(*, using: str = "default", **_: Any) -> None:
    """After each migrate. A schedule that is there already is left as somebody may have set it."""
    if _stands(SweepState, using=using):
        SweepState.objects.using(using).get_or_create(pk=SweepState.ONLY)
    if _stands(WebhookHealth, using=using):
        # Made here, since no constraint keeps two first refusals at once from making two of it.
        WebhookHealth.objects.using(using).get_or_create(connection=None)
    if not _stands(Schedule, using=using):
        return
    # Not get_or_create: two that stand there, of two migrates at once, must not fail every later one.
    schedules = Schedule.objects.using(using)
    if not schedules.filter(func=SWEEP).exists():
        schedules.create(func=SWEEP, name="sweep", schedule_type=Schedule.MINUTES, minutes=1, repeats=-1)


def _stands(model: type[Model], *, using: str) -> bool:
    """Whether its table is there, with every column: `migrate` may go back, or stop half way."""
    connection, meta = connections[using], model._meta  # noqa: SLF001
    with connection.cursor() as cursor:
        if meta.db_table not in connection.introspection.table_names(cursor):
            return False
        described = connection.introspection.get_table_description(cursor, meta.db_table)
    return {field.column for field in meta.local_concrete_fields} <= {column.name for column in described}
