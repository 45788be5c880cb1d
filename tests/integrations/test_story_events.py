"""All that happened to one person of the sync log, as their page tells it: one line of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.services import qualify_lead
from integrations.logic.qualification import Verdict
from integrations.logic.states import Reason, State
from integrations.models import Via
from integrations.services.explain import explain
from integrations.services.qualify.story import Happened
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.qualification import see
from tests.integrations.story_page import SOURCE_ROW, attempt, buttons, order, page, stand, words

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection

pytestmark = pytest.mark.django_db

RULE = {
    "method": "attribute_changes",
    "attribute": "custom_attributes.plan",
    "qualifying_values": ["Pro"],
}


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    campaign = make_campaign("Spring")
    set_panel(campaign)
    return campaign


def test_a_created_lead_is_told_step_by_step(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, SOURCE_ROW])
    lead = make_lead(campaign, first_name="Ana", last_name="Berg", email="ana@example.com")
    intercom.drain()
    said = words(admin_client, lead)
    steps = [
        "Joined the campaign as a lead.",
        "Try 1",
        "We looked in Intercom for contacts with this email.",
        "Nobody with this email was found.",
        "Your settings say: Create New Lead In Intercom.",
        "We sent:",
        "Email ana@example.com",
        "Name Ana Berg",
        "Referral",
        "A new contact was created in Intercom.",
        "Qualification",
    ]
    places = [said.index(step, said.index("What happened")) for step in steps]
    assert places == sorted(places)
    assert "HTTP" not in said
    assert "created_at" not in said


def test_a_skipped_person_is_told_which_rule_it_was(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    said = words(admin_client, lead)
    assert "1 contact with this email was found." in said
    assert "Your settings say: if the contact already exists, do nothing." in said
    assert buttons(admin_client, lead) == ["update_anyway"]


def test_an_order_and_what_it_changed_are_part_of_the_story(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, SOURCE_ROW])
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert "1 person is on the way to Intercom." in order(admin_client, lead, "update_anyway")
    assert "In line to be sent." in words(admin_client, lead)
    intercom.drain()
    said = words(admin_client, lead)
    assert "admin chose “Update the existing contact after all”." in said
    assert said.index("Try 1") < said.index("admin chose") < said.index("Try 2")
    assert "Before After" in said
    assert "Empty Referral" in said
    assert (owed(lead).state, buttons(admin_client, lead)) == (State.UPDATED, ["send_present"])


def test_tries_are_numbered_for_this_person(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    make_lead(campaign)
    intercom.drain()
    other = make_lead(campaign)
    intercom.drain()
    said = words(admin_client, other)
    assert "Try 1" in said
    assert "Try 2" not in said


def test_several_contacts_are_all_linked(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    stand(lead, state=State.NEEDS_ATTENTION, reason=Reason.SEVERAL_MATCHES)
    attempt(lead, decision="choose", matches=["aaa", "bbb"], reason=Reason.SEVERAL_MATCHES)
    text = page(admin_client, lead)
    assert "/users/aaa" in text
    assert "/users/bbb" in text


def test_a_refused_create_is_told_as_what_it_was(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    calls = [
        {"method": "POST", "path": "/contacts/search", "status": 200},
        {"method": "POST", "path": "/contacts", "status": 409},
        {"method": "GET", "path": "/contacts/65f", "status": 200},
    ]
    attempt(lead, decision="skip", matches=["65f"], calls=calls, reason=Reason.POLICY, state=State.SKIPPED)
    said = words(admin_client, lead)
    assert "Intercom refused a new contact, because there is one already." in said


def test_without_a_call_nothing_is_said_to_have_been_asked(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    attempt(lead, decision="skip", matches=["65f"], reason=Reason.POLICY, state=State.SKIPPED)
    said = words(admin_client, lead)
    assert "Intercom was not asked again" in said
    assert "was found" not in said


@pytest.mark.parametrize(
    ("reason", "calls"),
    [
        (Reason.RETRY, [{"method": "POST", "path": "/contacts/search", "status": 503}]),
        (Reason.RETRY, [{"method": "POST", "path": "/contacts/search", "status": None}]),
        (Reason.NOT_AN_EMAIL, []),
        (Reason.GAVE_UP, []),
    ],
)
def test_what_was_never_learned_is_not_told(
    admin_client: Client, campaign: Campaign, reason: Reason, calls: list[Any]
) -> None:
    lead = make_lead(campaign)
    attempt(lead, decision="create", calls=calls, reason=reason)
    said = words(admin_client, lead)
    assert explain(reason).what in said
    for untrue in ("was found", "was to be created", "not asked again"):
        assert untrue not in said


def test_a_contact_that_we_knew_and_is_gone_is_told(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    calls = [
        {"method": "GET", "path": "/contacts/65f", "status": 404},
        {"method": "POST", "path": "/contacts/search", "status": 200},
        {"method": "POST", "path": "/contacts", "status": 200},
    ]
    attempt(lead, decision="create", calls=calls, sent={"role": "user"}, reason=Reason.NEW)
    said = words(admin_client, lead)
    gone, none = said.index("The contact that we knew was not found"), said.index("Nobody with this email")
    assert gone < none < said.index("Your settings say: Create New User In Intercom.")


def test_the_technical_details_are_folded_away(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign)
    intercom.drain()
    text = page(admin_client, lead)
    above, folded = text.partition('id="support"')[0], text.partition('<details class="card technical">')[2]
    assert "HTTP status" in folded
    assert "/contacts/search" in folded
    assert "/contacts/search" not in above


def test_very_many_tries_are_cut_and_keep_their_numbers(admin_client: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    for _ in range(103):
        attempt(lead, reason=Reason.RETRY, state=State.WAITING)
    said = words(admin_client, lead)
    assert "3 earlier tries are not shown." in said
    assert "Try 4 " in said
    assert "Try 103 " in said
    assert "Try 3 " not in said


# So what ----------------------------------------------------------------------------------------------


def test_a_skip_says_that_the_referral_cannot_qualify(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com", role="user")
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    said = words(admin_client, lead)
    steps = [
        "Joined the campaign as a lead.",
        "We looked in Intercom for contacts with this email.",
        "1 contact with this email was found.",
        "Your settings say: if the contact already exists, do nothing.",
        "So nothing was sent.",
        "So this referral cannot qualify through Intercom.",
    ]
    places = [said.index(step, said.index("What happened")) for step in steps]
    assert places == sorted(places)


def test_a_referrer_never_qualifies_so_nothing_is_said_of_it(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    import_document(campaign, {"referrers": {"action": "create_user", "field_map": [EMAIL_ROW]}})
    intercom.sandbox.add_contact(intercom.workspace, email="rosa@example.com", role="user")
    referrer = make_referrer(campaign, email="rosa@example.com")
    intercom.drain()
    assert owed(referrer).state == State.SKIPPED
    assert "cannot qualify" not in words(admin_client, referrer)


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (State.SKIPPED, Reason.POLICY, "unless the contact is updated after all."),
        (State.SKIPPED, Reason.ARCHIVED, "unless the contact is restored."),
        (State.NOT_SENT, Reason.CANCELLED, "unless it is sent after all."),
        (State.NEEDS_ATTENTION, Reason.REJECTED, "Until this is settled, the referral cannot qualify"),
    ],
)
def test_the_way_to_qualify_is_told_where_there_is_a_rule(
    admin_client: Client, campaign: Campaign, state: State, reason: Reason, sentence: str
) -> None:
    lead = make_lead(campaign)
    stand(lead, state=state, reason=reason)
    assert sentence not in words(admin_client, lead)
    set_panel(campaign, qualification=RULE)
    assert sentence in words(admin_client, lead)


def test_who_has_qualified_is_not_said_to_be_unable_to(admin_client: Client, campaign: Campaign) -> None:
    set_panel(campaign, qualification=RULE)
    lead = make_lead(campaign)
    stand(lead, state=State.SKIPPED, reason=Reason.POLICY)
    qualify_lead(lead)
    assert "cannot qualify" not in words(admin_client, lead).partition("What happened")[0]


# One line of time -------------------------------------------------------------------------------------


def test_tries_orders_edits_and_what_was_seen_stand_in_one_line(
    admin_client: Client, intercom: Intercom, campaign: Campaign
) -> None:
    lead = make_lead(campaign, email="ana@example.com")
    intercom.drain()
    see(lead, Verdict.FIRST_LOOK, via=Via.WRITE, value="Free")
    url = reverse("admin:campaigns_participant_change", args=[lead.pk])
    form = admin_client.get(url).context["adminform"].form.initial
    admin_client.post(url, {**{key: value or "" for key, value in form.items()}, "first_name": "Anna"})
    see(lead, Happened.MERGED, via=Via.WEBHOOK)
    see(lead, Verdict.QUALIFIES, value="Pro")
    said = words(admin_client, lead)
    parts = [
        "Joined the campaign as a lead.",
        "Try 1",
        "After we wrote the contact its value was “Free”.",
        "admin edited this person: Changed First name.",
        "The contact was merged into another one in Intercom.",
        "The value became “Pro”: the lead qualified.",
        "Qualification Pending",
    ]
    places = [said.index(part, said.index("What happened")) for part in parts]
    assert places == sorted(places)


def test_an_edit_of_somebody_else_is_not_in_it(
    admin_client: Client, admin_user: User, campaign: Campaign
) -> None:
    lead, other = make_lead(campaign), make_lead(campaign)
    message = '[{"changed": {"fields": ["Phone"]}}]'
    LogEntry.objects.log_actions(admin_user.pk, [other], CHANGE, change_message=message)
    assert "edited this person" in words(admin_client, other)
    assert "edited this person" not in words(admin_client, lead)


def test_the_way_back_is_told_once(admin_client: Client, admin_user: User, campaign: Campaign) -> None:
    """It is recorded twice: as a sighting, and in Django's history of the person."""
    lead = make_lead(campaign)
    see(lead, Happened.REJECTED, via=Via.PERSON, made_by="admin")
    LogEntry.objects.log_actions(admin_user.pk, [lead], CHANGE, change_message="Pending → Rejected")
    said = words(admin_client, lead)
    assert said.count("rejected the lead") == 1
    assert "edited this person" not in said


def test_the_page_asks_as_much_for_one_try_as_for_a_hundred(admin_client: Client, campaign: Campaign) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, SOURCE_ROW])
    lead = make_lead(campaign)
    sent = {"email": "ana@example.com", "custom_attributes.lead_source": "Referral"}
    numbers = []
    for tries in (1, 98):
        for _ in range(tries):
            attempt(lead, sent=sent, received=sent, state=State.CREATED, reason=Reason.NEW)
            see(lead, Verdict.FIRST_LOOK)
        page(admin_client, lead)
        with CaptureQueriesContext(database) as queries:
            page(admin_client, lead)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
    assert numbers[0] <= 20
