"""Orders given on the page of one entry: carried out, recorded with who gave them, and only by who may."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from integrations.logic.states import State
from integrations.models import IntercomConnection
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import owed, set_panel

pytestmark = pytest.mark.django_db


def test_an_order_is_carried_out_and_recorded(admin_client: Client, connection: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign, action="nothing")
    row = owed(make_lead(campaign))
    set_panel(campaign)
    url = reverse("admin:integrations_delivery_order", args=[row.pk])

    answer = admin_client.post(url, {"command": "send_again"}, follow=True)

    assert "1 person is on the way to Intercom." in answer.content.decode()
    assert owed(row.participant).state == State.WAITING
    assert LogEntry.objects.filter(object_id=str(row.pk), change_message__contains="Send").exists()


def test_an_order_that_does_not_fit_says_so(admin_client: Client, connection: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    row = owed(make_lead(campaign))
    url = reverse("admin:integrations_delivery_order", args=[row.pk])

    answer = admin_client.post(url, {"command": "update_anyway"}, follow=True)

    assert "1 was left as it is" in answer.content.decode()


def test_who_may_only_look_gets_no_orders(client: Client, connection: IntercomConnection) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(looker)
    campaign = make_campaign()
    set_panel(campaign, action="nothing")
    row = owed(make_lead(campaign))
    url = reverse("admin:integrations_delivery_order", args=[row.pk])

    assert client.post(url, {"command": "send_again"}).status_code == 403
    assert owed(row.participant).state == State.NOT_SENT
