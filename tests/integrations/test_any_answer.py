"""Whatever Intercom and the network do, each lead ends in a state that a person can read, and is not lost.

Two worlds: one that answers anything at all, and one that tells the truth but loses calls and answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import requests
from django.db.models import CharField, F, Model
from django.utils import timezone
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from urllib3.exceptions import NewConnectionError

from campaigns.models import Campaign, Participant
from integrations.logic import explain
from integrations.logic.states import DUE, Reason, State
from integrations.models import (
    Attempt,
    ConnectionStatus,
    ContactLink,
    Delivery,
    FieldMap,
    IntercomConnection,
)
from integrations.sandbox.messages import Request
from integrations.sandbox.workspace import PretendIntercom
from integrations.services.drain import drain
from integrations.services.drain.workspace import pace_of
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.answers import LOST, NOBODY, REFUSED_FIELD, SCRIPTS, Script
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.scripted import Called, Said, network

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox

pytestmark = pytest.mark.django_db
in_few_examples = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

ROUNDS = 3
LAG = 300.0
A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
NUMBERS = count(1)
SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
PANELS: list[dict[str, Any]] = [
    {"action": action, "duplicates": policy, "field_map": [EMAIL_ROW, NAME_ROW, SOURCE_ROW]}
    for action in ("create_lead", "create_user")
    for policy in ("skip", "update")
]


def clean_slate(intercom: Intercom, panel: dict[str, Any]) -> Campaign:
    Participant.objects.all().delete()
    ContactLink.objects.all().delete()
    everybody_is_well(intercom)
    campaign = make_campaign()
    set_panel(campaign, **panel)
    return campaign


def everybody_is_well(intercom: Intercom, *, after: timedelta = timedelta(hours=2)) -> bool:
    """The workspace is connected again, and so much time has passed. Whether anybody is still owed."""
    IntercomConnection.objects.filter(pk=intercom.connection.pk).update(
        status=ConnectionStatus.CONNECTED, paused_until=None
    )
    pace_of.cache_clear()
    rows, now = Delivery.objects.filter(state__in=DUE), timezone.now()
    rows.filter(due_at__lte=now + after).update(due_at=now)
    # What is in doubt rests on when it left, not only on when it is due.
    rows.filter(state=State.UNCERTAIN).update(intent_at=F("intent_at") - after)
    return rows.exists()


def check_states() -> None:
    """Each participant has one delivery, in a state and for a reason that fit and can be explained."""
    rows = list(Delivery.objects.all())
    assert len(rows) == Participant.objects.count()
    for row in rows:
        state, reason = State(row.state), Reason(row.reason)
        assert explain.EXPLANATIONS[reason].what
        assert state is not State.SENDING
        assert (row.due_at is not None) is (state in DUE)
        if state in DUE:
            assert reason in explain.WAITING
        if state is State.NEEDS_ATTENTION:
            assert reason in explain.ATTENTION
        if state in {State.CREATED, State.UPDATED}:
            assert row.contact_id


def check_columns(rows: Iterable[Model]) -> None:
    """Every text fits its column: SQLite takes any, other databases refuse the whole transaction."""
    for row in rows:
        for column in row._meta.concrete_fields:
            if isinstance(column, CharField) and column.max_length is not None:
                assert len(getattr(row, column.attname)) <= column.max_length, column.name


def check_creates(log: Sequence[tuple[Called, Said]], *, email: str) -> None:
    """Between two creates of a lead that may both have been carried out there is a search for it."""
    doubtful = False
    for call, said in log:
        if call.kind == "search" and email in call.emails:
            doubtful = False
        if call.kind == "create" and email in call.emails:
            assert not doubtful
            doubtful = said.acted


@in_few_examples
@given(panel=st.sampled_from(PANELS), script=SCRIPTS)
@example(panel=PANELS[0], script={"search": [NOBODY], "create": [REFUSED_FIELD, LOST], "read": [LOST]})
@example(panel=PANELS[0], script={"search": [NOBODY], "create": [Said(404)], "read": [LOST]})
def test_any_answer_leaves_every_lead_in_a_state_that_can_be_explained(
    intercom: Intercom, caplog: pytest.LogCaptureFixture, panel: dict[str, Any], script: dict[str, list[Said]]
) -> None:
    campaign = clean_slate(intercom, panel)
    email = f"any{next(NUMBERS)}@example.com"
    lead = make_lead(campaign, email=email)
    caplog.clear()
    with network(Script(script, email=email), seconds=0.15) as log:
        for _ in range(ROUNDS):
            drain(intercom.connection.pk)
            check_states()
            if not everybody_is_well(intercom):
                break
    if panel["action"] == "create_lead":
        check_creates(log, email=email)
    assert [record for record in caplog.records if record.exc_info] == []
    for model in (Delivery, Attempt, ContactLink, IntercomConnection, FieldMap):
        check_columns(model._default_manager.all())
    event(owed(lead).state)


# A world that tells the truth, and loses calls and answers.

HEALTHY = "healthy"
MISHAPS = ("no connection", "lost on the way", "answer lost", "500 unseen", "500 done", "html", "429", "401")
NOT_CARRIED_OUT = {"no connection", "lost on the way", "500 unseen", "429", "401"}
SAID: dict[str, Said] = {
    "no connection": Said(
        error=requests.ConnectionError(NewConnectionError(None, "refused"))  # type: ignore[arg-type]
    ),
    "lost on the way": LOST,
    "answer lost": LOST,
    "500 unseen": Said(500, body=b"{}"),
    "500 done": Said(500, body=b"{}"),
    "html": Said(200, body=b"<html>"),
    "429": Said(429, body=b"{}"),
    "401": Said(401, body=b"{}"),
}


class World:
    """A truthful Intercom behind a bad network: `mishaps` meet the first calls, one each."""

    def __init__(self, sandbox: Sandbox, mishaps: Sequence[str]) -> None:
        self._vendor = PretendIntercom(sandbox.store)
        self._mishaps = iter(mishaps)

    def __call__(self, call: Called) -> Said:
        mishap = next(self._mishaps, HEALTHY)
        truth = Said(error=OSError())
        if mishap not in NOT_CARRIED_OUT:
            answer = self._vendor.handle(Request(call.method, call.path, call.headers, call.body, call.query))
            truth = Said(answer.status, answer.headers, answer.body)
        return SAID.get(mishap, truth)


def drained(intercom: Intercom, *, after: timedelta) -> bool:
    """Drains, and lets time pass; whether anybody is still owed."""
    drain(intercom.connection.pk)
    check_states()
    if after.total_seconds() > LAG:
        intercom.sandbox.let_search_catch_up(intercom.workspace)
    return everybody_is_well(intercom, after=after)


@in_few_examples
@given(
    mishaps=st.lists(st.sampled_from([HEALTHY, *MISHAPS]), max_size=5),
    panel=st.sampled_from(PANELS),
    twice=st.booleans(),
)
@example(mishaps=[HEALTHY, "lost on the way"], panel=PANELS[0], twice=False)
@example(mishaps=[HEALTHY, "answer lost", HEALTHY, "500 done"], panel=PANELS[0], twice=True)
@example(mishaps=[HEALTHY, "429", "401", "answer lost", "html"], panel=PANELS[0], twice=False)
def test_whatever_is_lost_on_the_way_there_is_one_contact_in_the_end(
    intercom: Intercom, mishaps: list[str], panel: dict[str, Any], *, twice: bool
) -> None:
    campaign = clean_slate(intercom, panel)
    email = f"one{next(NUMBERS)}@example.com"
    leads = [make_lead(campaign, email=email)]
    if twice:
        other = make_campaign()
        set_panel(other, **panel)
        leads.append(make_lead(other, email=email))
    intercom.sandbox.set_lag(intercom.workspace, LAG)
    with network(World(intercom.sandbox, mishaps), seconds=0.9) as log:
        for _ in range(len(mishaps) + 6):
            if not (drained(intercom, after=A_MINUTE) and drained(intercom, after=AN_HOUR)):
                break
    (contact,) = intercom.sandbox.contacts(intercom.workspace, email=email)
    rows = [owed(lead) for lead in leads]
    assert {row.contact_id for row in rows} == {contact["id"]}
    assert [row.state for row in rows].count(State.CREATED) == 1
    assert {row.state for row in rows} <= {State.CREATED, State.SKIPPED, State.UPDATED}
    if panel["action"] == "create_lead":
        check_creates(log, email=email)
