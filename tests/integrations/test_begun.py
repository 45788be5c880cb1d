"""A write that had begun before the rules changed ends as what it was, and says what it lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.intercom.session import Session
from integrations.logic.states import Intent, Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as SandboxState
from integrations.sandbox.messages import Ending
from integrations.services import repair
from integrations.services.attributes import refresh_attributes
from integrations.services.drain import verdicts
from integrations.services.lease import acquire
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import (
    EMAIL_ROW,
    NAME_ROW,
    Intercom,
    kill_the_holder,
    owed,
    set_panel,
    the_lag_is_over,
)

pytestmark = pytest.mark.django_db

SIZE = "company_size"
SIZE_ROW = {"data_type": "fixed", "value": "7", "to": f"custom_attributes.{SIZE}"}
UPDATES: dict[str, Any] = {"field_map": [EMAIL_ROW, NAME_ROW, SIZE_ROW], "duplicates": "update"}
SKIPS = UPDATES | {"duplicates": "skip"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    assert intercom.connection.pk
    campaign = make_campaign()
    set_panel(campaign, **UPDATES)
    return campaign


def answer_lost(intercom: Intercom, *, method: str, path: str, acts: bool = True) -> None:
    fault = Fault(acts=acts, method=method, path=path, ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)


def fields_read_again(connection: IntercomConnection) -> None:
    with Session() as session:
        refresh_attributes(connection, session=session)


def size_is_archived(intercom: Intercom, *, archived: bool = True) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, SIZE, archived=archived)
    fields_read_again(intercom.connection)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried again only when somebody says so."""
    monkeypatch.setattr(verdicts, "retry_after", lambda _attempts: timedelta(hours=1))


def try_now(lead: Participant) -> None:
    assert repair.retry_now([owed(lead).pk])


def test_an_update_that_arrived_unheard_is_no_skip_when_the_policy_changes(
    intercom: Intercom, campaign: Campaign
) -> None:
    contact = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    answer_lost(intercom, method="PUT", path="/contacts/*")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert owed(lead).state == State.WAITING

    set_panel(campaign, **SKIPS)
    try_now(lead)
    intercom.drain()

    row = owed(lead)
    assert (row.state, row.reason, row.contact_id) == (State.UPDATED, Reason.SAME_VALUES, contact)


def test_an_update_that_may_have_arrived_and_did_not_is_carried_out(
    intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    answer_lost(intercom, method="PUT", path="/contacts/*", acts=False)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()

    set_panel(campaign, **SKIPS)
    try_now(lead)
    intercom.drain()

    (contact,) = intercom.contacts()
    assert owed(lead).state == State.UPDATED
    assert contact["custom_attributes"][SIZE] == 7


def test_an_update_of_a_process_that_died_is_no_skip_either(intercom: Intercom, campaign: Campaign) -> None:
    contact = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", name="Ana Lima")
    lead = make_lead(campaign, email="ana@example.com")
    lease = acquire(intercom.connection.pk)
    assert lease is not None
    Delivery.objects.filter(participant=lead).update(
        state=State.SENDING,
        reason=Reason.SENDING,
        due_at=None,
        connection=intercom.connection,
        email="ana@example.com",
        intent=Intent.UPDATE,
        intent_at=timezone.now(),
        lease_token=lease.token,
    )
    intercom.sandbox.change_contact(intercom.workspace, contact, custom_attributes={SIZE: 7})
    kill_the_holder(intercom.connection)

    set_panel(campaign, **SKIPS)
    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.SAME_VALUES)


def test_an_update_that_was_refused_never_began(intercom: Intercom, campaign: Campaign) -> None:
    contact = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    fault = Fault(acts=False, method="PUT", path="/contacts/*", status=400)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert owed(lead).reason == Reason.REJECTED

    set_panel(campaign, **SKIPS)
    assert repair.send_again([owed(lead).pk])
    intercom.drain()

    assert (owed(lead).state, owed(lead).contact_id) == (State.SKIPPED, contact)


def test_a_refusal_does_not_end_the_doubt_about_an_earlier_update(
    intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    answer_lost(intercom, method="PUT", path="/contacts/*", acts=False)
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, method="PUT", path="/contacts/*", status=400)
    )
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    try_now(lead)
    intercom.drain()
    assert owed(lead).reason == Reason.REJECTED

    set_panel(campaign, **SKIPS)
    assert repair.send_again([owed(lead).pk])
    intercom.drain()

    assert owed(lead).state == State.UPDATED


def test_an_update_of_another_email_binds_nobody(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    other = intercom.sandbox.add_contact(intercom.workspace, email="anna@example.com")
    answer_lost(intercom, method="PUT", path="/contacts/*")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()

    Participant.objects.filter(pk=lead.pk).update(
        email="anna@example.com", email_normalized="anna@example.com"
    )
    set_panel(campaign, **SKIPS)
    try_now(lead)
    intercom.drain()

    assert (owed(lead).state, owed(lead).contact_id) == (State.SKIPPED, other)


def test_what_a_create_of_ours_left_out_is_missing_when_it_is_found(
    intercom: Intercom, campaign: Campaign
) -> None:
    size_is_archived(intercom)
    answer_lost(intercom, method="POST", path="/contacts")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert owed(lead).state == State.UNCERTAIN

    size_is_archived(intercom, archived=False)
    the_lag_is_over()
    intercom.drain()

    row = owed(lead)
    assert (row.state, row.reason, row.incomplete) == (State.CREATED, Reason.OURS, True)
    assert repair.complete([row.pk])
    intercom.drain()
    (contact,) = intercom.contacts()
    assert contact["custom_attributes"][SIZE] == 7
    assert (owed(lead).state, owed(lead).incomplete) == (State.CREATED, False)


def test_a_create_of_ours_that_has_everything_is_complete(intercom: Intercom, campaign: Campaign) -> None:
    answer_lost(intercom, method="POST", path="/contacts")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()

    the_lag_is_over()
    intercom.drain()

    assert (owed(lead).reason, owed(lead).incomplete) == (Reason.OURS, False)


def test_an_update_that_has_arrived_binds_nothing_that_comes_later(
    intercom: Intercom, campaign: Campaign
) -> None:
    gone = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    intercom.sandbox.set_state(intercom.workspace, gone, SandboxState.DELETED)
    assert repair.send_present([owed(lead).pk])
    intercom.drain()
    assert owed(lead).reason == Reason.CONTACT_GONE

    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    set_panel(campaign, **SKIPS)
    assert repair.send_again([owed(lead).pk])
    intercom.drain()

    assert owed(lead).state == State.SKIPPED
