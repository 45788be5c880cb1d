"""Each try on the page of one entry: what went, what came back, how long it took, under which settings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import Attempt, SettingsRevision, SyncSettings
from integrations.sandbox.control import Fault
from integrations.services.answer_words import answer_in_words, seconds_in_words, status_in_words
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.story_page import SOURCE_ROW, attempt, looker, page, words

if TYPE_CHECKING:
    from django.test import Client

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection

pytestmark = pytest.mark.django_db

SOURCE = "custom_attributes.lead_source"


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign("Spring")
    set_panel(campaign)
    return campaign


# What came back ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "less than 0.1 seconds"),
        (49, "less than 0.1 seconds"),
        (51, "0.1 seconds"),
        (140, "0.1 seconds"),
        (412, "0.4 seconds"),
        (9_949, "9.9 seconds"),
        (10_000, "10 seconds"),
        (61_500, "62 seconds"),
    ],
)
def test_a_duration_is_told_as_people_say_it(milliseconds: int, said: str) -> None:
    assert seconds_in_words(milliseconds) == said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, "200 (done)"),
        (204, "204 (done)"),
        (302, "302 (sent elsewhere, which we do not follow)"),
        (409, "409 (such a contact exists already)"),
        (418, "418 (refused)"),
        (503, "503 (Intercom has trouble of its own)"),
        (0, "0"),
        (None, "none came"),
    ],
)
def test_a_status_is_told_with_what_it_means(status: int | None, said: str) -> None:
    assert status_in_words(status) == said


def test_nothing_is_said_of_an_answer_where_nothing_was_asked() -> None:
    answer = answer_in_words(Attempt(calls=[], status=None, duration_ms=0))
    assert (answer.took, answer.status, answer.request_id) == ("", "", "")


def test_the_answer_is_told_and_its_request_id_can_be_copied(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, path="/contacts", status=503))
    lead = make_lead(campaign)
    intercom.drain()
    said, tried = words(admin_client, lead), owed(lead).tries.get()
    assert "Intercom's last answer: 503 (Intercom has trouble of its own)" in said
    assert "Took " in said
    assert tried.request_id
    assert f'<bdi id="request-{tried.pk}">{tried.request_id}</bdi>' in page(admin_client, lead)
    assert f'data-copies="request-{tried.pk}"' in page(admin_client, lead)


def test_that_no_answer_came_is_said(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    calls = [{"method": "POST", "path": "/contacts/search", "status": None}]
    attempt(lead, calls=calls, duration_ms=13_000, reason=Reason.RETRY)
    said = words(admin_client, lead)
    assert "Intercom's last answer: none came" in said
    assert "Took 13 seconds" in said


# Field by field ---------------------------------------------------------------------------------------


def test_what_came_back_as_it_was_sent_is_said_so(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, SOURCE_ROW])
    lead = make_lead(campaign)
    intercom.drain()
    assert "Intercom's answer shows just these values." in words(admin_client, lead)


@pytest.mark.parametrize(
    ("shown", "said"), [("Referral!", "Intercom shows Referral!"), (None, "Intercom shows nothing there")]
)
def test_what_came_back_otherwise_is_pointed_out(
    admin_client: Client, campaign: Campaign, shown: str | None, said: str
) -> None:
    lead = make_lead(campaign)
    attempt(
        lead,
        decision="create",
        state=State.CREATED,
        reason=Reason.NEW,
        sent={SOURCE: "Referral"},
        received={SOURCE: shown},
    )
    found = words(admin_client, lead)
    assert said in found
    assert "just these values" not in found


@pytest.mark.parametrize(("sent", "shown"), [(12, 12.0), (True, True), (1_770_000_000, 1_770_000_000)])
def test_the_same_value_in_another_form_is_no_difference(
    admin_client: Client, campaign: Campaign, sent: object, shown: object
) -> None:
    lead = make_lead(campaign)
    values = {"sent": {SOURCE: sent}, "received": {SOURCE: shown}}
    attempt(lead, decision="create", state=State.CREATED, reason=Reason.NEW, **values)
    assert "Intercom's answer shows just these values." in words(admin_client, lead)


def test_what_was_sent_and_did_not_arrive_is_not_told_as_arrived(
    admin_client: Client, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    attempt(
        lead,
        decision="update",
        reason=Reason.REJECTED,
        sent={SOURCE: "Referral"},
        before={SOURCE: None},
        after={SOURCE: "Referral"},
    )
    said = words(admin_client, lead)
    assert "Before Sent" in said
    assert "After" not in said
    assert "just these values" not in said


def test_what_an_update_left_alone_is_named(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, duplicates="update", field_map=[EMAIL_ROW, NAME_ROW, SOURCE_ROW])
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user", name="Ana B.")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert owed(lead).state == State.UPDATED
    assert "Left as it was, because the contact has a value there: Name." in words(admin_client, lead)


def test_a_field_that_intercom_refused_is_told_with_its_words(
    admin_client: Client, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    note = {"code": "refused", "target": "phone", "params": {"message": "invalid phone"}}
    attempt(lead, decision="create", state=State.CREATED, reason=Reason.NEW, notes=[note])
    said = words(admin_client, lead)
    assert "Phone was left out: Intercom refused it. Intercom says: “invalid phone”" in said


def test_which_of_several_contacts_was_taken_is_told(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, duplicates="update", field_map=[EMAIL_ROW, SOURCE_ROW])
    for role in ("lead", "user"):
        intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role=role)
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    said = words(admin_client, lead)
    assert "2 contacts with this email were found." in said
    assert "We took one by a fixed rule" in said
    assert said.count("(this one)") == 1


# What age has taken -----------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", ["create", "skip", "update", ""])
def test_a_try_whose_details_were_removed_says_so_and_invents_nothing(
    admin_client: Client, campaign: Campaign, decision: str
) -> None:
    lead, now = make_lead(campaign), timezone.now()
    attempt(
        lead,
        decision=decision,
        state=State.SKIPPED,
        reason=Reason.POLICY,
        started_at=now - timedelta(days=90, hours=1),
        pruned_at=now,
        request_id="req-1",
    )
    said = words(admin_client, lead)
    assert "Details of this try were removed after 90 days." in said
    for untrue in ("was found", "not asked again", "was to be created"):
        assert untrue not in said
    assert "So nothing was sent." in said


# Under which settings ---------------------------------------------------------------------------------


def test_the_version_in_use_is_said_to_be(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    intercom.drain()
    said = words(admin_client, lead)
    assert "Version 1 of the settings , in use now" in said
    assert "Since then the settings were changed" not in said


def test_what_has_changed_since_a_try_is_told_with_the_last_one_of_its_version(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    for _ in range(2):
        attempt(lead, settings_revision=1, reason=Reason.RETRY)
    set_panel(campaign, field_map=[EMAIL_ROW, {**NAME_ROW, "if_present": "overwrite"}])
    attempt(lead, settings_revision=2, reason=Reason.RETRY)
    said = words(admin_client, lead)
    change = "Field changed: Full Name → Name, if the contact already has a value: Keep it → Overwrite"
    assert said.count(change) == 1
    assert said.index("Try 2") < said.index(change) < said.index("Try 3")
    history = reverse("admin:campaigns_campaign_intercom_history", args=[campaign.pk, "leads"])
    assert f'href="{history}?before=2"' in page(admin_client, lead)
    assert "Version 1" in admin_client.get(history, {"before": "2"}).text


def test_that_the_tab_has_moved_to_another_workspace_is_a_change(
    admin_client: Client, campaign: Campaign, connection: IntercomConnection
) -> None:
    lead = make_lead(campaign)
    attempt(lead)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    content = {**SettingsRevision.objects.get(settings=tab, number=1).content, "workspace": "elsewhere"}
    SettingsRevision.objects.create(settings=tab, number=2, content=content)
    SyncSettings.objects.filter(pk=tab.pk).update(revision=2)
    assert f"Moved from {connection.name} to elsewhere" in words(admin_client, lead)


@pytest.mark.parametrize("number", [0, 7, 999])
def test_a_version_that_is_not_kept_is_only_named(
    admin_client: Client, campaign: Campaign, number: int
) -> None:
    lead = make_lead(campaign)
    attempt(lead, settings_revision=number)
    assert f"Version {number} of the settings" in words(admin_client, lead)
    assert f"?before={number + 1}" not in page(admin_client, lead)


def test_a_try_outlives_its_tab(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    attempt(lead, state=State.CREATED, reason=Reason.NEW)
    SyncSettings.objects.all().delete()
    assert "Version 1 of the settings" in words(admin_client, lead)


def test_who_may_not_see_the_settings_gets_no_link_to_them(campaign: Campaign) -> None:
    lead = make_lead(campaign)
    attempt(lead)
    text = page(looker(), lead)
    assert "Version 1 of the settings" in text
    assert "intercom/history" not in text
