"""The preview on its page: for whom, with what is typed, compared with Intercom, and for whose eyes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.models import ConnectionStatus, ContactLink, Delivery, IntercomConnection, SyncSettings
from integrations.sandbox.control import Fault, State
from integrations.services.lookup import look_up
from tests.campaigns.conftest import staff
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import Intercom, set_panel
from tests.integrations.sandbox_fixtures import TOKEN

if TYPE_CHECKING:
    pass

__all__ = ["staff"]

pytestmark = pytest.mark.django_db

NAME = {"data_type": "dynamic", "source": "lead.full_name", "target": "name", "if_present": "keep"}
PLAN = {"data_type": "fixed", "value": "pro", "target": "custom_attributes.plan"}
HTMX = {"HX-Request": "true"}


def address(campaign: Campaign, tab: str = "leads") -> str:
    return reverse("admin:campaigns_campaign_intercom_preview", args=[campaign.pk, tab])


def form(*rows: dict[str, str], **more: Any) -> dict[str, str]:
    """The panel's form as a browser posts it."""
    posted = {"revision": "0", "action": "create_lead", "policy": "skip", "method": "none"}
    email = {"data_type": "dynamic", "source": "lead.email", "target": "email"}
    for number, row in enumerate([email, *rows]):
        posted |= {f"rows-{number}-{name}": value for name, value in row.items()}
    return posted | {"rows-TOTAL_FORMS": str(len(rows) + 1), "rows-INITIAL_FORMS": "0"} | more


def ask(client: Client, campaign: Campaign, *rows: dict[str, str], tab: str = "leads", **more: Any) -> str:
    """What htmx gets, as text: what is below the choice of a person, which stays as it is."""
    response = client.post(address(campaign, tab), form(*rows, **more), headers=HTMX)
    assert response.status_code == 200
    html = response.content.decode()
    assert 'name="preview_for"' not in html
    return words(html)


