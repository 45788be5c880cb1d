"""A process that stood still (asleep, SIGSTOP) while its lease ran out, and goes on where it was."""

from __future__ import annotations

import time

import pytest

from integrations.intercom.errors import TransientError
from integrations.logic.pace import Pace
from integrations.services.drain import access
from integrations.services.lease import Lease, acquire
from tests.integrations.flow_fixtures import Intercom

pytestmark = pytest.mark.django_db


class Standstill(Pace):
    """Lets the call go, and then time passes before it leaves: its lease is over when it goes on."""

    def __init__(self, lease: Lease) -> None:
        super().__init__()
        self._lease = lease

    def acquire(self) -> float:
        self._lease.safe_until = time.monotonic()
        return super().acquire()


def test_a_create_that_stood_still_past_its_lease_does_not_leave(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = acquire(intercom.connection.pk)
    assert lease is not None
    monkeypatch.setattr(access, "pace_of", lambda _connection_id: Standstill(lease))
    caller = access.Access(lease).caller
    assert caller is not None

    written = caller.create({"role": "lead", "email": "ana@example.com"})

    assert intercom.new_calls() == []
    assert isinstance(written.error, TransientError)
