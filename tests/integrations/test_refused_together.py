"""A refusal in the middle of something: it is counted once, and it settles no doubt that was there before."""

from __future__ import annotations

import pytest

from campaigns.models import Campaign
from integrations.logic.states import Reason, State
from integrations.models import Delivery
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel, the_lag_is_over

pytestmark = pytest.mark.django_db

NO_RATE_HEADERS = dict.fromkeys(("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"), "")


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def refuse(intercom: Intercom, *, times: int, method: str = "POST", path: str = "/contacts") -> None:
    headers = NO_RATE_HEADERS
    fault = Fault(acts=False, method=method, path=path, status=429, headers=headers, times=times)
    intercom.sandbox.add_fault(intercom.workspace, fault)


def created_but_never_answered(intercom: Intercom) -> None:
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)


@pytest.mark.parametrize(("path", "times"), [("/contacts/search", 1), ("/contacts", 12)])
def test_a_rate_limit_that_meets_many_leads_at_once_is_one(
    intercom: Intercom, campaign: Campaign, path: str, times: int
) -> None:
    refuse(intercom, path=path, times=times)
    for _ in range(12):
        make_lead(campaign)

    intercom.drain_on()

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.CREATED}


@pytest.mark.parametrize("action", ["create_lead", "create_user"])
def test_a_second_create_that_is_refused_leaves_the_first_in_doubt(
    intercom: Intercom, campaign: Campaign, action: str
) -> None:
    set_panel(campaign, action=action)
    intercom.sandbox.set_lag(intercom.workspace, 300)
    created_but_never_answered(intercom)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, method="POST", path="/contacts", status=401)
    )
    intercom.drain()
    the_lag_is_over()
    intercom.drain()

    assert (owed(lead).state, owed(lead).reason) == (State.UNCERTAIN, Reason.UNCERTAIN)


def test_a_user_of_ours_is_created_though_reading_it_was_refused_in_between(
    intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, action="create_user")
    intercom.sandbox.set_lag(intercom.workspace, 300)
    created_but_never_answered(intercom)
    refuse(intercom, method="GET", path="/contacts/*", times=1)
    lead = make_lead(campaign, email="ana@example.com")

    intercom.drain_on()

    assert len(intercom.contacts()) == 1
    assert (owed(lead).state, owed(lead).reason) == (State.CREATED, Reason.OURS)