def words(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", html).split()))


def compare(client: Client, lead: Participant, *rows: dict[str, str], **more: Any) -> str:
    return ask(client, lead.campaign, *rows, do="compare", preview_for=str(lead.pk), **more)


def person_with(*names: str) -> Client:
    """Somebody on the staff with these rights alone."""
    user = User.objects.create_user("sue", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_campaign", *names]))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    """A campaign whose saved Leads tab is connected."""
    made = make_campaign()
    set_panel(made)
    return made


# Of what is typed ------------------------------------------------------------------------------------------


def test_the_preview_is_of_what_is_typed_and_saves_nothing(staff: Client, campaign: Campaign) -> None:
    text = ask(staff, campaign, PLAN)
    assert "Fixed Value plan – list Pro Will be sent, changed Sent in Intercom's own spelling." in text
    assert "test.lead@example.com" in text
    assert "a new lead is created" in text
    assert not Delivery.objects.exists()
    assert campaign.sync_settings.get().field_map.filter(target="name").exists()


def test_a_user_is_called_a_user(staff: Client, campaign: Campaign) -> None:
    assert "a new user is created" in ask(staff, campaign, action="create_user")


def test_nothing_to_action_sends_nothing(staff: Client, campaign: Campaign) -> None:
    text = ask(staff, campaign, PLAN, action="nothing")
    assert "Nothing is sent to Intercom as long as" in text
    assert "Preview for" not in text


def test_what_is_missing_is_said_and_the_rest_is_shown(staff: Client, campaign: Campaign) -> None:
    text = ask(staff, campaign, {"data_type": "dynamic", "source": "", "target": "name"}, PLAN)
    assert "Setup Required: nobody is sent" in text
    assert "1 row is not finished yet" in text
    assert "Pro" in text


def test_what_cannot_be_saved_is_said(staff: Client, campaign: Campaign) -> None:
    gone = {"data_type": "fixed", "value": "x", "target": "custom_attributes.gone"}
    assert "cannot be saved as it is" in ask(staff, campaign, gone)


def test_an_unmapped_email_leaves_nothing_to_show(staff: Client, campaign: Campaign) -> None:
    text = ask(staff, campaign, **{"rows-0-source": ""})
    assert "Nothing is mapped yet" in text


def test_a_page_never_connected_still_shows_what_would_go(staff: Client) -> None:
    text = ask(staff, make_campaign(), NAME)
    assert "Test Lead" in text
    assert "Compare with Intercom" not in text


def test_the_referrers_tab_shows_a_referrer(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign, first_name="Leo")
    make_referrer(campaign, first_name="Rosa")
    text = words(staff.post(address(campaign, "referrers"), form(NAME)).content.decode())
    assert "A sample referrer" in text
    assert "Rosa" in text
    assert "Leo" not in text
    assert "Test Referrer Will be sent" in text


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"rows-TOTAL_FORMS": "999999999"},
        {"preview_for": "\0", "preview_email": "\0"},
        {"preview_for": "٣"},
        {"preview_for": "9" * 400},
        {"preview_for": "-1", "do": "compare"},
        {"action": "create_lead", "preview_for": "email", "preview_email": "x" * 9000},
    ],
)
def test_any_form_gets_an_answer(staff: Client, campaign: Campaign, posted: dict[str, str]) -> None:
    response = staff.post(address(campaign), posted, headers=HTMX)
    assert response.status_code == 200
    assert words(response.content.decode())


def test_what_people_typed_is_no_markup(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign, first_name="<script>alert(1)</script>")
    evil = {"data_type": "fixed", "value": "<img src=x onerror=1>", "target": "custom_attributes.lead_source"}
    response = staff.post(address(campaign), form(evil), headers=HTMX)
    html = response.content.decode()
    assert "<script>" not in html
    assert "<img" not in html
    assert "<bdi" in html


# For whom --------------------------------------------------------------------------------------------------


def test_a_real_person_can_be_chosen(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="Leo@Example.com", first_name="Leo", last_name="Lima")
    text = ask(staff, campaign, NAME, preview_for=str(lead.pk))
    assert "Leo Lima Will be sent" in text
    assert "leo@example.com" in text


def test_the_email_of_anybody_in_this_campaign_will_do(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign, email="leo@example.com", first_name="Leo", last_name="Lima")
    text = ask(staff, campaign, NAME, preview_for="email", preview_email="  LEO@example.com ")
    assert "Leo Lima Will be sent" in text


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (
            {"preview_for": "email", "preview_email": "leo@example.com"},
            "Nobody with the email leo@example.com",
        ),
        ({"preview_for": "email", "preview_email": " "}, "Type the email of somebody who joined"),
        ({"preview_for": "{other}"}, "not in this campaign any more"),
        ({"preview_for": "123456"}, "not in this campaign any more"),
        ({"preview_for": "nonsense"}, "not in this campaign any more"),
    ],
)
def test_somebody_who_is_not_here_is_not_shown(
    staff: Client, campaign: Campaign, chosen: dict[str, str], said: str
) -> None:
    other = make_lead(make_campaign(), email="leo@example.com", first_name="Leo")
    chosen = {name: value.replace("{other}", str(other.pk)) for name, value in chosen.items()}
    text = ask(staff, campaign, NAME, **chosen)
    assert said in text
    assert "Leo" not in text.replace("leo@example.com", "")


def test_the_newest_twenty_are_offered_and_who_was_chosen_stays(staff: Client, campaign: Campaign) -> None:
    now = timezone.now()
    leads = [make_lead(campaign, email=f"p{number}@example.com") for number in range(22)]
    for age, lead in enumerate(leads):
        Participant.objects.filter(pk=lead.pk).update(joined_at=now - timedelta(days=age))
    page = staff.post(address(campaign), form(preview_for=str(leads[21].pk))).content.decode()
    card = page[page.index('id="preview-for"') : page.index('id="preview-email"')]
    offered = re.findall(r'<option value="(\d+)"( selected)?', card)
    assert [int(pk) for pk, _selected in offered] == [leads[21].pk, *(lead.pk for lead in leads[:20])]
    assert [int(pk) for pk, selected in offered if selected] == [leads[21].pk]


def test_who_may_not_see_people_gets_the_sample_alone(campaign: Campaign) -> None:
    lead = make_lead(campaign, first_name="Leo")
    client = person_with("view_syncsettings", "change_syncsettings")
    posted = form(NAME, preview_for=str(lead.pk), do="compare")
    for headers in ({}, HTMX):
        text = words(client.post(address(campaign), posted, headers=headers).content.decode())
        assert "Leo" not in text
        assert "Test Lead" in text
        assert "Compare with Intercom" not in text


def test_who_may_only_look_sees_what_is_saved(campaign: Campaign) -> None:
    client = person_with("view_syncsettings", "view_participant")
    lead = make_lead(campaign, first_name="Leo", last_name="Lima")
    text = words(client.post(address(campaign), {"preview_for": str(lead.pk)}, headers=HTMX).content.decode())
    assert "Leo Lima Will be sent" in text


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_look_is_refused(campaign: Campaign, method: str) -> None:
    client = person_with("view_participant")
    assert getattr(client, method)(address(campaign)).status_code == 403


def test_a_visit_without_a_form_leads_to_the_panel(staff: Client, campaign: Campaign) -> None:
    response = staff.get(address(campaign, "referrers"))
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "referrers"])
    assert response.headers["Location"] == f"{panel}#preview"


def test_without_javascript_the_whole_page_comes_with_all_that_was_typed(
    staff: Client, campaign: Campaign
) -> None:
    lead = make_lead(campaign, first_name="Leo", last_name="Lima")
    response = staff.post(address(campaign), form(NAME, PLAN, preview_for=str(lead.pk)))
    html = response.content.decode()
    assert 'value="pro"' in html
    assert html.count('id="preview"') == 1
    assert "Leo Lima Will be sent" in words(html)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paused_at": timezone.now()}, "Sending is paused for the whole workspace."),
        ({"paused_until": timezone.now() + timedelta(hours=1)}, "Intercom asked us to slow down."),
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "no longer accepts our access"),
    ],
)
def test_what_keeps_everybody_from_being_sent_is_said(
    staff: Client, campaign: Campaign, change: dict[str, Any], said: str
) -> None:
    assert "Nothing is sent at the moment" not in ask(staff, campaign, NAME)
    IntercomConnection.objects.update(**change)
    text = ask(staff, campaign, NAME)
    assert "Nothing is sent at the moment." in text
    assert said in text


def test_a_campaign_that_is_disconnected_or_paused_says_that_nothing_is_sent(
    staff: Client, campaign: Campaign
) -> None:
    SyncSettings.objects.update(paused_at=timezone.now())
    assert "Nothing is sent at the moment. Sending is paused for this campaign." in ask(staff, campaign, NAME)
    SyncSettings.objects.update(paused_at=None, connection=None, disconnected_at=timezone.now())
    assert "No Intercom workspace is connected" in ask(staff, campaign, NAME)


def test_nothing_is_said_to_have_been_sent(staff: Client, campaign: Campaign) -> None:
    text = ask(staff, campaign, NAME)
    assert "Will be sent" in text
    assert " Sent " not in text


def test_what_is_said_is_announced(staff: Client, campaign: Campaign) -> None:
    response = staff.post(address(campaign), form(), headers=HTMX)
    assert json.loads(response.headers["HX-Trigger"]) == {"announce": {"value": "Preview updated."}}


def test_the_card_takes_one_query_for_the_sample(staff: Client, campaign: Campaign) -> None:
    for number in range(30):
        make_lead(campaign, email=f"p{number}@example.com")
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    with CaptureQueriesContext(
        database,
    ) as queries:
        response = staff.get(panel)
    assert 'id="preview"' in response.content.decode()
    about_people = [query["sql"] for query in queries if 'FROM "campaigns_participant"' in query["sql"]]
    assert len([sql for sql in about_people if "LIMIT 20" in sql]) == 1


# Compared with Intercom ------------------------------------------------------------------------------------


@pytest.fixture
def lead(campaign: Campaign) -> Participant:
    return make_lead(campaign, email="leo@example.com", first_name="Leo", last_name="Lima")


def contact(intercom: Intercom, **values: Any) -> str:
    values = {"email": "leo@example.com", "role": "user", **values}
    return intercom.sandbox.add_contact(intercom.workspace, **values)


def written(intercom: Intercom) -> list[str]:
    """The calls that are no mere questions."""
    return [
        call for call in intercom.new_calls() if call not in {"POST /contacts/search", "GET /contacts/{id}"}
    ]


def test_each_field_before_and_after(staff: Client, intercom: Intercom, lead: Participant) -> None:
    custom = {"plan": "Free", "lead_source": "Referral"}
    contact(intercom, name="Leonard", phone=None, custom_attributes=custom)
    rows = [
        NAME,
        PLAN,
        {"data_type": "fixed", "value": "+1 202 555 0143", "target": "phone"},
        {"data_type": "fixed", "value": "Referral", "target": "custom_attributes.lead_source"},
        {"data_type": "fixed", "value": "7", "target": "external_id"},
    ]
    text = compare(staff, lead, *rows, policy="update", action="create_user")
    result = text.partition("In Intercom now")[2].partition("If they were new")[0]
    assert "Found a user: Leonard" in result
    assert "Name Leonard Leonard Kept It has a value already, so Leo Lima is not written." in result
    assert "An update would write 2 fields:" in result
    assert "Phone empty +1 202 555 0143 Filled" in result
    assert "External ID empty Kept Never changed in a contact that exists." in result
    assert "plan Free Pro Overwritten" in result
    assert "lead_source Referral Referral Unchanged" in result
    assert "Email leo@example.com leo@example.com Unchanged" in result
    assert written(intercom) == []


def test_overwrite_is_believed_as_typed(staff: Client, intercom: Intercom, lead: Participant) -> None:
    contact(intercom, name="Leonard")
    text = compare(staff, lead, {**NAME, "if_present": "overwrite"}, policy="update")
    assert "Name Leonard Leo Lima Overwritten" in text


def test_what_was_told_is_what_an_update_then_does(
    staff: Client, intercom: Intercom, campaign: Campaign, lead: Participant
) -> None:
    there = contact(intercom, name="", custom_attributes={"plan": "Free"})
    text = compare(staff, lead, NAME, PLAN, policy="update")
    assert "Name empty Leo Lima Filled" in text
    plan = {"data_type": "fixed", "value": "pro", "to": "custom_attributes.plan"}
    email = {"from": "lead.email", "to": "email"}
    name = {"from": "lead.full_name", "to": "name"}
    set_panel(campaign, field_map=[email, name, plan], duplicates="update")
    intercom.drain()
    after = intercom.sandbox.contact(intercom.workspace, there)
    assert (after["name"], after["custom_attributes"]["plan"]) == ("Leo Lima", "Pro")
    assert "nothing that an update would write" in compare(staff, lead, NAME, PLAN, policy="update")


def test_do_nothing_changes_nothing(staff: Client, intercom: Intercom, lead: Participant) -> None:
    contact(intercom, name="Leonard")
    text = compare(staff, lead, {**NAME, "if_present": "overwrite"}, policy="skip")
    assert "Nothing would be changed: your setting for existing contacts is to do nothing." in text
    assert "Overwritten" not in text


@pytest.mark.parametrize(("action", "kind"), [("create_lead", "lead"), ("create_user", "user")])
def test_nobody_there_means_a_new_contact(
    staff: Client, intercom: Intercom, lead: Participant, action: str, kind: str
) -> None:
    text = compare(staff, lead, action=action)
    assert f"No contact with this email in Intercom yet: a new {kind} would be created." in text
    assert intercom.new_calls() == ["POST /contacts/search"]


def test_a_lead_stays_a_lead(staff: Client, intercom: Intercom, lead: Participant) -> None:
    contact(intercom, role="lead")
    assert "They stay a lead" in compare(staff, lead, action="create_user")
    assert "They stay a lead" not in compare(staff, lead, action="create_lead")


def test_several_matches_are_said(staff: Client, intercom: Intercom, lead: Participant) -> None:
    contact(intercom, role="lead", name="The lead")
    contact(intercom, role="user", name="The user")
    text = compare(staff, lead, NAME)
    assert "2 contacts in Intercom have this email." in text
    assert "Found a user: The user" in text


def link(lead: Participant, contact_id: str) -> None:
    ContactLink.objects.create(
        connection=IntercomConnection.objects.get(),
        email=lead.email_normalized,
        contact_id=contact_id,
        role="user",
        confirmed_at=timezone.now(),
    )


def test_a_contact_that_we_know_is_read_without_a_search(
    staff: Client, intercom: Intercom, lead: Participant
) -> None:
    link(lead, contact(intercom, name="Known"))
    assert "Found a user: Known" in compare(staff, lead)
    assert intercom.new_calls() == ["GET /contacts/{id}"]


def test_a_merged_contact_is_followed(staff: Client, intercom: Intercom, lead: Participant) -> None:
    old, new = contact(intercom, name="Old"), contact(intercom, name="New")
    intercom.sandbox.set_state(intercom.workspace, old, State.MERGED, merged_into=new)
    link(lead, old)
    assert "Found a user: New" in compare(staff, lead)


@pytest.mark.parametrize("state", [State.ARCHIVED, State.DELETED])
def test_a_contact_that_is_gone_is_said(
    staff: Client, intercom: Intercom, lead: Participant, state: State
) -> None:
    old = contact(intercom)
    intercom.sandbox.set_state(intercom.workspace, old, state)
    link(lead, old)
    text = compare(staff, lead)
    assert "archived or deleted in Intercom." in text
    assert "would be created" in text


def test_a_contact_that_is_somebody_else_by_now_is_not_taken(
    staff: Client, intercom: Intercom, lead: Participant
) -> None:
    link(lead, contact(intercom, email="other@example.com", name="Other"))
    text = compare(staff, lead)
    assert "Other" not in text
    assert "a new lead would be created" in text


def test_contacts_that_merge_in_a_ring_end(staff: Client, intercom: Intercom, lead: Participant) -> None:
    one, two = contact(intercom), contact(intercom)
    intercom.sandbox.set_state(intercom.workspace, one, State.MERGED, merged_into=two)
    intercom.sandbox.set_state(intercom.workspace, two, State.MERGED, merged_into=one)
    link(lead, one)
    assert "In Intercom now" in compare(staff, lead)


def test_the_sample_is_compared_with_nobody(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    assert "The sample is nobody real" in ask(staff, campaign, do="compare")
    assert intercom.new_calls() == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(acts=False, status=403), "lacks a permission"),
        (Fault(acts=False, status=429), "asked us to slow down"),
        (Fault(acts=False, status=500), "trouble of its own"),
        (Fault(acts=False, status=502, body="<html>Bad gateway</html>"), "trouble of its own"),
        (Fault(acts=False, status=200, body="<html>Hello</html>"), "cannot read"),
        (Fault(acts=False, status=200, body='{"data": 5}'), "cannot read"),
        (Fault(acts=False, status=404, body="<html>lost</html>"), "cannot read"),
        (Fault(acts=False, status=400), "Intercom refused this. It says: “Invalid parameters”"),
    ],
)
def test_failures_are_plain_sentences(
    staff: Client, intercom: Intercom, lead: Participant, fault: Fault, said: str
) -> None:
    intercom.sandbox.add_fault(intercom.workspace, fault)
    before = IntercomConnection.objects.values().get()
    text = compare(staff, lead)
    assert said in text
    assert "would be created" not in text
    assert IntercomConnection.objects.values().get() == before


def test_a_revoked_token_is_told(staff: Client, intercom: Intercom, lead: Participant) -> None:
    intercom.sandbox.revoke(TOKEN)
    assert "Connect it again" in compare(staff, lead)


def test_a_revoked_token_shows_above_with_the_way_to_reconnect(
    staff: Client, intercom: Intercom, lead: Participant
) -> None:
    intercom.sandbox.revoke(TOKEN)
    text = compare(staff, lead, standing="connected")
    assert "Connect it again" in text
    assert "Reconnect needed" in text
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED


def test_a_comparison_that_works_leaves_the_header_alone(staff: Client, lead: Participant) -> None:
    assert "Disconnect" not in compare(staff, lead, standing="connected")


def test_a_slow_intercom_is_not_waited_for(intercom: Intercom, lead: Participant) -> None:
    link(lead, contact(intercom, email="other@example.com"))
    intercom.sandbox.set_latency(intercom.workspace, 0.3)
    found = look_up(intercom.connection, email=lead.email, seconds=0.45)
    assert "did not answer in time" in found.trouble or "cannot be reached" in found.trouble


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "no longer accepts our access"),
        ({"paused_until": timezone.now() + timedelta(hours=1)}, "asked us to slow down"),
        ({"sealed_token": "nonsense"}, "cannot be read any more"),
    ],
)
def test_a_workspace_that_may_not_be_asked_is_left_in_peace(
    staff: Client, intercom: Intercom, lead: Participant, changes: dict[str, object], said: str
) -> None:
    IntercomConnection.objects.update(**changes)
    assert said in compare(staff, lead)
    assert intercom.new_calls() == []


def test_comparing_leaves_no_trace(staff: Client, intercom: Intercom, lead: Participant) -> None:
    contact(intercom)
    before = (Delivery.objects.values().get(), ContactLink.objects.count())
    compare(staff, lead, NAME, PLAN, policy="update")
    assert (Delivery.objects.values().get(), ContactLink.objects.count()) == before
    assert written(intercom) == []
