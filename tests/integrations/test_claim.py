"""Who is due, and what they are called, is read one after the other: what changes in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from campaigns.models import Campaign, Participant
from integrations.logic.states import State
from integrations.models import ContactLink, Delivery, IntercomConnection
from integrations.services.drain import due as due_module
from integrations.services.drain import jobs
from integrations.services.drain import slice as slice_module
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Has something happen when a claim knows who is due, and nothing else of them."""
    original = due_module.due

    def arrange(what: Callable[[], Any]) -> None:
        def due_and_then(*args: Any, **kwargs: Any) -> list[Any]:
            rows = list(original(*args, **kwargs))
            what()
            return rows

        monkeypatch.setattr(jobs, "due", due_and_then)

    return arrange


def test_who_changes_their_email_is_looked_for_by_the_new_one(
    intercom: Intercom, campaign: Campaign, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    lead = make_lead(campaign, email="old@example.com")
    new = {"email": "new@example.com", "email_normalized": "new@example.com"}
    meanwhile(lambda: Participant.objects.filter(pk=lead.pk).update(**new))
    intercom.drain()
    assert intercom.emails() == ["new@example.com"]
    assert owed(lead).state == State.CREATED
    # Found under the old one, the contact would not have been remembered as theirs.
    assert ContactLink.objects.get().email == "new@example.com"


@pytest.mark.parametrize("name", ["commit_intents", "record"])
def test_who_changes_their_email_in_the_hand_of_a_drain_begins_anew(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The second one was found in Intercom by the old email: nothing was written."""
    lead = make_lead(campaign, email="old@example.com")
    if name == "record":
        intercom.sandbox.add_contact(intercom.workspace, email="old@example.com")
    new = {"email": "New@example.com", "email_normalized": "new@example.com"}
    original = getattr(slice_module, name)

    def just_before(*args: Any, **named: Any) -> Any:
        Participant.objects.filter(pk=lead.pk).update(**new)
        return original(*args, **named)

    monkeypatch.setattr(slice_module, name, just_before)
    intercom.drain()
    assert "new@example.com" in intercom.emails()
    assert (owed(lead).state, owed(lead).email) == (State.CREATED, "new@example.com")


def test_who_is_deleted_is_not_sent_and_holds_nobody_up(
    intercom: Intercom, campaign: Campaign, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    gone, stays = (
        make_lead(campaign, email="gone@example.com"),
        make_lead(campaign, email="stays@example.com"),
    )
    meanwhile(lambda: Participant.objects.filter(pk=gone.pk).delete())
    intercom.drain()
    assert intercom.emails() == ["stays@example.com"]
    assert [row.participant_id for row in Delivery.objects.all()] == [stays.pk]
