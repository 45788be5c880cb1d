"""Why people wait, how many, since when and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection, SyncSettings
from integrations.services.waiting_room import waiting_room
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, set_panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign(slug="spring")
    set_panel(campaign)
    return campaign


def test_nobody_waits_in_an_empty_room(campaign: Campaign) -> None:
    assert waiting_room() == []


def test_a_group_has_its_number_and_its_oldest(campaign: Campaign) -> None:
    make_lead(campaign)
    old = make_lead(campaign)
    long_ago = timezone.now() - timedelta(hours=5)
    Delivery.objects.filter(participant=old).update(owed_since=long_ago)
    SyncSettings.objects.update(paused_at=timezone.now())

    (group,) = waiting_room()

    assert (group.campaign, group.reason, group.number) == ("spring", Reason.PAUSED_CAMPAIGN, 2)
    assert (group.oldest, group.ends_at) == (long_ago, None)


def test_a_retry_ends_when_the_first_is_due(campaign: Campaign) -> None:
    make_lead(campaign)
    due_at = timezone.now() + timedelta(minutes=4)
    Delivery.objects.update(reason=Reason.RETRY, due_at=due_at)

    (group,) = waiting_room()

    assert (group.reason, group.ends_at) == (Reason.RETRY, due_at)


def test_a_rate_limit_ends_when_intercom_says(campaign: Campaign) -> None:
    make_lead(campaign)
    until = timezone.now() + timedelta(seconds=9)
    IntercomConnection.objects.update(paused_until=until)

    (group,) = waiting_room()

    assert (group.reason, group.ends_at) == (Reason.RATE_LIMITED, until)


def test_both_tabs_of_a_campaign_wait_together(campaign: Campaign) -> None:
    from integrations.services.settings import import_document

    import_document(campaign, {"referrers": {"action": "create_user", "field_map": [EMAIL_ROW]}})
    make_lead(campaign)
    make_referrer(campaign)
    IntercomConnection.objects.update(paused_at=timezone.now())

    (group,) = waiting_room()

    assert (group.reason, group.number) == (Reason.PAUSED_WORKSPACE, 2)


def test_who_is_held_is_told_apart_from_who_is_in_line(campaign: Campaign) -> None:
    held = make_lead(campaign)
    make_lead(campaign)
    Delivery.objects.filter(participant=held).update(
        state=State.HELD, reason=Reason.HELD, due_at=None, owed_since=timezone.now() - timedelta(days=9)
    )

    assert [(group.reason, group.number) for group in waiting_room()] == [
        (Reason.HELD, 1),
        (Reason.QUEUED, 1),
    ]


def test_only_the_campaigns_asked_for(campaign: Campaign) -> None:
    other = make_campaign("Summer", slug="summer")
    set_panel(other)
    make_lead(campaign)
    make_lead(other)

    assert [group.campaign for group in waiting_room([other.pk])] == ["summer"]
