"""Joins with the integration on and off, in turn, in an installation's own process.

Off means that its receiver does not listen: the referral app alone.
"""

from __future__ import annotations

import time

from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import signals
from campaigns.models import Campaign
from campaigns.services import join_lead
from integrations import receivers
from integrations.models import IntercomConnection
from tests.bench import backlog
from tests.bench.child import tell


def main(count: int) -> None:
    """Tells the milliseconds of each join, and how many SQL statements the integration adds to one."""
    backlog.clear()
    campaign = Campaign.objects.get()
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(count):
        for on in times:
            _switch(on=on)
            _nobody_woke()
            times[on].append(_milliseconds(campaign, email=f"{'on' if on else 'off'}-{number}@example.com"))
    _switch(on=False)
    off = _statements(campaign, email="off@example.com")
    _switch(on=True)
    _nobody_woke()
    first = _statements(campaign, email="first@example.com")
    second = _statements(campaign, email="second@example.com")
    tell({"off": times[False], "on": times[True], "more": first - off, "more_when_woken": second - off})


def _switch(*, on: bool) -> None:
    signals.lead_joined.disconnect(dispatch_uid="integrations.lead_joined")
    if on:
        receivers.connect()


def _nobody_woke() -> None:
    """The dearest case: this join is the one that has to queue a drain."""
    IntercomConnection.objects.update(dirty=False)


def _milliseconds(campaign: Campaign, *, email: str) -> float:
    since = time.perf_counter()
    join_lead(campaign=campaign, email=email)
    return 1000 * (time.perf_counter() - since)


def _statements(campaign: Campaign, *, email: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        join_lead(campaign=campaign, email=email)
    return len(captured)
