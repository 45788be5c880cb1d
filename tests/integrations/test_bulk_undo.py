"""Taking back what was written to many contacts: under one version of the settings, and only by who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from integrations.logic.states import Reason, State
from integrations.models import BulkOrder, Delivery, SettingsRevision
from integrations.services.bulk_orders.offers import offers
from integrations.services.log.wanted import Wanted
from integrations.services.outcomes import Group as Outcomes
from integrations.services.repair_rules import Command
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.bulk import NEW, ids_of, make_order, page_of
from tests.integrations.controls import read
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, set_panel
from tests.integrations.test_bulk_pages import text

if TYPE_CHECKING:
    from campaigns.models import Campaign

pytestmark = pytest.mark.django_db

OVER = {**NAME_ROW, "if_present": "overwrite"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    """Three who were in Intercom already, and whose names we wrote over."""
    made = make_campaign()
    set_panel(made, duplicates="update", field_map=[EMAIL_ROW, OVER])
    write_over(intercom, made, "ana", "bo", "cy")
    return made


def write_over(intercom: Intercom, campaign: Campaign, *names: str) -> None:
    for name in names:
        email = f"{name}@example.com"
        intercom.sandbox.add_contact(intercom.workspace, email=email, role="user", name=f"Old {name}")
        make_lead(campaign, email=email, first_name="New", last_name=name)
    intercom.drain()


def names(intercom: Intercom) -> list[str]:
    return sorted(contact["name"] for contact in intercom.contacts())


def member(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def version(campaign: Campaign, number: int) -> SettingsRevision:
    return SettingsRevision.objects.get(settings__campaign=campaign, settings__audience="lead", number=number)


def history(client: Client, campaign: Campaign) -> str:
    page = client.get(reverse("admin:campaigns_campaign_intercom_history", args=[campaign.pk, "leads"]))
    return page.content.decode()


def link(campaign: Campaign, number: int) -> str:
    return f"{NEW}?command=undo&version={version(campaign, number).pk}"


def test_the_history_leads_to_it_and_the_old_names_come_back(intercom: Intercom, campaign: Campaign) -> None:
    admin = member(INTEGRATION_ADMIN)
    assert link(campaign, 1).replace("&", "&amp;") in history(admin, campaign)
    page = admin.get(link(campaign, 1))
    assert "Take the updates of 3 contacts back?" in text(page)
    assert f"Leads of {campaign.name} whose contact was last written under version 1." in text(page)
    assert BulkOrder.objects.count() == 0

    answer = admin.post(NEW, read(page).values, follow=True)
    intercom.drain()

    assert "Taking back was ordered for all 3 contacts." in text(answer)
    assert names(intercom) == ["Old ana", "Old bo", "Old cy"]
    assert {row.reason for row in Delivery.objects.all()} == {Reason.UNDONE}
    assert "command=undo" not in history(admin, campaign)


def test_those_written_under_another_version_stay_as_they_are(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, duplicates="update", field_map=[EMAIL_ROW, {**OVER, "from": "lead.last_name"}])
    write_over(intercom, campaign, "dee")
    admin = member(INTEGRATION_ADMIN)

    page = admin.get(link(campaign, 2))
    assert "Take the update of 1 contact back?" in text(page)
    admin.post(NEW, read(page).values)
    intercom.drain()

    assert names(intercom) == ["New ana", "New bo", "New cy", "Old dee"]


def test_what_somebody_changed_since_is_left_alone(intercom: Intercom, campaign: Campaign) -> None:
    theirs = next(contact for contact in intercom.contacts() if contact["email"] == "bo@example.com")
    intercom.sandbox.change_contact(intercom.workspace, theirs["id"], name="Bo the Great")
    admin = member(INTEGRATION_ADMIN)

    admin.post(NEW, read(admin.get(link(campaign, 1))).values)
    intercom.drain()

    assert names(intercom) == ["Bo the Great", "Old ana", "Old cy"]


def test_contacts_that_we_created_are_not_counted(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email="new@example.com")
    intercom.drain()
    page = text(member(INTEGRATION_ADMIN).get(link(campaign, 1)))

    assert "Take the updates of 3 contacts back?" in page
    assert "1 person stays as they are: no update of their contact is there to be taken back." in page


def test_taking_back_twice_is_harmless(intercom: Intercom, campaign: Campaign) -> None:
    admin = member(INTEGRATION_ADMIN)
    first, second = admin.get(link(campaign, 1)), admin.get(link(campaign, 1))
    admin.post(NEW, read(first).values)
    intercom.drain()
    admin.post(NEW, read(second).values)
    intercom.drain()

    assert names(intercom) == ["Old ana", "Old bo", "Old cy"]
    assert sorted(BulkOrder.objects.values_list("done", flat=True)) == [0, 3]


def test_support_takes_nothing_back_for_many(intercom: Intercom, campaign: Campaign) -> None:
    support, admin = member(SUPPORT), member(INTEGRATION_ADMIN)
    sealed = read(admin.get(link(campaign, 1))).values

    assert "command=undo" not in history(support, campaign)
    assert support.get(link(campaign, 1)).status_code == 403
    assert support.post(NEW, {"command": "undo", "ids": ids_of()}).status_code == 403
    assert support.post(NEW, {"command": "undo", "query": "outcome=updated"}).status_code == 403
    assert support.post(NEW, sealed).status_code == 403
    assert BulkOrder.objects.count() == 0
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.UPDATED}


def test_support_lets_no_undo_go_on_but_may_stop_it(intercom: Intercom, campaign: Campaign) -> None:
    made = make_order(command="undo", asked_at="2030-01-01T00:00:00Z", ids=ids_of(), up_to=10**9, sample=1)
    support = member(SUPPORT)

    assert "Go on with the others" not in text(support.get(page_of(made)))
    assert support.post(page_of(made), {"do": "go_on"}).status_code == 403
    assert support.post(page_of(made), {"do": "stop"}).status_code == 302
    made.refresh_from_db()
    assert (made.answered_at, made.done) == (None, 0)
    assert made.stopped_at is not None


def test_the_log_offers_it_to_who_may() -> None:
    wanted = Wanted(group=Outcomes.UPDATED)
    assert Command.UNDO not in offers(wanted)
    assert Command.UNDO in offers(wanted, with_undo=True)


@pytest.mark.parametrize("number", ["0", "987654321", "x", "\x00", "9" * 40])
def test_a_version_that_is_not_there_is_nobodys(intercom: Intercom, campaign: Campaign, number: str) -> None:
    page = member(INTEGRATION_ADMIN).get(NEW, {"command": "undo", "version": number}, follow=True)
    assert page.status_code == 200
    assert "Nobody was found" in text(page) or "Nothing was ordered" in text(page)
    assert BulkOrder.objects.count() == 0


def test_the_fields_that_were_missing_go_to_everybody_as_one_order(
    intercom: Intercom, campaign: Campaign
) -> None:
    Delivery.objects.update(incomplete=True)
    admin = member(INTEGRATION_ADMIN)
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    form = read(admin.get(panel)).values
    answer = admin.post(panel, {**form, "do": "complete"})

    assert "3 people get the missing fields now." in text(answer)
    made = BulkOrder.objects.get()
    assert (made.command, made.done) == (Command.COMPLETE, 3)
    assert made.made_by is not None
    intercom.drain()
    assert set(Delivery.objects.values_list("state", "incomplete")) == {(State.UPDATED, False)}
