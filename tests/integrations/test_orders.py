"""What a person may order: the drain carries it out, and nothing else writes to Intercom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Order, Reason, State
from integrations.models import Delivery, SyncSettings
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.sandbox.messages import Ending
from integrations.services import repair
from integrations.services.bulk_orders.completing import complete_all
from integrations.services.status import tallies
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel, the_lag_is_over

pytestmark = pytest.mark.django_db

SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign, field_map=[EMAIL_ROW, SOURCE_ROW])
    return campaign


def archived_user(intercom: Intercom, campaign: Campaign) -> tuple[Participant, str]:
    set_panel(campaign, action="create_user", duplicates="update")
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.ARCHIVED)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    return lead, known


def test_who_was_not_sent_is_sent_when_somebody_says_so(intercom: Intercom) -> None:
    campaign = make_campaign()
    lead = make_lead(campaign, email="ana@example.com")
    set_panel(campaign)

    assert len(repair.send_again([owed(lead).pk])) == 1
    intercom.drain()

    assert owed(lead).state == State.CREATED


def test_a_second_click_changes_nothing(campaign: Campaign) -> None:
    set_panel(campaign, action="nothing")
    row = owed(make_lead(campaign))
    set_panel(campaign, field_map=[EMAIL_ROW])

    assert len(repair.send_again([row.pk])) == 1
    assert len(repair.send_again([row.pk])) == 0


@pytest.mark.parametrize("state", [State.CREATED, State.UPDATED])
def test_what_is_done_is_not_sent_again(intercom: Intercom, campaign: Campaign, state: State) -> None:
    lead = make_lead(campaign)
    intercom.drain()
    Delivery.objects.update(state=state)

    assert len(repair.send_again([owed(lead).pk])) == 0


def test_a_skipped_contact_is_updated_after_all(intercom: Intercom, campaign: Campaign) -> None:
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()

    assert len(repair.update_anyway([owed(lead).pk])) == 1
    intercom.drain()

    (contact,) = intercom.contacts()
    assert (contact["id"], contact["custom_attributes"]["lead_source"]) == (known, "Referral")
    assert (owed(lead).state, owed(lead).order) == (State.UPDATED, Order.NONE)


def test_an_archived_contact_is_restored_and_updated(intercom: Intercom, campaign: Campaign) -> None:
    lead, known = archived_user(intercom, campaign)
    assert owed(lead).reason == Reason.ARCHIVED

    assert len(repair.restore_and_update([owed(lead).pk])) == 1
    intercom.drain()

    (contact,) = intercom.contacts()
    assert contact["id"] == known
    assert (owed(lead).state, owed(lead).contact_id) == (State.UPDATED, known)


def test_a_contact_that_somebody_restored_meanwhile_is_simply_updated(
    intercom: Intercom, campaign: Campaign
) -> None:
    lead, known = archived_user(intercom, campaign)
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.LIVE)
    repair.restore_and_update([owed(lead).pk])

    intercom.drain()

    assert owed(lead).state == State.UPDATED


def test_a_contact_deleted_for_good_cannot_be_restored_and_says_so(
    intercom: Intercom, campaign: Campaign
) -> None:
    lead, known = archived_user(intercom, campaign)
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.DELETED)
    repair.restore_and_update([owed(lead).pk])

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.NOT_RESTORABLE)


def test_a_person_chooses_which_of_several_is_ours(intercom: Intercom, campaign: Campaign) -> None:
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    other = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="lead")
    the_lag_is_over()
    intercom.drain()
    assert owed(lead).reason == Reason.SEVERAL_MATCHES

    assert repair.choose_contact(owed(lead).pk, contact_id=other)
    intercom.drain()

    assert (owed(lead).state, owed(lead).contact_id) == (State.CREATED, other)


def test_a_chosen_contact_that_is_gone_needs_attention(intercom: Intercom, campaign: Campaign) -> None:
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.DELETED)
    repair.update_anyway([owed(lead).pk])

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.CONTACT_GONE)


def test_a_refused_attribute_is_left_out_and_sent_to_all_once_it_is_repaired(
    intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")
    leads = [make_lead(campaign) for _ in range(3)]

    intercom.drain()

    assert {(owed(lead).state, owed(lead).incomplete) for lead in leads} == {(State.CREATED, True)}
    tab = SyncSettings.objects.get()
    row = tab.field_map.get(target="custom_attributes.lead_source")
    assert row.problem
    assert row.problem_at is not None

    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source", archived=False)
    ordered = complete_all(tab, user=None)
    assert ordered is not None
    assert ordered.done == 3
    row.refresh_from_db()
    assert row.problem == ""
    intercom.drain()

    assert {contact["custom_attributes"].get("lead_source") for contact in intercom.contacts()} == {
        "Referral"
    }
    assert {(owed(lead).state, owed(lead).reason, owed(lead).incomplete) for lead in leads} == {
        (State.CREATED, Reason.COMPLETED, False)
    }


def test_an_order_survives_a_failed_try(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    repair.update_anyway([owed(lead).pk])
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, method="PUT", status=503))
    intercom.drain()
    repair.retry_now([owed(lead).pk])

    intercom.drain()

    assert owed(lead).state == State.UPDATED


def test_a_waiting_lead_can_be_cancelled_and_is_then_not_sent(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign)

    assert len(repair.cancel([owed(lead).pk])) == 1
    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NOT_SENT, Reason.CANCELLED)
    assert intercom.contacts() == []


def test_what_is_in_doubt_cannot_be_cancelled(intercom: Intercom, campaign: Campaign) -> None:
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)
    intercom.drain()

    assert len(repair.cancel([owed(lead).pk])) == 0
    assert owed(lead).state == State.UNCERTAIN


def test_after_a_long_wait_the_fresh_go_and_the_old_are_held_for_an_answer(
    intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[])
    old, fresh = make_lead(campaign, email="old@example.com"), make_lead(campaign, email="new@example.com")
    Delivery.objects.filter(participant=old).update(owed_since=timezone.now() - timedelta(hours=73))
    set_panel(campaign, field_map=[EMAIL_ROW])

    intercom.drain()

    assert intercom.emails() == ["new@example.com"]
    assert (owed(old).state, owed(fresh).state) == (State.HELD, State.CREATED)
    assert tallies()[campaign.slug].waiting == {Reason.HELD: 1}


def test_whom_somebody_answers_for_is_sent(intercom: Intercom, campaign: Campaign) -> None:
    old = make_lead(campaign)
    Delivery.objects.update(owed_since=timezone.now() - timedelta(days=30))
    intercom.drain()

    assert len(repair.send_again([owed(old).pk])) == 1
    intercom.drain()

    assert owed(old).state == State.CREATED


def test_without_the_attribute_of_its_rule_a_lead_waits(intercom: Intercom, campaign: Campaign) -> None:
    rule = {
        "method": "attribute_changes",
        "attribute": "custom_attributes.plan",
        "initial_value": "Free",
        "qualifying_values": ["Pro"],
    }
    set_panel(campaign, field_map=[EMAIL_ROW], qualification=rule)
    intercom.sandbox.archive_attribute(intercom.workspace, "plan")
    lead = make_lead(campaign)

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.WAITING, Reason.RULE_FIELD_PROBLEM)
    assert intercom.contacts() == []
