"""A campaign leaves its workspace and comes back: nothing of what happened meanwhile qualifies anybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_q.models import OrmQ

from campaigns.models import Campaign, Participant
from integrations.intercom.session import Session
from integrations.models import Watch, WatchState
from integrations.services.campaign_connection import attach, detach
from integrations.services.connect import connect_with_token
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.panel import make_workspace
from tests.integrations.qualify_fixtures import change, contact_of, delivered, look, ruled, status, tell
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


@pytest.fixture
def ana(intercom: Intercom, campaign: Campaign) -> Participant:
    return delivered(intercom, campaign)


def state_of(lead: Participant) -> str:
    return Watch.objects.get(participant=lead).state


def connect_again(intercom: Intercom, campaign: Campaign) -> None:
    with Session() as session:
        connection = connect_with_token(TOKEN, region="US", session=session).connection
    attach(campaign, connection=connection, user=None)


def by_disconnecting(campaign: Campaign) -> None:
    detach(campaign, user=None)


def by_moving(campaign: Campaign) -> None:
    attach(campaign, connection=make_workspace("other123"), user=None)


def by_a_file(campaign: Campaign) -> None:
    make_workspace("other123")
    import_document(campaign, {"workspace": "other123"})


WAYS = pytest.mark.parametrize("leave", [by_disconnecting, by_moving, by_a_file])
Leave = Callable[[Campaign], None]


@WAYS
def test_nobody_is_watched_in_a_workspace_that_was_left(
    ana: Participant, campaign: Campaign, leave: Leave
) -> None:
    leave(campaign)
    assert state_of(ana) == WatchState.ENDED


@WAYS
def test_a_change_that_happened_meanwhile_qualifies_nobody(
    intercom: Intercom, ana: Participant, campaign: Campaign, leave: Leave
) -> None:
    leave(campaign)
    change(intercom, contact_of(ana), "Pro")
    connect_again(intercom, campaign)
    assert state_of(ana) == WatchState.WATCHING
    look(intercom)
    look(intercom)
    assert status(ana) == "pending"


@WAYS
def test_a_change_after_the_return_qualifies(
    intercom: Intercom, ana: Participant, campaign: Campaign, leave: Leave
) -> None:
    leave(campaign)
    connect_again(intercom, campaign)
    look(intercom)
    change(intercom, contact_of(ana), "Pro", later=5)
    look(intercom)
    assert status(ana) == "qualified"


def test_what_is_told_of_a_contact_meanwhile_is_not_used(
    intercom: Intercom, ana: Participant, campaign: Campaign
) -> None:
    by_moving(campaign)
    change(intercom, contact_of(ana), "Pro")
    tell(intercom, contact_of(ana))
    assert status(ana) == "pending"


def test_the_return_asks_for_a_look_at_once(
    intercom: Intercom,
    ana: Participant,
    campaign: Campaign,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    by_disconnecting(campaign)
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        connect_again(intercom, campaign)
    assert "integrations.tasks.look" in [task.func() for task in OrmQ.objects.all()]


def test_who_has_qualified_stays_so(intercom: Intercom, ana: Participant, campaign: Campaign) -> None:
    change(intercom, contact_of(ana), "Pro")
    look(intercom)
    by_disconnecting(campaign)
    connect_again(intercom, campaign)
    assert (status(ana), state_of(ana)) == ("qualified", WatchState.QUALIFIED)


def test_renewed_access_keeps_what_is_known(intercom: Intercom, ana: Participant, campaign: Campaign) -> None:
    before = Watch.objects.values().get()
    connect_again(intercom, campaign)
    assert Watch.objects.values().get() == before
    assert campaign.sync_settings.filter(connection__workspace_id=WORKSPACE).exists()
