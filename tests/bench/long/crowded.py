"""A backlog in each of several workspaces, woken at the same moment, and the wait until all of it is sent."""

from __future__ import annotations

import time

from django.db import transaction

from integrations.logic.states import OPEN
from integrations.models import Delivery, DrainLease
from integrations.services.wake import wake
from tests.bench import backlog
from tests.bench.child import tell

LONGEST = 300.0
EVERY = 0.5


def main(slugs: list[str], each: int) -> None:
    """Tells how many leads are not created, once nothing is owed any more. Raises TimeoutError."""
    until = time.monotonic() + LONGEST
    while DrainLease.objects.exclude(token=None).exists():
        _pause(until)
    backlog.clear()
    with transaction.atomic():
        for number, slug in enumerate(slugs):
            backlog.fill(each, slug=slug, first=number * each)
    for slug in slugs:
        wake(backlog.workspace_of(slug))
    while Delivery.objects.filter(state__in=OPEN).exists():
        _pause(until)
    tell({"not_created": backlog.not_created(each * len(slugs))})


def _pause(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError(f"not sent in {LONGEST:.0f} s: {backlog.outcomes()}")
    time.sleep(EVERY)
