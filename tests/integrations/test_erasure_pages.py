"""Erasing a person in the browser: what there is, the email once more, done; and who was erased when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Participant
from integrations.logic.states import Reason, State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    ErasedContact,
    Erasure,
    ErasureState,
    Fate,
    Hitch,
    IntercomConnection,
)
from integrations.services.keeping.erasing import ask
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.controls import read
from tests.integrations.crowds import stand
from tests.integrations.flow_fixtures import set_panel
from tests.integrations.panel import make_workspace

if TYPE_CHECKING:
    from campaigns.models import Campaign

pytestmark = pytest.mark.django_db

EMAIL = "ana.marker@example.org"
ERASE, ERASURES = "/admin/integrations/erase/", "/admin/integrations/erasures/"


def somebody(group: str) -> Client:
    user = User.objects.create_user(group.lower().replace(" ", ""), first_name="Ed", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin() -> Client:
    return somebody(INTEGRATION_ADMIN)


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    return make_campaign("Spring <b>sale</b>")


@pytest.fixture
def lead(campaign: Campaign) -> Participant:
    """Somebody whose contact was created."""
    lead = make_lead(campaign, email=EMAIL, first_name="<i>Ana</i>", last_name="Lima")
    stand(lead, State.CREATED, Reason.NEW)
    return lead


def look(client: Client, email: str = EMAIL) -> str:
    return read(client.post(ERASE, {"do": "look", "email": email})).text


def erase(client: Client, *, again: str = EMAIL, email: str = EMAIL, delete_in: object = ()) -> str:
    data = {"do": "erase", "email": email, "again": again, "delete_in": delete_in}
    return read(client.post(ERASE, data, follow=True)).text


# Looking ----------------------------------------------------------------------------------------------


def test_it_says_what_there_is_before_anything_is_erased(
    admin: Client, lead: Participant, workspace: IntercomConnection
) -> None:
    text = look(admin, f" {EMAIL.upper()} ")
    for words in (
        "Spring <b>sale</b>",
        "<i>Ana</i> Lima",
        "Times they joined a campaign 1",
        "Entries of the sync log 1",
        f"Delete the contact in {workspace.name or workspace.workspace_id} too",
    ):
        assert words in text
    assert Participant.objects.filter(pk=lead.pk).exists()


def test_looking_goes_by_post_and_leaves_no_email_in_an_address(admin: Client, lead: Participant) -> None:
    answer = admin.post(ERASE, {"do": "look", "email": EMAIL})
    assert answer.status_code == 200
    assert 'method="post"' in answer.text
    assert f"?email={EMAIL}" not in answer.text
    assert EMAIL not in admin.get(ERASE, {"email": EMAIL}).text


def test_nobody_is_found_by_an_email_that_nobody_has(admin: Client, lead: Participant) -> None:
    assert "We hold nothing of" in look(admin, "bo@example.org")
    assert "Erase this person" not in look(admin, "bo@example.org")


@pytest.mark.parametrize("email", ["", "   ", "a\0b@example.org", "x" * 10_000, "\ud800@example.org"])
def test_what_is_no_email_is_answered_gracefully(admin: Client, lead: Participant, email: str) -> None:
    data = {"do": "look", "email": email.encode("utf-8", "surrogatepass")}
    answer = admin.post(ERASE, data)
    assert answer.status_code == 200
    assert "What we hold of" not in answer.text


@pytest.mark.parametrize("person", ["", "x", "0", "-1", "9" * 30, "\0", "²", "999999999999999999"])
def test_a_link_that_names_nobody_shows_the_box(admin: Client, lead: Participant, person: str) -> None:
    answer = admin.get(ERASE, {"person": person})
    assert answer.status_code == 200
    assert "What we hold of" not in answer.text


def test_an_entry_and_a_person_lead_here(admin: Client, lead: Participant) -> None:
    for page in (
        reverse("admin:campaigns_participant_change", args=[lead.pk]),
        reverse("admin:integrations_delivery_change", args=[Delivery.objects.get(participant=lead).pk]),
    ):
        assert f'href="{ERASE}?person={lead.pk}"' in admin.get(page).text
    assert f"What we hold of {EMAIL}" in read(admin.get(ERASE, {"person": lead.pk})).text


def test_support_is_not_led_here(lead: Participant) -> None:
    client = somebody(SUPPORT)
    page = reverse("admin:campaigns_participant_change", args=[lead.pk])
    assert ERASE not in client.get(page).text


def test_a_workspace_without_access_says_so(
    admin: Client, lead: Participant, workspace: IntercomConnection
) -> None:
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED)
    assert "We have no access to this workspace" in look(admin)


def test_a_contact_that_somebody_else_has_says_so(
    admin: Client, campaign: Campaign, lead: Participant
) -> None:
    other = make_lead(campaign)
    stand(other, State.CREATED, Reason.NEW, contact_id=f"contact-{lead.pk}")
    assert "Somebody else here has this contact too" in look(admin)


@pytest.mark.parametrize("state", [State.WAITING, State.SENDING, State.UNCERTAIN])
def test_what_is_on_its_way_can_be_deleted_too(
    admin: Client, workspace: IntercomConnection, campaign: Campaign, state: State
) -> None:
    set_panel(campaign)
    stand(make_lead(campaign, email=EMAIL), state)
    text = look(admin)
    assert "If a contact comes of it, that one is deleted." in text
    erase(admin, delete_in=[workspace.pk])
    assert Erasure.objects.get().delete_in == [workspace.pk]


def test_a_workspace_that_never_answered_is_named(
    admin: Client, lead: Participant, workspace: IntercomConnection
) -> None:
    values = {"connection": workspace, "contact_id": ""}
    stand(lead, State.NEEDS_ATTENTION, Reason.GAVE_UP_IN_DOUBT, **values)
    assert "It was never answered whether a contact of theirs was made here." in look(admin)


def test_the_pages_cost_few_queries_however_much_there_is(admin: Client, lead: Participant) -> None:
    for number in range(4):
        stand(make_lead(make_campaign(), email=EMAIL), State.CREATED, Reason.NEW, contact_id=f"c{number}")
    with CaptureQueriesContext(database) as queries:
        look(admin)
    assert len(queries) <= 24


# Erasing ----------------------------------------------------------------------------------------------


def test_the_email_is_typed_once_more_and_the_person_is_gone(admin: Client, lead: Participant) -> None:
    text = erase(admin, again=f" {EMAIL.upper()}")
    assert "Erased. What is left is that somebody was erased" in text
    assert EMAIL not in text
    assert not Participant.objects.exists()
    erasure = Erasure.objects.get()
    assert erasure.asked_by is not None
    assert "Ed" in text


@pytest.mark.parametrize("again", ["", "ana", "bo@example.org", "x" * 10_000, "\0"])
def test_another_email_erases_nobody(admin: Client, lead: Participant, again: str) -> None:
    text = erase(admin, again=again)
    assert "This is not the email above" in text
    assert Participant.objects.exists()
    assert not Erasure.objects.exists()


def test_a_wrong_email_keeps_the_ticks(
    admin: Client, lead: Participant, workspace: IntercomConnection
) -> None:
    data = {"do": "erase", "email": EMAIL, "again": "x", "delete_in": workspace.pk}
    assert read(admin.post(ERASE, data)).values["delete_in"] == str(workspace.pk)


def test_a_tick_has_the_contact_deleted(
    admin: Client, lead: Participant, workspace: IntercomConnection
) -> None:
    text = erase(admin, delete_in=[workspace.pk])
    assert "The contact in Intercom is being deleted" in text
    assert (ErasedContact.objects.get().fate, ErasedContact.objects.get().connection) == (
        Fate.OWED,
        workspace,
    )


@pytest.mark.parametrize("forged", ["0", "x", "999999", "\0", "9" * 40])
def test_a_forged_tick_deletes_nothing(admin: Client, lead: Participant, forged: str) -> None:
    erase(admin, delete_in=[forged])
    assert not ErasedContact.objects.filter(fate=Fate.OWED).exists()
    assert Erasure.objects.get().delete_in == []


def test_a_second_click_does_nothing_more(admin: Client, lead: Participant) -> None:
    erase(admin)
    assert "We hold nothing of" in erase(admin)
    assert Erasure.objects.count() == 1


def test_who_is_on_their_way_waits_and_the_page_says_so(admin: Client, lead: Participant) -> None:
    stand(lead, State.UNCERTAIN, Reason.UNCERTAIN)
    text = erase(admin)
    assert "They are erased as soon as that has ended" in text
    assert EMAIL in text
    assert Erasure.objects.get().state == ErasureState.WAITING


@pytest.mark.parametrize("page", [ERASE, ERASURES])
@pytest.mark.parametrize("method", ["get", "post"])
def test_support_may_neither_look_nor_erase(lead: Participant, page: str, method: str) -> None:
    client = somebody(SUPPORT)
    data = {"do": "erase", "email": EMAIL, "again": EMAIL}
    assert getattr(client, method)(page, data).status_code == 403
    assert Participant.objects.exists()


def test_a_forged_form_of_another_site_erases_nobody(admin: Client, lead: Participant) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    data = {"do": "erase", "email": EMAIL, "again": EMAIL}
    assert strict.post(ERASE, data).status_code == 403
    assert Participant.objects.exists()


# The list ---------------------------------------------------------------------------------------------


@pytest.fixture
def owed(lead: Participant, workspace: IntercomConnection) -> Erasure:
    """Erased here, and their contact is still to be deleted."""
    return ask(EMAIL, user=None, delete_in=[workspace.pk])


def listed(client: Client) -> str:
    return read(client.get(ERASURES)).text


def test_the_list_says_what_remains_and_by_whom(admin: Client, owed: Erasure) -> None:
    text = listed(admin)
    for words in ("Deleting in Intercom", "by a command", "Still to be deleted", "Entries of the sync log 1"):
        assert words in text
    assert EMAIL not in text


def test_the_list_says_why_it_takes_long(admin: Client, owed: Erasure) -> None:
    ErasedContact.objects.update(hitch=Hitch.FORBIDDEN)
    assert "may not delete contacts" in listed(admin)
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED)
    assert "Connect it again, or delete the contact there" in listed(admin)


def test_an_id_that_no_key_opens_breaks_nothing(admin: Client, owed: Erasure) -> None:
    ErasedContact.objects.update(sealed_contact_id="no-key-opens-this")
    assert "No key opens" in listed(admin)


def order(client: Client, do: str, erasure: object) -> str:
    return read(client.post(ERASURES, {"do": do, "erasure": erasure}, follow=True)).text


def test_it_can_be_tried_again_at_once(admin: Client, owed: Erasure) -> None:
    ErasedContact.objects.update(due_at=timezone.now() + timedelta(hours=1))
    assert "tried again now" in order(admin, "again", owed.pk)
    due_at = ErasedContact.objects.get().due_at
    assert due_at is not None
    assert due_at <= timezone.now()


def test_it_can_be_said_to_be_done_by_hand(admin: Client, owed: Erasure) -> None:
    assert "Noted: 1 contact deleted by hand." in order(admin, "by_hand", owed.pk)
    assert "Deleted by hand, as somebody said" in listed(admin)
    assert "Noted" not in order(admin, "by_hand", owed.pk)


@pytest.mark.parametrize("erasure", ["", "x", "0", "-1", "\0", "9" * 19, "9" * 10_000, "²"])
def test_an_order_for_nothing_does_nothing(admin: Client, owed: Erasure, erasure: str) -> None:
    order(admin, "by_hand", erasure)
    assert ErasedContact.objects.get().fate == Fate.OWED


def test_the_list_asks_no_more_the_longer_it_is(admin: Client, owed: Erasure, campaign: Campaign) -> None:
    listed(admin)
    with CaptureQueriesContext(database) as few:
        listed(admin)
    for number in range(5):
        lead = make_lead(campaign, email=f"{number}@example.org")
        stand(lead, State.CREATED, Reason.NEW)
        ask(lead.email, user=None)
    with CaptureQueriesContext(database) as many:
        listed(admin)
    assert len(many) == len(few)


# Instead of deleting ----------------------------------------------------------------------------------


def test_nobody_deletes_a_person_past_all_this(lead: Participant) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    page = reverse("admin:campaigns_participant_delete", args=[lead.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
    people = reverse("admin:campaigns_participant_changelist")
    chosen = {"action": "delete_selected", "_selected_action": lead.pk, "post": "yes"}
    client.post(people, chosen)
    assert "delete_selected" not in client.get(people).text
    assert Delivery.objects.filter(participant=lead).exists()
