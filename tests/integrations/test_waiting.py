"""Who waits, why, and what ends it: nobody is lost and nobody is sent meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign, CampaignStatus, Participant
from integrations.intercom.session import Session
from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection, SyncSettings
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services.connect import connect_with_token
from integrations.services.drain import slice as slice_module
from integrations.services.drain.jobs import claim
from integrations.services.status import tallies
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel, the_lag_is_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def pause_campaign(_campaign: Campaign) -> None:
    SyncSettings.objects.update(paused_at=timezone.now())


def pause_workspace(_campaign: Campaign) -> None:
    IntercomConnection.objects.update(paused_at=timezone.now())


def take_the_workspace_away(_campaign: Campaign) -> None:
    SyncSettings.objects.update(connection=None)


def switch_off(campaign: Campaign) -> None:
    set_panel(campaign, action="nothing")


def unmap_email(campaign: Campaign) -> None:
    set_panel(campaign, field_map=[])


def resume(campaign: Campaign) -> None:
    SyncSettings.objects.update(paused_at=None, connection=IntercomConnection.objects.get())
    IntercomConnection.objects.update(paused_at=None)
    set_panel(campaign)


@pytest.mark.parametrize(
    ("hold", "reason"),
    [
        (pause_campaign, Reason.PAUSED_CAMPAIGN),
        (pause_workspace, Reason.PAUSED_WORKSPACE),
        (take_the_workspace_away, Reason.NOT_CONNECTED),
        (switch_off, Reason.SWITCHED_OFF),
        (unmap_email, Reason.SETUP_REQUIRED),
    ],
)
def test_what_holds_a_tab_holds_its_leads_and_ends_for_all_of_them(
    intercom: Intercom, campaign: Campaign, hold: Callable[[Campaign], None], reason: Reason
) -> None:
    leads = [make_lead(campaign) for _ in range(2)]
    hold(campaign)
    intercom.drain()
    assert tallies()[campaign.slug].waiting == {reason: 2}
    assert intercom.contacts() == []

    resume(campaign)
    intercom.drain()

    assert {owed(lead).state for lead in leads} == {State.CREATED}


def test_a_paused_campaign_does_not_hold_another_of_the_same_workspace(
    intercom: Intercom, campaign: Campaign
) -> None:
    pause_campaign(campaign)
    other = make_campaign("Summer")
    set_panel(other)
    held, goes = make_lead(campaign), make_lead(other)

    intercom.drain()

    assert (owed(held).state, owed(goes).state) == (State.WAITING, State.CREATED)


def test_a_tab_pointed_at_another_workspace_sends_its_waiting_leads_there(
    intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, email="ana@example.com")
    intercom.sandbox.add_workspace("work0002", name="Other", token="token-work0002")
    with Session() as session:
        other = connect_with_token("token-work0002", region="US", session=session).connection
    SyncSettings.objects.update(connection=other)
    intercom.drain()
    assert intercom.contacts() == []

    Intercom(intercom.sandbox, other, "work0002").drain()

    assert [contact["email"] for contact in intercom.sandbox.contacts("work0002")] == ["ana@example.com"]
    assert owed(lead).connection == other


def test_the_mapping_is_read_when_the_lead_is_sent(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Lima")
    first_name = {"data_type": "dynamic", "from": "lead.first_name", "to": "name"}
    email = {"data_type": "dynamic", "from": "lead.email", "to": "email"}
    set_panel(campaign, field_map=[email, first_name])

    intercom.drain()

    (contact,) = intercom.contacts()
    assert contact["name"] == "Ana"


def test_the_attempt_names_the_revision_it_was_sent_under(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, duplicates="update")
    lead = make_lead(campaign)

    intercom.drain()

    row = owed(lead)
    assert row.settings is not None
    assert row.settings_revision == row.settings.revision == 2


def test_the_role_is_the_one_that_the_tab_names_when_the_lead_is_sent(
    intercom: Intercom, campaign: Campaign
) -> None:
    make_lead(campaign)
    set_panel(campaign, action="create_user")

    intercom.drain()

    (contact,) = intercom.contacts()
    assert contact["role"] == "user"


def test_who_joined_before_the_campaign_ended_is_still_sent(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    campaign.status = CampaignStatus.ENDED
    campaign.save(update_fields=["status"])

    intercom.drain()

    assert owed(lead).state == State.CREATED


def test_a_participant_corrected_before_sending_is_sent_as_corrected(
    intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, email="ana@exmaple.com")
    lead.set_email("ana@example.com")
    lead.save()

    intercom.drain()

    assert intercom.emails() == ["ana@example.com"]


def test_a_participant_corrected_while_in_doubt_is_looked_for_under_the_old_email_first(
    intercom: Intercom, campaign: Campaign
) -> None:
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign, email="ana@exmaple.com")
    intercom.drain()
    lead.set_email("ana@example.com")
    lead.save()
    the_lag_is_over()

    intercom.drain()

    assert intercom.emails() == ["ana@exmaple.com"]
    assert (owed(lead).state, owed(lead).reason) == (State.CREATED, Reason.OURS)


def test_a_participant_corrected_while_in_doubt_is_sent_anew_when_nothing_had_left(
    intercom: Intercom, campaign: Campaign
) -> None:
    fault = Fault(acts=False, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    lead = make_lead(campaign, email="ana@exmaple.com")
    intercom.drain()
    lead.set_email("ana@example.com")
    lead.save()
    the_lag_is_over()

    intercom.drain()
    intercom.drain()

    assert intercom.emails() == ["ana@example.com"]
    assert owed(lead).state == State.CREATED


def waited_long(lead: Participant) -> None:
    Delivery.objects.filter(participant=lead).update(owed_since=timezone.now() - timedelta(hours=80))


def test_who_waited_long_is_held_also_after_a_short_rest_of_the_workspace(
    intercom: Intercom, campaign: Campaign
) -> None:
    """The drain waits that out itself, and then has looked once already."""
    lead = make_lead(campaign)
    waited_long(lead)
    rest = timezone.now() + timedelta(seconds=1)
    IntercomConnection.objects.filter(pk=intercom.connection.pk).update(paused_until=rest)
    intercom.drain()
    assert (owed(lead).state, intercom.contacts()) == (State.HELD, [])


def test_who_waited_long_is_held_when_their_campaign_goes_on_beside_a_busy_one(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, busy = make_lead(campaign), make_campaign()
    set_panel(busy)
    new = make_lead(busy)
    waited_long(old)
    tabs = SyncSettings.objects.filter(campaign=campaign)
    tabs.update(paused_at=timezone.now())
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=True, method="POST", path="/contacts", stall_before=1.0)
    )

    def and_then_resume(*args: Any, **named: Any) -> Any:
        jobs = claim(*args, **named)
        tabs.update(paused_at=None)
        return jobs

    monkeypatch.setattr(slice_module, "claim", and_then_resume)
    intercom.drain()
    assert (owed(new).state, owed(old).state) == (State.CREATED, State.HELD)
