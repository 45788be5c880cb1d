"""A create whose answer got lost: looked for before it is sent again, and ours when it is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic.states import Reason, State
from integrations.models import Attempt, ContactLink
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel, the_lag_is_over

pytestmark = pytest.mark.django_db

LOST_ANSWERS: dict[str, dict[str, Any]] = {
    "dropped": {"ending": Ending.DROP},
    "reset": {"ending": Ending.RESET},
    "half": {"ending": Ending.HALF},
    "html 200": {"status": 200, "body": "<html>Hello</html>"},
    "500 after the fact": {"status": 500},
    "502 html": {"status": 502, "body": "<html>Bad gateway</html>"},
    "another shape": {"status": 200, "body": '{"type": "contact"}'},
}
lost_answers = pytest.mark.parametrize("lost", LOST_ANSWERS.values(), ids=LOST_ANSWERS.keys())


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def lose_the_answer(intercom: Intercom, *, acts: bool, lost: dict[str, Any]) -> None:
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=acts, method="POST", path="/contacts", **lost))


@lost_answers
def test_a_lead_that_was_created_unseen_is_found_and_is_ours(
    intercom: Intercom, campaign: Campaign, lost: dict[str, Any]
) -> None:
    lose_the_answer(intercom, acts=True, lost=lost)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert owed(lead).state == State.UNCERTAIN

    the_lag_is_over()
    intercom.drain()

    (contact,) = intercom.contacts()
    row = owed(lead)
    assert (row.state, row.reason, row.contact_id) == (State.CREATED, Reason.OURS, contact["id"])
    assert ContactLink.objects.get().contact_id == contact["id"]


@lost_answers
def test_a_lead_that_was_not_created_is_created_once(
    intercom: Intercom, campaign: Campaign, lost: dict[str, Any]
) -> None:
    if lost.get("ending") is Ending.HALF:
        pytest.skip("half an answer needs an answer")
    lose_the_answer(intercom, acts=False, lost=lost)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert owed(lead).state == State.UNCERTAIN

    the_lag_is_over()
    intercom.drain()

    assert intercom.emails() == ["ana@example.com"]
    assert (owed(lead).state, owed(lead).reason) == (State.CREATED, Reason.NEW)


def test_a_lead_in_doubt_is_not_touched_before_search_can_show_it(
    intercom: Intercom, campaign: Campaign
) -> None:
    lose_the_answer(intercom, acts=True, lost={"ending": Ending.DROP})
    lead = make_lead(campaign)
    intercom.drain()
    intercom.forget_calls()

    intercom.drain()

    assert intercom.new_calls() == []
    due_at = owed(lead).due_at
    assert due_at is not None
    assert due_at > timezone.now() + timedelta(seconds=290)


def test_the_policy_does_not_apply_to_our_own_contact(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, duplicates="update")
    lose_the_answer(intercom, acts=True, lost={"ending": Ending.DROP})
    lead = make_lead(campaign)
    intercom.drain()
    the_lag_is_over()
    intercom.forget_calls()

    intercom.drain()

    assert intercom.new_calls() == ["POST /contacts/search"]
    assert owed(lead).state == State.CREATED


def test_a_contact_that_was_there_before_is_not_ours(intercom: Intercom, campaign: Campaign) -> None:
    long_ago = int(timezone.now().timestamp()) - 3600
    lose_the_answer(intercom, acts=False, lost={"ending": Ending.DROP})
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", created_at=long_ago)
    the_lag_is_over()

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.SKIPPED, Reason.POLICY)


def test_a_contact_of_the_other_role_is_not_ours(intercom: Intercom, campaign: Campaign) -> None:
    lose_the_answer(intercom, acts=False, lost={"ending": Ending.DROP})
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    the_lag_is_over()

    intercom.drain()

    assert owed(lead).state == State.SKIPPED


def test_when_several_could_be_ours_a_person_chooses(intercom: Intercom, campaign: Campaign) -> None:
    lose_the_answer(intercom, acts=True, lost={"ending": Ending.DROP})
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="lead")
    the_lag_is_over()

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.NEEDS_ATTENTION, Reason.SEVERAL_MATCHES)
    assert len(Attempt.objects.latest("pk").matches) == 2


@pytest.mark.parametrize("acts", [True, False])
def test_a_user_is_simply_posted_again_since_intercom_refuses_a_second_one(
    intercom: Intercom, campaign: Campaign, *, acts: bool
) -> None:
    set_panel(campaign, action="create_user")
    intercom.sandbox.set_lag(intercom.workspace, 300)
    lose_the_answer(intercom, acts=acts, lost={"ending": Ending.DROP})
    lead = make_lead(campaign, email="ana@example.com")

    intercom.drain()

    (contact,) = intercom.contacts()
    assert (contact["role"], owed(lead).state) == ("user", State.CREATED)
    assert owed(lead).reason == (Reason.OURS if acts else Reason.NEW)


def test_nobody_else_writes_to_an_email_in_doubt(intercom: Intercom, campaign: Campaign) -> None:
    lose_the_answer(intercom, acts=True, lost={"ending": Ending.DROP})
    first = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    other = make_campaign("Summer")
    set_panel(other)
    second = make_lead(other, email="ana@example.com")
    intercom.forget_calls()

    assert "handed on" not in intercom.drain()
    assert (owed(second).state, intercom.new_calls()) == (State.WAITING, [])
    the_lag_is_over()
    intercom.drain()

    assert len(intercom.contacts()) == 1
    assert (owed(first).state, owed(second).state) == (State.CREATED, State.SKIPPED)


def test_a_refused_connection_leaves_no_doubt(intercom: Intercom, campaign: Campaign, settings: Any) -> None:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"
    lead = make_lead(campaign)

    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.WAITING, Reason.RETRY)
    assert owed(lead).attempts >= 1
