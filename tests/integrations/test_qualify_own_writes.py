"""One contact, several campaigns: what we write for one of them is no step for the lead of another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Order, Reason, State
from integrations.models import Delivery, Watch
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services.drain import intents, record
from integrations.services.drain import slice as slice_module
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed
from tests.integrations.qualify_fixtures import (
    RULE,
    change,
    contact_of,
    delivered,
    known,
    look,
    ruled,
    status,
    tell,
)

pytestmark = pytest.mark.django_db

PRO_ROW = {"data_type": "fixed", "value": "Pro", "to": "custom_attributes.plan"}
SOURCE_ROW = {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.plan"}
ANA = "ana@example.com"


@pytest.fixture
def ana(intercom: Intercom) -> Participant:
    """Without a plan, for some time."""
    lead = delivered(intercom, ruled(make_campaign()), ANA)
    at = (int(timezone.now().timestamp()) - 100) * 10
    Watch.objects.update(since=at, first_outside=at, seen=at)
    return lead


def other_campaign(*rows: dict[str, str], audience: Audience = Audience.LEAD) -> Campaign:
    campaign = make_campaign("Other")
    tab = {"action": "create_lead", "field_map": [EMAIL_ROW, *rows], "duplicates": "update"}
    import_document(campaign, {f"{audience}s": tab})
    return campaign


def plan(intercom: Intercom, lead: Participant) -> Any:
    return known(intercom, contact_of(lead))["custom_attributes"].get("plan")


@pytest.mark.parametrize("audience", Audience)
def test_a_qualifying_value_written_for_another_campaign_qualifies_nobody(
    intercom: Intercom, ana: Participant, audience: Audience
) -> None:
    make = make_lead if audience == Audience.LEAD else make_referrer
    again = make(other_campaign(PRO_ROW, audience=audience), email=ANA)
    intercom.drain()
    assert (owed(again).state, plan(intercom, ana)) == (State.UPDATED, "Pro")
    tell(intercom, contact_of(ana))
    look(intercom)
    assert status(ana) == "pending"


def test_not_even_when_we_look_just_before_it_arrives(
    intercom: Intercom, ana: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = intents.commit_intents

    def then_look(*args: Any, **kwargs: Any) -> Any:
        ready = commit(*args, **kwargs)
        look(intercom)
        return ready

    monkeypatch.setattr(slice_module, "commit_intents", then_look)
    make_lead(other_campaign(PRO_ROW), email=ANA)
    intercom.drain()
    monkeypatch.undo()
    tell(intercom, contact_of(ana))
    Watch.objects.filter(since=None).update(wanted_at=timezone.now() - timedelta(seconds=1))
    look(intercom)
    assert (plan(intercom, ana), status(ana)) == ("Pro", "pending")
    assert Watch.objects.get().value == "Pro"


def test_another_field_written_for_another_campaign_leaves_the_watch_alone(
    intercom: Intercom, ana: Participant
) -> None:
    before = Watch.objects.get()
    make_lead(other_campaign({**PRO_ROW, "to": "custom_attributes.lead_source"}), email=ANA)
    intercom.drain()
    after = Watch.objects.get()
    assert (after.since, after.first_outside) == (before.since, before.first_outside)
    change(intercom, contact_of(ana), "Pro", later=5)
    tell(intercom, contact_of(ana))
    assert status(ana) == "qualified"


def test_what_a_person_changes_after_our_write_still_counts(intercom: Intercom, ana: Participant) -> None:
    make_lead(other_campaign({**PRO_ROW, "value": "Free"}), email=ANA)
    intercom.drain()
    Watch.objects.filter(since=None).update(wanted_at=timezone.now() - timedelta(seconds=1))
    look(intercom)
    assert Watch.objects.get().value == "Free"
    change(intercom, contact_of(ana), "Pro", later=5)
    tell(intercom, contact_of(ana))
    assert status(ana) == "qualified"


@pytest.mark.parametrize("told_first", [True, False])
def test_present_values_of_which_the_answer_is_late_or_lost_qualify_nobody(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch, told_first: bool
) -> None:
    campaign = ruled(make_campaign(), RULE, field_map=[EMAIL_ROW, SOURCE_ROW])
    lead = make_lead(campaign, email=ANA, source="Free")
    intercom.drain()
    at = (int(timezone.now().timestamp()) - 100) * 10
    Watch.objects.update(since=at, first_outside=at, seen=at)
    Participant.objects.update(source="Pro")
    Delivery.objects.update(
        state=State.WAITING,
        reason=Reason.QUEUED,
        due_at=timezone.now(),
        order=Order.UPDATE,
        settled_as=State.CREATED,
    )
    if told_first:
        store = record.record

        def tell_first(*args: Any, **kwargs: Any) -> Any:
            tell(intercom, contact_of(lead))
            return store(*args, **kwargs)

        monkeypatch.setattr(slice_module, "record", tell_first)
    else:
        lost = Fault(method="PUT", path="/contacts/*", acts=True, ending=Ending.RESET)
        intercom.sandbox.add_fault(intercom.workspace, lost)
    intercom.drain()
    tell(intercom, contact_of(lead))
    look(intercom)
    assert (plan(intercom, lead), status(lead)) == ("Pro", "pending")
