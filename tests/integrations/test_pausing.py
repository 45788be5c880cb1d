"""Pausing and resuming, a workspace or a campaign: what waits is kept, and goes on."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign
from integrations.logic.states import State
from integrations.models import IntercomConnection
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, set_panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    assert intercom.connection.pk
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


def press(client: Client, page: str, action: str, pk: int) -> None:
    url = reverse(f"admin:integrations_{page}_changelist")
    client.post(url, {"action": action, "_selected_action": [pk]})


def test_a_paused_workspace_keeps_its_leads_and_resumes(
    intercom: Intercom, campaign: Campaign, admin_client: Client
) -> None:
    press(admin_client, "intercomconnection", "pause", intercom.connection.pk)
    lead = make_lead(campaign)
    intercom.drain()
    assert owed(lead).state == State.WAITING
    paused_by = IntercomConnection.objects.get().paused_by
    assert paused_by is not None
    assert paused_by.username == "admin"

    press(admin_client, "intercomconnection", "resume", intercom.connection.pk)
    intercom.drain()

    assert owed(lead).state == State.CREATED


def test_a_paused_campaign_keeps_its_leads_and_resumes(
    intercom: Intercom, campaign: Campaign, admin_client: Client
) -> None:
    url = reverse("admin:campaigns_campaign_intercom_pause", args=[campaign.pk])
    admin_client.post(url, {"do": "pause"})
    lead = make_lead(campaign)
    intercom.drain()
    assert owed(lead).state == State.WAITING

    admin_client.post(url, {"do": "resume"})
    intercom.drain()

    assert owed(lead).state == State.CREATED


def test_who_may_only_look_cannot_pause(intercom: Intercom, client: Client) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_intercomconnection"))
    client.force_login(looker)

    press(client, "intercomconnection", "pause", intercom.connection.pk)

    assert IntercomConnection.objects.get().paused_at is None
