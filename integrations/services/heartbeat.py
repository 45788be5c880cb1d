"""The worker's signs of life. A cluster can hang for good without a word; this is how that is noticed."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from integrations.models import SweepState

AT_MOST_EVERY = timedelta(seconds=10)

SIGN_FILE = "WORKER_SIGN_FILE"
"""The environment variable with the number of the open file by which a worker shows its supervisor that it
lives. Without a supervisor it is not set."""


def sign() -> None:
    """For whoever takes tasks off the line, at each look: a cluster that hangs soon stops looking."""
    if number := os.environ.get(SIGN_FILE):
        with suppress(OSError, ValueError):
            os.utime(int(number))


def beat() -> None:
    """For every task to call: it shows that tasks are taken off the queue and run."""
    now = timezone.now()
    state = SweepState.objects.filter(pk=SweepState.ONLY)
    old = Q(beat_at=None) | Q(beat_at__lt=now - AT_MOST_EVERY)
    if not state.filter(old).update(beat_at=now) and not state.exists():
        SweepState.objects.bulk_create([SweepState(beat_at=now)], ignore_conflicts=True)


def last_beat() -> datetime | None:
    return SweepState.objects.filter(pk=SweepState.ONLY).values_list("beat_at", flat=True).first()
