"""Puts the sweep on django-q2's schedule, once."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django_q.models import Schedule

from integrations.services.queue import SWEEP


def schedule_sweep(*, using: str = "default", **_: Any) -> None:
    """After each migrate. A schedule that is there already is left as somebody may have set it."""
    if Schedule._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001
        return
    # Not get_or_create: two that stand there, of two migrates at once, must not fail every later one.
    schedules = Schedule.objects.using(using)
    if not schedules.filter(func=SWEEP).exists():
        schedules.create(func=SWEEP, name="sweep", schedule_type=Schedule.MINUTES, minutes=1, repeats=-1)
