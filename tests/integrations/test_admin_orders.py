"""Orders given on the page of one entry: carried out, recorded with who gave them, and only by who may."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import Attempt, Delivery, IntercomConnection
from integrations.services import repair
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.controls import Reader, read
from tests.integrations.crowds import stand
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


# A page that stood open -----------------------------------------------------------------------------------


@pytest.fixture
def failed(connection: IntercomConnection) -> Delivery:
    campaign = make_campaign()
    set_panel(campaign)
    return stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED)


def press(client: Client, page: Reader, row: Delivery, command: str) -> str:
    """A button of the entry's page, as it was when it was read."""
    assert command in page.buttons
    url = reverse("admin:integrations_delivery_order", args=[row.pk])
    return read(client.post(url, {**page.values, "command": command}, follow=True)).text


def opened(client: Client, row: Delivery) -> Reader:
    return read(client.get(reverse("admin:integrations_delivery_change", args=[row.pk])))


def test_a_page_that_is_as_it_was_sends(admin_client: Client, failed: Delivery) -> None:
    said = press(admin_client, opened(admin_client, failed), failed, "send_again")
    assert "1 person is on the way to Intercom." in said


def test_who_was_called_off_since_the_page_was_opened_is_not_sent(
    admin_client: Client, failed: Delivery
) -> None:
    page = opened(admin_client, failed)
    repair.cancel([failed.pk])

    said = press(admin_client, page, failed, "send_again")

    assert "1 person has moved on since this page was opened, so nothing was changed." in said
    assert owed(failed.participant).reason == Reason.CANCELLED
    assert "1 person is on the way to Intercom." in press(
        admin_client, opened(admin_client, failed), failed, "send_again"
    )


def test_who_was_sent_since_the_page_was_opened_is_not_called_off(
    admin_client: Client, failed: Delivery
) -> None:
    page = opened(admin_client, failed)
    repair.send_again([failed.pk])
    assert "has moved on since this page was opened" in press(admin_client, page, failed, "cancel")
    assert owed(failed.participant).state == State.WAITING


def test_who_went_since_the_page_was_opened_is_in_intercom_by_now(
    admin_client: Client, failed: Delivery
) -> None:
    page = opened(admin_client, failed)
    stand(failed.participant, State.CREATED, Reason.NEW)
    assert "1 person is in Intercom by now: it went before this order came." in press(
        admin_client, page, failed, "send_again"
    )


def test_an_update_taken_back_before_is_not_taken_back_by_an_old_page(
    admin_client: Client, failed: Delivery
) -> None:
    row = stand(failed.participant, State.UPDATED, Reason.EXISTS)
    assert row.connection is not None
    shape = {"settings_revision": 1, "started_at": timezone.now(), "duration_ms": 1, "state": row.state}
    values = {"decision": "update", "contact_id": row.contact_id, "after": {"name": "A"}, "before": {}}
    Attempt.objects.create(delivery=row, connection=row.connection, **shape, **values)
    url = reverse("admin:integrations_delivery_undo", args=[row.pk])
    page = {"seen_at": timezone.now().isoformat()}
    stand(failed.participant, State.UPDATED, Reason.PRESENT_VALUES)

    said = read(admin_client.post(url, page, follow=True)).text

    assert "has moved on since this page was opened" in said
    assert owed(failed.participant).state == State.UPDATED


@pytest.mark.parametrize("text", ["", "x", "2026-01-01", "0001-01-01T00:00:00+14:00", "2026-13-01T00:00:00Z"])
def test_a_moment_that_is_none_guards_nothing(admin_client: Client, failed: Delivery, text: str) -> None:
    url = reverse("admin:integrations_delivery_order", args=[failed.pk])
    answer = admin_client.post(url, {"command": "send_again", "seen_at": text}, follow=True)
    assert "1 person is on the way to Intercom." in answer.content.decode()
