"""An undo that writes the attribute of a qualification rule: a value that comes back is nobody's step."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.models import Delivery, Watch
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services import repair
from integrations.services.drain import record
from integrations.services.drain import slice as slice_module
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed
from tests.integrations.qualify_fixtures import change, contact_of, look, ruled, status, tell

pytestmark = pytest.mark.django_db

PLAN_ROW = {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.plan"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    """Pro qualifies; and the tab writes the plan itself."""
    return ruled(make_campaign(), field_map=[EMAIL_ROW, PLAN_ROW], duplicates="update")


@pytest.fixture
def lead(intercom: Intercom, campaign: Campaign) -> Participant:
    """Had Pro, and we wrote Free over it."""
    now = int(timezone.now().timestamp())
    intercom.sandbox.add_contact(
        intercom.workspace,
        email="ana@example.com",
        created_at=now - 1000,
        custom_attributes={"plan": "Pro"},
    )
    lead = make_lead(campaign, email="ana@example.com", source="Free")
    intercom.drain()
    assert (owed(lead).state, Watch.objects.get().value) == (State.UPDATED, "Free")
    # Else both writes fall into one second, in which nothing counts as a step.
    Watch.objects.update(since=(now - 100) * 10, first_outside=(now - 100) * 10, seen=(now - 100) * 10)
    return lead


def plan(intercom: Intercom) -> Any:
    (contact,) = intercom.contacts()
    return contact["custom_attributes"]["plan"]


def undo(intercom: Intercom, lead: Participant) -> None:
    assert repair.undo([owed(lead).pk])
    intercom.drain()


def test_a_qualifying_value_that_comes_back_does_not_qualify(intercom: Intercom, lead: Participant) -> None:
    undo(intercom, lead)
    tell(intercom, contact_of(lead))
    look(intercom)
    assert (plan(intercom), status(lead)) == ("Pro", "pending")
    assert Watch.objects.get().value == "Pro"


def test_not_even_when_intercom_tells_of_it_before_we_have_its_answer(
    intercom: Intercom, lead: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = record.record

    def told_first(*args: Any, **kwargs: Any) -> Any:
        if plan(intercom) == "Pro":
            tell(intercom, contact_of(lead))
        return store(*args, **kwargs)

    monkeypatch.setattr(slice_module, "record", told_first)
    undo(intercom, lead)
    look(intercom)
    assert (plan(intercom), status(lead)) == ("Pro", "pending")


def test_not_even_when_its_answer_gets_lost(intercom: Intercom, lead: Participant) -> None:
    drop = Fault(method="PUT", path="/contacts/*", acts=True, ending=Ending.RESET)
    intercom.sandbox.add_fault(intercom.workspace, drop)
    undo(intercom, lead)
    tell(intercom, contact_of(lead))
    look(intercom)
    if owed(lead).state == State.WAITING:
        Delivery.objects.update(due_at=timezone.now())
        intercom.drain()
    tell(intercom, contact_of(lead))
    look(intercom)
    assert (owed(lead).reason, plan(intercom), status(lead)) == (Reason.UNDONE, "Pro", "pending")


def test_another_campaigns_lead_with_this_contact_does_not_qualify_either(
    intercom: Intercom, lead: Participant
) -> None:
    other = make_lead(ruled(make_campaign("Other"), duplicates="update"), email="ana@example.com")
    intercom.drain()
    look(intercom)
    assert Watch.objects.get(participant=other).value == "Free"
    Watch.objects.update(since=10, first_outside=10, seen=10)
    undo(intercom, lead)
    tell(intercom, contact_of(lead))
    look(intercom)
    assert (status(lead), status(other)) == ("pending", "pending")


def test_a_real_step_afterwards_still_counts(intercom: Intercom, campaign: Campaign) -> None:
    known = intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com")
    lead = make_lead(campaign, email="bo@example.com", source="Free")
    intercom.drain()
    undo(intercom, lead)
    assert plan(intercom) is None
    change(intercom, known, "Pro", later=5)
    look(intercom)
    assert status(lead) == "qualified"


def test_an_undo_of_other_fields_leaves_the_watch_alone(intercom: Intercom, campaign: Campaign) -> None:
    source = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
    ruled(campaign, field_map=[EMAIL_ROW, source], duplicates="update")
    intercom.sandbox.add_contact(
        intercom.workspace, email="bo@example.com", custom_attributes={"plan": "Free"}
    )
    lead = make_lead(campaign, email="bo@example.com")
    intercom.drain()
    before = Watch.objects.get()
    undo(intercom, lead)
    after = Watch.objects.get()
    assert owed(lead).reason == Reason.UNDONE
    assert (after.since, after.first_outside, after.value) == (before.since, before.first_outside, "Free")


def test_who_has_qualified_stays_qualified(intercom: Intercom, lead: Participant) -> None:
    change(intercom, contact_of(lead), "Enterprise")
    look(intercom)
    assert status(lead) == "qualified"
    undo(intercom, lead)
    assert (status(lead), owed(lead).reason, plan(intercom)) == (
        "qualified",
        Reason.NOTHING_TO_UNDO,
        "Enterprise",
    )
