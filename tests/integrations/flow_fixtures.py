"""Whole flows: a connected workspace in the sandbox, a panel to set, and drains run in the test's process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Campaign, Participant
from integrations.intercom.session import Session
from integrations.logic.states import State
from integrations.models import Delivery, DrainLease, IntercomConnection
from integrations.services.connect import connect_with_token
from integrations.services.drain import drain
from integrations.services.drain.workspace import pace_of, silence_of
from integrations.services.queue import DRAIN
from integrations.services.settings import import_document
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from integrations.sandbox.control import Call, Sandbox

EMAIL_ROW = {"data_type": "dynamic", "from": "lead.email", "to": "email"}
NAME_ROW = {"data_type": "dynamic", "from": "lead.full_name", "to": "name"}


@dataclass
class Intercom:
    """The sandbox as seen by a flow test."""

    sandbox: Sandbox
    connection: IntercomConnection
    workspace: str = WORKSPACE

    def contacts(self) -> list[dict[str, Any]]:
        return list(self.sandbox.contacts(self.workspace))

    def emails(self) -> list[str]:
        return sorted(contact["email"] for contact in self.contacts())

    def calls(self) -> list[str]:
        """Each call as "METHOD /path/with/{id}"."""
        return [_template(call) for call in self.sandbox.calls(self.workspace)]

    def forget_calls(self) -> None:
        self._seen = len(self.calls())

    def new_calls(self) -> list[str]:
        return self.calls()[getattr(self, "_seen", 0) :]

    def drain(self) -> str:
        return drain(self.connection.pk)

    def drain_on(self) -> None:
        """As workers do: a slice whose time is up before a rest is over hands on to the next."""
        for _ in range(5):
            if not self.drain().endswith("handed on"):
                return


def _template(call: Call) -> str:
    parts = ["{id}" if len(part) == 24 else part for part in call.path.split("/")]
    return f"{call.method} {'/'.join(parts)}"


@pytest.fixture
def connection(
    db: None,
    sandbox: Sandbox,
    settings: Settings,
) -> IntercomConnection:
    """A connected workspace of the sandbox."""
    settings.INTERCOM_API_URL = sandbox.url
    with Session() as session:
        return connect_with_token(TOKEN, region="US", session=session).connection


@pytest.fixture
def intercom(sandbox: Sandbox, connection: IntercomConnection) -> Iterator[Intercom]:
    _forget()
    flow = Intercom(sandbox, connection)
    flow.forget_calls()
    yield flow
    _forget()


def _forget() -> None:
    """What this process has learned of other tests' workspaces."""
    pace_of.cache_clear()
    silence_of.cache_clear()


def set_panel(campaign: Campaign, **leads: Any) -> None:
    """The Leads tab, by default a working one that creates leads."""
    tab = {"action": "create_lead", "field_map": [EMAIL_ROW, NAME_ROW], **leads}
    import_document(campaign, {"leads": tab})


def queued(task: str = DRAIN) -> int:
    """How many tasks of a kind wait for a worker."""
    return sum(one.func() == task for one in OrmQ.objects.all())


def owed(participant: Participant) -> Delivery:
    return Delivery.objects.get(participant=participant)


def kill_the_holder(connection: IntercomConnection) -> None:
    """As if the process that holds the lease had died some time ago."""
    DrainLease.objects.filter(connection=connection).update(expires_at="2000-01-01T00:00:00Z")


def the_lag_is_over() -> None:
    """As if search had had the time to show what was created: whatever is in doubt can be looked for."""
    now = timezone.now()
    long_ago = now - timedelta(seconds=settings.INTERCOM_SEARCH_LAG + 1)
    Delivery.objects.filter(state=State.UNCERTAIN).update(due_at=now, intent_at=long_ago)
