"""A workspace gets a new token while a drain is at work with the old one."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Campaign
from integrations.logic.states import State
from integrations.models import ConnectionStatus
from integrations.services.drain import intents
from integrations.services.drain import slice as slice_module
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db

NEW_TOKEN = "token-renewed"


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


@pytest.fixture
def renewed_before_a_write(intercom: Intercom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the search and the create the old token is revoked and the new one stored."""
    intercom.sandbox.add_workspace(intercom.workspace, token=NEW_TOKEN)
    original = intents.commit_intents

    def and_then_renew(*args: Any, **kwargs: Any) -> set[int]:
        ready = original(*args, **kwargs)
        renew(intercom)
        return ready

    monkeypatch.setattr(slice_module, "commit_intents", and_then_renew)


def renew(intercom: Intercom) -> None:
    """Once, however often it is called."""
    intercom.sandbox.revoke(TOKEN)
    if intercom.connection.token != NEW_TOKEN:
        intercom.connection.token = NEW_TOKEN
        intercom.connection.save(update_fields=["sealed_token"])


@pytest.mark.usefixtures("renewed_before_a_write")
def test_the_old_tokens_refusal_says_nothing_of_the_new_one(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign)

    intercom.drain()

    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.CONNECTED
    assert owed(lead).state == State.CREATED


@pytest.mark.usefixtures("renewed_before_a_write")
def test_a_new_token_that_is_refused_too_asks_to_reconnect(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.revoke(NEW_TOKEN)
    lead = make_lead(campaign)

    intercom.drain()

    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED
    assert owed(lead).state == State.WAITING


def test_a_token_renewed_before_a_claim_is_used_from_then_on(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    intercom.sandbox.add_workspace(intercom.workspace, token=NEW_TOKEN)
    original = slice_module.Slice._claim_more

    def renew_and_claim(self: slice_module.Slice) -> None:
        renew(intercom)
        original(self)

    monkeypatch.setattr(slice_module.Slice, "_claim_more", renew_and_claim)
    lead = make_lead(campaign)

    intercom.drain()

    assert owed(lead).state == State.CREATED
    assert all(call.status == 200 for call in intercom.sandbox.calls())
