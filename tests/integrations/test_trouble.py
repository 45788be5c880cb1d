"""What fails, and what becomes of the lead and of its workspace."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from integrations.intercom.session import Session
from integrations.logic.mapping import map_values
from integrations.logic.states import Reason, State
from integrations.models import Attempt, ConnectionStatus, ContactLink, Delivery
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.services.connect import connect_with_token
from integrations.services.drain import intents, values
from integrations.services.drain import slice as slice_module
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def test_a_revoked_token_keeps_everybody_waiting_without_a_try(
    intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.revoke(TOKEN)
    leads = [make_lead(campaign) for _ in range(3)]

    intercom.drain()

    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED
    assert [(owed(lead).state, owed(lead).attempts) for lead in leads] == [(State.WAITING, 0)] * 3
    intercom.forget_calls()
    intercom.drain()
    assert intercom.new_calls() == []


def test_after_connecting_again_those_who_waited_are_sent(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.revoke(TOKEN)
    lead = make_lead(campaign)
    intercom.drain()
    intercom.sandbox.restore(TOKEN)
    with Session() as session:
        connect_with_token(TOKEN, region="US", session=session)

    intercom.drain()

    assert owed(lead).state == State.CREATED


def test_a_token_revoked_between_search_and_create_leaves_no_doubt(
    intercom: Intercom, campaign: Campaign
) -> None:
    fault = Fault(acts=False, method="POST", path="/contacts", status=401)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)

    intercom.drain()

    assert (owed(lead).state, owed(lead).attempts) == (State.WAITING, 0)


def test_a_plan_that_does_not_allow_it_asks_to_reconnect(intercom: Intercom, campaign: Campaign) -> None:
    fault = Fault(acts=False, method="POST", path="/contacts", status=403)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    make_lead(campaign)

    intercom.drain()

    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED
    assert intercom.connection.status_detail == "api_plan_restricted"


def test_a_rate_limit_pauses_the_workspace_and_is_no_try(intercom: Intercom, campaign: Campaign) -> None:
    reset = str(int(time.time()) + 30)
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    fault = Fault(acts=False, method="POST", path="/contacts", status=429, headers=headers)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)

    intercom.drain()

    intercom.connection.refresh_from_db()
    paused_until = intercom.connection.paused_until
    assert paused_until is not None
    assert paused_until >= timezone.now() + timedelta(seconds=25)
    assert (owed(lead).state, owed(lead).attempts) == (State.WAITING, 0)
    assert Attempt.objects.count() == 0


def test_a_short_rate_limit_is_waited_out(intercom: Intercom, campaign: Campaign) -> None:
    reset = str(int(time.time()) + 1)
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    fault = Fault(acts=False, method="POST", path="/contacts", status=429, headers=headers)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)

    intercom.drain_on()

    assert owed(lead).state == State.CREATED
    assert len(intercom.contacts()) == 1


def test_a_server_error_of_the_search_is_tried_again(intercom: Intercom, campaign: Campaign) -> None:
    fault = Fault(acts=False, path="/contacts/search", status=500)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)

    intercom.drain()

    row = owed(lead)
    assert (row.state, row.attempts, row.failing_since) == (State.CREATED, 2, None)


def test_after_72_hours_of_failing_a_person_must_look(intercom: Intercom, campaign: Campaign) -> None:
    fault = Fault(acts=False, path="/contacts/search", status=500, times=None)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)
    Delivery.objects.update(failing_since=timezone.now() - timedelta(hours=73))

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.GAVE_UP)


def test_a_rejected_contact_needs_attention_with_intercoms_own_words(
    intercom: Intercom, campaign: Campaign
) -> None:
    body = '{"type":"error.list","errors":[{"code":"parameter_invalid","message":"Not like this"}]}'
    fault = Fault(acts=False, method="POST", path="/contacts", status=400, body=body)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)

    intercom.drain()

    row = owed(lead)
    assert (row.state, row.reason) == (State.NEEDS_ATTENTION, Reason.REJECTED)
    assert row.message == "Not like this"
    assert intercom.contacts() == []


def test_one_email_that_intercom_rejects_fails_alone(intercom: Intercom, campaign: Campaign) -> None:
    fault = Fault(acts=False, path="/contacts/search", contains="odd@example.com", status=400, times=2)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    odd = make_lead(campaign, email="odd@example.com")
    others = [make_lead(campaign) for _ in range(3)]

    intercom.drain()

    assert owed(odd).state == State.NEEDS_ATTENTION
    assert {owed(lead).state for lead in others} == {State.CREATED}


def test_a_stale_link_is_dropped_and_the_lead_created_anew(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email="ana@example.com")
    intercom.drain()
    (gone,) = intercom.contacts()
    intercom.sandbox.set_state(intercom.workspace, gone["id"], ContactState.DELETED)
    ContactLink.objects.update(confirmed_at=timezone.now() - timedelta(days=1))
    other = make_campaign("Summer")
    set_panel(other)
    lead = make_lead(other, email="ana@example.com")

    intercom.drain()

    row = owed(lead)
    assert row.state == State.CREATED
    assert row.contact_id != gone["id"]
    assert ContactLink.objects.get().contact_id == row.contact_id


def test_a_merged_contact_is_followed_and_relinked(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email="ana@example.com")
    intercom.drain()
    (merged,) = intercom.contacts()
    survivor = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    intercom.sandbox.set_state(intercom.workspace, merged["id"], ContactState.MERGED, merged_into=survivor)
    ContactLink.objects.update(confirmed_at=timezone.now() - timedelta(days=1))
    other = make_campaign("Summer")
    set_panel(other)
    lead = make_lead(other, email="ana@example.com")

    intercom.drain()

    assert (owed(lead).state, owed(lead).contact_id) == (State.SKIPPED, survivor)
    assert ContactLink.objects.get().contact_id == survivor


@pytest.mark.parametrize(
    ("duplicates", "state"), [("skip", State.SKIPPED), ("update", State.NEEDS_ATTENTION)]
)
def test_an_archived_user_is_never_revived_by_itself(
    intercom: Intercom, campaign: Campaign, duplicates: str, state: State
) -> None:
    set_panel(campaign, action="create_user", duplicates=duplicates)
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.ARCHIVED)
    lead = make_lead(campaign, email="ana@example.com")

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (state, Reason.ARCHIVED)


def test_while_setup_is_required_nobody_is_sent_and_nobody_is_lost(
    intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[{"data_type": "dynamic", "from": "", "to": "email"}])
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert (owed(lead).state, intercom.new_calls()) == (State.WAITING, [])

    set_panel(campaign)
    intercom.drain()

    assert intercom.emails() == ["ana@example.com"]


def test_a_participant_deleted_before_sending_is_not_sent(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign).delete()
    stays = make_lead(campaign)

    intercom.drain()

    assert intercom.emails() == [stays.email]


def test_somebody_deleted_while_being_sent_leaves_no_trace(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="ana@example.com")
    original = intents.commit_intents

    def and_then_delete(*args: Any, **kwargs: Any) -> set[int]:
        ready = original(*args, **kwargs)
        lead.delete()
        return ready

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slice_module, "commit_intents", and_then_delete)
        intercom.drain()

    assert (Delivery.objects.count(), ContactLink.objects.count(), Attempt.objects.count()) == (0, 0, 0)


def answered(intercom: Intercom, *, status: int, body: str) -> None:
    """The next create is answered so, and does nothing."""
    fault = Fault(acts=False, method="POST", path="/contacts", status=status, body=body)
    intercom.sandbox.add_fault(intercom.workspace, fault)


def test_a_conflict_that_names_no_contact_is_never_guessed_at(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, action="create_user")
    answered(intercom, status=409, body='{"errors": [{"code": "conflict", "message": "It exists"}]}')
    lead = make_lead(campaign)

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.NO_ID_IN_CONFLICT)


def test_a_conflict_named_in_the_second_error_is_found(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, action="create_user")
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    intercom.sandbox.add_fault(
        intercom.workspace,
        Fault(
            acts=False, path="/contacts/search", status=200, body='{"type":"list","data":[],"total_count":0}'
        ),
    )
    text = f"A contact matching those details already exists with id={known}"
    answered(
        intercom,
        status=409,
        body=json.dumps({"errors": [{"code": "other"}, {"code": "conflict", "message": text}]}),
    )
    lead = make_lead(campaign, email="ana@example.com")

    intercom.drain()

    assert (owed(lead).state, owed(lead).contact_id) == (State.SKIPPED, known)


def test_a_blocked_contact_cannot_be_created_again_and_says_so(
    intercom: Intercom, campaign: Campaign
) -> None:
    error = {"code": "not_restorable", "message": "This user was blocked and cannot be recreated"}
    answered(intercom, status=400, body=json.dumps({"errors": [error]}))
    lead = make_lead(campaign)

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.NOT_RESTORABLE)


def test_a_search_that_lacks_a_page_is_never_taken_for_none_found(
    intercom: Intercom, campaign: Campaign
) -> None:
    body = '{"type": "list", "data": [], "total_count": 1}'
    fault = Fault(acts=False, path="/contacts/search", status=200, body=body, times=None)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign)

    intercom.drain()

    assert "POST /contacts" not in intercom.new_calls()
    assert (owed(lead).state, owed(lead).reason) == (State.WAITING, Reason.RETRY)


def test_a_phone_that_intercom_refuses_is_left_out(intercom: Intercom, campaign: Campaign) -> None:
    phone_row = {"data_type": "dynamic", "from": "lead.phone", "to": "phone"}
    set_panel(campaign, field_map=[EMAIL_ROW, phone_row])
    lead = make_lead(campaign, email="ana@example.com", phone="call me")

    intercom.drain()

    assert intercom.emails() == ["ana@example.com"]
    assert (owed(lead).state, owed(lead).incomplete) == (State.CREATED, True)


def test_one_lead_that_our_code_stumbles_over_stops_nobody_else(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = map_values

    def stumbles(*args: Any, **kwargs: Any) -> Any:
        if kwargs["values"]["lead.email"] == "odd@example.com":
            raise ZeroDivisionError
        return original(*args, **kwargs)

    monkeypatch.setattr(values, "map_values", stumbles)
    odd, other = make_lead(campaign, email="odd@example.com"), make_lead(campaign)

    intercom.drain()

    assert (owed(odd).state, owed(odd).reason) == (State.NEEDS_ATTENTION, Reason.INTERNAL_ERROR)
    assert owed(other).state == State.CREATED
