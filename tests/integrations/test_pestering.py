"""One lead that keeps failing does not pester Intercom: after a try that failed there is a pause."""

from __future__ import annotations

import pytest

from campaigns.models import Campaign
from integrations.logic.states import State
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.services.drain import slice as slice_module
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel

pytestmark = pytest.mark.django_db

SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
ENOUGH = 20
"""Calls that one lead may cost in a second; at full speed it is some sixty."""


@pytest.fixture
def campaign(intercom: Intercom, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.setattr(slice_module, "SECONDS", 1.0)
    assert intercom.connection.pk
    campaign = make_campaign()
    set_panel(campaign, duplicates="update", field_map=[EMAIL_ROW, SOURCE_ROW])
    return campaign


def test_a_contact_archived_a_moment_ago_is_not_written_to_over_and_over(
    intercom: Intercom, campaign: Campaign
) -> None:
    known = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    intercom.sandbox.set_lag(intercom.workspace, 300)
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.ARCHIVED)
    lead = make_lead(campaign, email="ana@example.com")

    intercom.drain()

    assert len(intercom.new_calls()) <= ENOUGH
    assert owed(lead).state == State.WAITING


@pytest.mark.parametrize(("status", "body"), [(404, None), (410, '{"errors": [{"code": "contact_merged"}]}')])
def test_a_create_that_is_not_found_is_not_sent_over_and_over(
    intercom: Intercom, campaign: Campaign, status: int, body: str | None
) -> None:
    fault = Fault(acts=False, method="POST", path="/contacts", status=status, body=body, times=None)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    make_lead(campaign, email="ana@example.com")

    intercom.drain()

    assert len(intercom.new_calls()) <= ENOUGH
