"""Two pretend workspaces, three campaigns and a few people whom everything happens to, in any order.

Each method is one thing that somebody does, or that goes wrong. None of them says what has to come of it:
that is for `whole_agreement`. What people order, and what is done in Intercom, is in `whole_world`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import OperationalError

from campaigns.models import Audience, Campaign, Participant
from campaigns.services import join_lead, join_referrer
from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.models import (
    Erasure,
    IntercomConnection,
    SyncSettings,
)
from integrations.services.campaign_connection import attach, detach, disconnect_workspace
from integrations.services.connect import connect_with_token
from integrations.services.drain import drain
from integrations.services.drain.workspace import pace_of
from integrations.services.health.snapshot import take
from integrations.services.keeping.deletions import done_by_hand, try_again
from integrations.services.keeping.erasing import ask
from integrations.services.keeping.retention import prune
from integrations.services.pausing import pause_tabs, pause_workspaces, resume_tabs, resume_workspaces
from integrations.services.settings import import_document
from integrations.services.settings_json import SettingsError
from integrations.services.settings_saving import WorkspaceGoneError
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, kill_the_holder
from tests.integrations.qualify_fixtures import RULE

if TYPE_CHECKING:
    import time_machine

    from integrations.sandbox.control import Sandbox

LAG = 60
"""Seconds until search shows what was written; the product counts on no more than INTERCOM_SEARCH_LAG."""

SOURCE_ROW = {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.lead_source"}
BOLD_ROW = NAME_ROW | {"if_present": "overwrite"}
TAB = {"action": "create_lead", "field_map": [EMAIL_ROW, NAME_ROW, SOURCE_ROW]}
USERS = {"action": "create_user", "field_map": [EMAIL_ROW, BOLD_ROW], "duplicates": "update"}
TABS: tuple[dict[str, Any], ...] = (
    {"action": "nothing"},
    TAB | {"duplicates": "skip"},
    TAB | {"field_map": [EMAIL_ROW, BOLD_ROW, SOURCE_ROW], "duplicates": "update"},
    USERS,
    TAB | {"duplicates": "update", "qualification": RULE},
    TAB | {"field_map": [NAME_ROW]},
)
"""What a tab may say: the first does nothing, and the last lacks the row of the email."""

_numbers = count(1)


@dataclass
class Beginning:
    sandbox: Sandbox
    clock: time_machine.Traveller
    boss: User
    workspaces: list[IntercomConnection] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    put_away: set[str] = field(default_factory=set)
    """Contacts that somebody has archived: whoever takes one back may make a second one of it."""

    @classmethod
    def begin(cls, sandbox: Sandbox, clock: time_machine.Traveller) -> Self:
        pace_of.cache_clear()
        world = cls(sandbox, clock, User.objects.create_superuser("boss", "boss@example.com", "pw"))
        for _ in range(2):
            sandbox.add_workspace(name := f"whole{next(_numbers)}")
            sandbox.set_lag(name, LAG)
            world.workspaces.append(_connected(name))
        for number, (leads, referrers) in enumerate(((1, 3), (4, 0), (3, 2))):
            campaign = make_campaign()
            document = {"workspace": world.workspaces[number // 2].workspace_id}
            import_document(campaign, document | {"leads": TABS[leads], "referrers": TABS[referrers]})
            world.campaigns.append(campaign)
        return world

    # People ------------------------------------------------------------------------------------------------

    def join(self, email: str, number: int, audience: Audience, *, heard: bool) -> None:
        """`heard`: whether the receiver works that writes the outbox row."""
        joins = join_lead if audience is Audience.LEAD else join_referrer
        values: dict[str, Any] = {
            "campaign": self.campaigns[number],
            "email": email,
            "first_name": "Ana",
            "source": "ad",
        }
        if heard:
            joins(**values)
            return
        with patch("integrations.receivers.owe", side_effect=OperationalError):
            joins(**values)

    def rename(self, which: int) -> None:
        person = one_of(Participant.objects.all(), which)
        if person is not None:
            Participant.objects.filter(pk=person.pk).update(first_name=f"Ana {next(_numbers)}")

    def erase(self, email: str, *, delete: bool) -> None:
        ask(email, user=self.boss, delete_in=[one.pk for one in self.workspaces] if delete else [])

    def end_erasure(self, *, by_hand: bool) -> None:
        for erasure in Erasure.objects.all():
            (done_by_hand if by_hand else try_again)(erasure)

    # Settings ----------------------------------------------------------------------------------------------

    def save(self, number: int, variant: int, tab: str) -> None:
        document = {tab: TABS[variant]}
        if tab == "referrers":
            document[tab] = {key: value for key, value in TABS[variant].items() if key != "qualification"}
        # What names a field that the workspace lacks by now is refused whole.
        with suppress(SettingsError):
            import_document(self.campaigns[number], document)

    def pause(self, number: int, *, on: bool) -> None:
        tabs = SyncSettings.objects.filter(campaign=self.campaigns[number])
        (pause_tabs if on else resume_tabs)(tabs)

    def pause_workspace(self, number: int, *, on: bool) -> None:
        rows = IntercomConnection.objects.filter(pk=self.workspaces[number].pk)
        if on:
            pause_workspaces(rows, user=self.boss)
        else:
            resume_workspaces(rows)

    def detach(self, number: int) -> None:
        detach(self.campaigns[number], user=self.boss)

    def disconnect(self, number: int) -> None:
        disconnect_workspace(self.workspaces[number], user=self.boss)

    def connect(self, number: int) -> None:
        """Anew, with the same token; Intercom may fail at that too."""
        with suppress(IntercomError):
            _connected(self.workspaces[number].workspace_id)

    def attach(self, number: int, workspace: int) -> None:
        """To the workspace it has, to another one, or to one that is gone."""
        with suppress(WorkspaceGoneError):
            attach(self.campaigns[number], connection=self.workspaces[workspace], user=self.boss)

    # Time, and who makes use of it --------------------------------------------------------------------------

    def wait(self, seconds: int) -> None:
        self.clock.shift(seconds)

    def drain(self, number: int) -> None:
        drain(self.workspaces[number].pk)

    def drain_dies(self, number: int, *, holding: bool) -> None:
        """When it would write down what came of it; `holding`: its process is killed, so that it keeps the
        lease until that has run out."""
        broken = patch("integrations.services.drain.slice.record", side_effect=OperationalError)
        killed = patch("integrations.services.lease.Lease.release")
        with suppress(OperationalError), broken:
            if holding:
                with killed:
                    self.drain(number)
            else:
                self.drain(number)
        if holding:
            kill_the_holder(self.workspaces[number])

    def sweep(self) -> None:
        sweep()

    def count(self) -> None:
        take()

    def prune(self) -> None:
        prune()


def _connected(workspace: str) -> IntercomConnection:
    with Session() as session:
        return connect_with_token(f"token-{workspace}", region="US", session=session).connection


def one_of(rows: Any, which: int) -> Any:
    """The so-manieth row, beginning anew after the last; None where there is none."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return rows.get(pk=ids[which % len(ids)]) if ids else None
