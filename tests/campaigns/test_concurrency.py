"""Several callers at once, each with a connection and a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connections

from campaigns import signals
from campaigns.models import Participant
from campaigns.services import join_lead, qualify_lead
from tests.campaigns.conftest import alone, heard
from tests.campaigns.factories import make_campaign, make_lead

T = TypeVar("T")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]


def at_once(call: Callable[[], T], *, times: int = 4) -> list[T]:
    """Runs the call in several threads that start together."""
    barrier = Barrier(times)

    def run() -> T:
        barrier.wait(timeout=10)
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run) for _ in range(times)]]


def test_same_email_joining_at_once_is_one_person_and_one_signal() -> None:
    campaign = make_campaign()
    with alone(signals.lead_joined), heard(signals.lead_joined) as told:
        people = at_once(lambda: join_lead(campaign=campaign, email="ana@x.com"))
    assert {person.pk for person in people} == {Participant.objects.get().pk}
    assert [person.newly_joined for person in people].count(True) == 1
    assert len(told) == 1


def test_lead_qualified_by_several_at_once_qualifies_once() -> None:
    lead = make_lead()
    with alone(signals.lead_qualified), heard(signals.lead_qualified) as told:
        answers = at_once(lambda: qualify_lead(Participant.objects.get(pk=lead.pk)))
    assert answers.count(True) == 1
    assert len(told) == 1
