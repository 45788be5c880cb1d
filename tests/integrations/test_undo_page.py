"""The page that asks before an update is taken back, and the buttons that lead to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.models import Attempt, ConnectionStatus, Delivery, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.services import repair
from integrations.services.keeping.retention import prune
from integrations.services.roles import SUPPORT
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db

NAME_ROW = {"data_type": "dynamic", "from": "lead.full_name", "to": "name", "if_present": "overwrite"}
SIZE_ROW = {"data_type": "fixed", "value": "12", "to": "custom_attributes.company_size"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, SIZE_ROW], duplicates="update")
    return campaign


@pytest.fixture
def known(intercom: Intercom) -> str:
    return intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", name="<b>Anita</b> & Co")


@pytest.fixture
def lead(intercom: Intercom, campaign: Campaign, known: str) -> Participant:
    lead = make_lead(campaign, email="ana@example.com", first_name="Ana", last_name="Berg")
    intercom.drain()
    return lead


def page(client: Client, lead: Participant) -> str:
    answer = client.get(address(lead))
    assert answer.status_code == 200
    return answer.content.decode()


def address(lead: Participant) -> str:
    return reverse("admin:integrations_delivery_undo", args=[owed(lead).pk])


def entry(client: Client, lead: Participant) -> str:
    return client.get(reverse("admin:integrations_delivery_change", args=[owed(lead).pk])).content.decode()


def test_the_entry_leads_to_it(admin_client: Client, lead: Participant) -> None:
    text = entry(admin_client, lead)
    assert f'href="{address(lead)}"' in text
    assert "Undo the update" in text
    assert "Send the present values" in text


def test_it_shows_each_field_as_it_was_as_we_wrote_it_and_as_it_is(
    admin_client: Client, lead: Participant
) -> None:
    text = page(admin_client, lead)
    assert "&lt;b&gt;Anita&lt;/b&gt; &amp; Co" in text
    assert text.count("Ana Berg</bdi></td>") == 2
    assert "Is put back" in text
    assert "Is emptied again" in text
    assert "Put 2 fields back" in text


def test_looking_changes_nothing_and_writes_nothing(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    intercom.forget_calls()
    before = Delivery.objects.values().get()
    page(admin_client, lead)
    assert Delivery.objects.values().get() == before
    assert intercom.new_calls() == ["GET /contacts/{id}"]


def test_what_was_changed_since_is_said_to_stay(
    admin_client: Client, intercom: Intercom, lead: Participant, known: str
) -> None:
    intercom.sandbox.change_contact(intercom.workspace, known, name="Ana B.")
    text = page(admin_client, lead)
    assert "Stays: changed since" in text
    assert "Put 1 field back" in text


def test_confirmed_it_is_ordered_recorded_and_carried_out(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    answer = admin_client.post(address(lead), follow=True)
    assert "1 update is being taken back" in answer.content.decode()
    assert LogEntry.objects.filter(object_id=str(owed(lead).pk), change_message="Undo the update").exists()
    assert owed(lead).reason == Reason.UNDOING

    intercom.drain()

    text = entry(admin_client, lead)
    assert "Updated, taken back" in text
    assert "Updated, and taken back on" in text
    assert "Somebody asked for what we had written over to be put back." in text
    assert f'href="{address(lead)}"' not in text


def test_a_double_click_says_so_and_orders_nothing_more(admin_client: Client, lead: Participant) -> None:
    admin_client.post(address(lead))
    answer = admin_client.post(address(lead), follow=True)
    assert "1 was left as it is" in answer.content.decode()
    assert LogEntry.objects.filter(change_message="Undo the update").count() == 1


def test_after_it_was_taken_back_there_is_nothing_to_confirm(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    repair.undo([owed(lead).pk])
    intercom.drain()
    text = page(admin_client, lead)
    assert "There is nothing to undo" in text
    assert '<button class="button">' not in text


def test_a_contact_that_is_gone_is_said_to_be_gone(
    admin_client: Client, intercom: Intercom, lead: Participant, known: str
) -> None:
    intercom.sandbox.set_state(intercom.workspace, known, ContactState.ARCHIVED)
    text = page(admin_client, lead)
    assert "The contact is not in Intercom any more" in text
    assert "Leave it as it is" not in text


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 429}])
def test_where_intercom_cannot_be_asked_it_can_still_be_ordered(
    admin_client: Client, intercom: Intercom, lead: Participant, trouble: dict[str, Any]
) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(method="GET", path="/contacts/*", acts=False, times=None, **trouble)
    )
    text = page(admin_client, lead)
    assert "So we cannot show what is there now." in text
    assert "Put back if still ours" in text
    assert "Undo the update</button>" in text
    admin_client.post(address(lead))
    assert owed(lead).reason == Reason.UNDOING


def test_a_revoked_token_has_the_workspace_connected_again(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    intercom.sandbox.revoke(TOKEN)
    text = page(admin_client, lead)
    assert "Connect it again, then try once more." in text
    assert "Undo the update</button>" not in text
    assert "No field has what we wrote any more" not in text
    assert "Put back if still ours" not in text
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED

    intercom.forget_calls()
    again = page(admin_client, lead)
    assert "There is nothing to undo" not in again
    assert "Put back if still ours" not in again
    assert "Undo the update</button>" not in again
    assert "onnect" in again
    assert intercom.new_calls() == []


def test_a_rate_limit_is_not_pressed(admin_client: Client, intercom: Intercom, lead: Participant) -> None:
    IntercomConnection.objects.update(paused_until=timezone.now() + timedelta(seconds=60))
    intercom.forget_calls()
    assert "slow down" in page(admin_client, lead)
    assert intercom.new_calls() == []


def test_details_that_were_removed_leave_nothing_to_undo(admin_client: Client, lead: Participant) -> None:
    Attempt.objects.update(before={}, after={}, sent={}, received={})
    assert "There is nothing to undo" in page(admin_client, lead)
    assert f'href="{address(lead)}"' not in entry(admin_client, lead)


def test_who_waits_has_nothing_to_undo(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="zoe@example.com")
    assert "There is nothing to undo" in page(admin_client, lead)
    answer = admin_client.post(address(lead), follow=True)
    assert "1 was left as it is" in answer.content.decode()
    assert owed(lead).state == State.WAITING


def test_an_entry_that_is_not_there_is_not_found(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:integrations_delivery_undo", args=[99])).status_code == 404
    assert admin_client.post(reverse("admin:integrations_delivery_undo", args=[99])).status_code == 404


def test_support_may_undo_one(client: Client, lead: Participant) -> None:
    helper = User.objects.create_user("helper", password="x", is_staff=True)
    helper.groups.add(Group.objects.get(name=SUPPORT))
    client.force_login(helper)
    assert "Put 2 fields back" in page(client, lead)
    client.post(address(lead))
    assert owed(lead).reason == Reason.UNDOING


def test_who_may_only_look_may_not(client: Client, lead: Participant) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(looker)
    assert client.get(address(lead)).status_code == 403
    assert client.post(address(lead)).status_code == 403
    assert owed(lead).state == State.UPDATED


def test_the_number_of_queries_does_not_grow_with_the_tries(admin_client: Client, lead: Participant) -> None:
    page(admin_client, lead)
    with CaptureQueriesContext(database) as few:
        page(admin_client, lead)
    first = Attempt.objects.get()
    for _one in range(30):
        first.pk = None
        first.save(force_insert=True)
    with CaptureQueriesContext(database) as many:
        page(admin_client, lead)
    assert len(many) == len(few)


# Where some of it is forgotten ----------------------------------------------------------------------------


@pytest.fixture
def twice(intercom: Intercom, campaign: Campaign, lead: Participant) -> Participant:
    """Their company size was written twice; the first time is too old to be kept."""
    Attempt.objects.update(started_at=timezone.now() - timedelta(days=100))
    set_panel(campaign, field_map=[EMAIL_ROW, SIZE_ROW | {"value": "13"}], duplicates="update")
    repair.send_present([owed(lead).pk])
    intercom.drain()
    return lead


def test_what_was_there_before_a_forgotten_update_is_not_made_up(
    admin_client: Client, intercom: Intercom, twice: Participant, known: str
) -> None:
    prune()
    text = page(admin_client, twice)
    assert "This can’t be undone any more" in text
    assert "Can’t be undone any more" in text
    assert "not kept any more</span>" in text
    assert "<button" not in text.partition('aria-labelledby="undo-title"')[2].partition("</section>")[0]

    repair.undo([owed(twice).pk])
    intercom.drain()

    (contact,) = (one for one in intercom.contacts() if one["id"] == known)
    assert contact["custom_attributes"]["company_size"] == 13
    assert owed(twice).reason == Reason.NOTHING_TO_UNDO
    assert "what was there before us is not kept any more" in entry(admin_client, twice)


def test_a_try_that_is_gone_as_a_whole_is_forgotten_too(
    admin_client: Client, intercom: Intercom, twice: Participant
) -> None:
    Attempt.objects.earliest("pk").delete()
    assert "This can’t be undone any more" in page(admin_client, twice)


def test_an_old_update_that_wrote_nothing_hides_nothing(
    admin_client: Client, intercom: Intercom, twice: Participant
) -> None:
    Attempt.objects.filter(pk=Attempt.objects.earliest("pk").pk).update(reason=Reason.SAME_VALUES, after={})
    prune()
    assert "Put 1 field back" in page(admin_client, twice)


def test_our_own_old_create_hides_nothing(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, email="new@example.com")
    intercom.drain()
    Attempt.objects.update(started_at=timezone.now() - timedelta(days=100))
    set_panel(campaign, field_map=[EMAIL_ROW, SIZE_ROW | {"value": "13"}])
    repair.send_present([owed(lead).pk])
    intercom.drain()
    prune()
    assert "Put 1 field back" in page(admin_client, lead)


# What became of an order, told honestly ------------------------------------------------------------------


def order(client: Client, lead: Participant, command: str) -> str:
    url = reverse("admin:integrations_delivery_order", args=[owed(lead).pk])
    return client.post(url, {"command": command}, follow=True).content.decode()


@pytest.mark.parametrize("command", ["cancel", "retry_now"])
def test_an_order_that_came_too_late_says_that_it_went(
    admin_client: Client, lead: Participant, command: str
) -> None:
    assert "1 person is in Intercom by now: it went before this order came." in order(
        admin_client, lead, command
    )


def test_what_is_on_its_way_says_so(admin_client: Client, lead: Participant) -> None:
    Delivery.objects.update(
        state=State.UNCERTAIN, due_at=timezone.now(), intent="create_lead", intent_at=timezone.now()
    )
    assert "1 person has just left for Intercom" in order(admin_client, lead, "cancel")


def test_an_undo_called_off_says_that_nothing_is_done(admin_client: Client, lead: Participant) -> None:
    repair.undo([owed(lead).pk])
    assert "Leave it as it was" in entry(admin_client, lead)
    assert "1 contact stays as it was" in order(admin_client, lead, "cancel")
    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.EXISTS)


def test_present_values_are_sent_from_the_page(
    admin_client: Client, intercom: Intercom, lead: Participant
) -> None:
    Participant.objects.update(first_name="Annabel")
    assert "1 person is on the way to Intercom." in order(admin_client, lead, "send_present")
    intercom.drain()
    assert intercom.contacts()[0]["name"] == "Annabel Berg"


def test_an_unknown_order_changes_nothing(admin_client: Client, lead: Participant) -> None:
    for command in ("", "drop table", "a\0b", "x" * 10_000):
        order(admin_client, lead, command)
    assert (owed(lead).state, owed(lead).reason) == (State.UPDATED, Reason.EXISTS)
