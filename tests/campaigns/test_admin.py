"""The admin's pages and actions, by request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import signals
from campaigns.models import Audience, Campaign, CampaignStatus, LeadFieldType, Participant
from campaigns.services import qualify_lead
from tests.campaigns.conftest import heard
from tests.campaigns.factories import make_campaign, make_lead, make_referrer

if TYPE_CHECKING:
    from django.http import HttpResponse

CAMPAIGNS = "/admin/campaigns/campaign/"
PEOPLE = "/admin/campaigns/participant/"


@pytest.fixture
def helper(client: Client, db: None) -> Callable[..., Client]:
    """Logs somebody in who has only the named rights on campaigns' models."""

    def log_in(*codenames: str) -> Client:
        user = User.objects.create_user("helper", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return log_in


def add(staff: Client, to: Campaign, **data: Any) -> HttpResponse:
    person = {"campaign": to.pk, "audience": "lead", "email": "ana@x.com", **data}
    return staff.post(f"{PEOPLE}add/", person)  # type: ignore[return-value]


def test_campaign_list_counts_leads_and_referrers(staff: Client) -> None:
    rosa = make_referrer(make_campaign("Spring"))
    make_lead(referrer=rosa)
    make_lead(referrer=rosa)
    text = staff.get(CAMPAIGNS).text
    query = f"campaign__id__exact={rosa.campaign.pk}&amp;audience__exact="
    assert f'{query}lead">2</a>' in text
    assert f'{query}referrer">1</a>' in text
    assert '<span class="badge badge--ok">Active</span>' in text


@pytest.mark.parametrize("page", [CAMPAIGNS, PEOPLE])
def test_number_of_queries_does_not_grow_with_rows(staff: Client, page: str) -> None:
    make_lead()
    staff.get(page)
    with CaptureQueriesContext(connection) as few:
        staff.get(page)
    for _ in range(5):
        make_lead(referrer=make_referrer())
    with CaptureQueriesContext(connection) as many:
        staff.get(page)
    assert len(many) == len(few)


def one_field(*, stored: int = 0, **values: Any) -> dict[str, Any]:
    """The inline's part of the form, with one row."""
    row = {"key": "plan", "label": "Plan", "type": "text", "position": "0", **values}
    counts = {"TOTAL_FORMS": 1, "INITIAL_FORMS": stored}
    return {f"lead_fields-{key}": value for key, value in counts.items()} | {
        f"lead_fields-0-{key}": value for key, value in row.items()
    }


def test_a_new_campaign_asks_for_its_name_alone(staff: Client) -> None:
    text = staff.get(f"{CAMPAIGNS}add/").text
    assert re.findall(r' name="([a-z_-]+)"', text.partition('id="campaign_form"')[2]) == [
        *("csrfmiddlewaretoken", "name", "slug", "_save")
    ]
    assert "Fills itself from the name." in text


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ({"name": "Spring"}, "spring-3"),
        ({"name": "Frühling & more", "slug": ""}, "fruhling-more"),
        ({"name": "春"}, "campaign"),
        ({"name": "x" * 200}, "x" * 90),
        ({"name": "Spring", "slug": "mine"}, "mine"),
    ],
)
def test_a_short_name_is_found_where_none_is_typed(staff: Client, typed: dict[str, str], slug: str) -> None:
    make_campaign(slug="spring")
    make_campaign(slug="spring-2")
    staff.post(f"{CAMPAIGNS}add/", typed)
    assert Campaign.objects.filter(slug=slug, status="active", name=typed["name"]).exists()


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "S", "slug": "spring"}, "already exists"),
        ({"name": "S", "slug": "two words"}, "Enter a valid"),
    ],
)
def test_a_wrong_campaign_is_not_created(staff: Client, typed: dict[str, str], problem: str) -> None:
    make_campaign(slug="spring")
    assert problem in staff.post(f"{CAMPAIGNS}add/", typed).text
    assert Campaign.objects.count() == 1


def test_a_new_campaign_opens_and_says_what_comes_next(staff: Client) -> None:
    response = staff.post(f"{CAMPAIGNS}add/", {"name": "<b>Spring"}, follow=True)
    assert response.request["PATH_INFO"].endswith("/overview/")
    assert "The campaign “<bdi>&lt;b&gt;Spring</bdi>” was created." in response.text
    assert "Next: connect Intercom" in response.text


def test_who_may_not_see_the_overview_creates_a_campaign_all_the_same(
    helper: Callable[..., Client],
) -> None:
    client = helper("add_campaign", "view_campaign")
    response = client.post(f"{CAMPAIGNS}add/", {"name": "Spring"}, follow=True)
    assert response.status_code == 200
    assert response.request["PATH_INFO"].endswith("/change/")


def test_the_button_has_one_name(staff: Client) -> None:
    for page in (CAMPAIGNS, f"{CAMPAIGNS}add/"):
        text = staff.get(page).text
        assert "Create a campaign" in text
        assert "Add campaign" not in text


def test_who_may_not_create_a_campaign_is_not_offered_to(helper: Callable[..., Client]) -> None:
    client = helper("view_campaign")
    assert "Create a campaign" not in client.get(CAMPAIGNS).text
    assert client.post(f"{CAMPAIGNS}add/", {"name": "Spring"}).status_code == 403


def test_fields_are_added_to_a_campaign_that_is_there(staff: Client) -> None:
    campaign = make_campaign("Spring", slug="spring")
    page = f"{CAMPAIGNS}{campaign.pk}/change/"
    staff.post(page, {"name": "Spring", "slug": "spring", "status": "active", **one_field()})
    assert campaign.lead_fields.get().key == "plan"
    text = staff.get(page).text
    assert 'value="plan"' in text
    assert "the smallest number first" in text


def test_the_settings_of_a_campaign_read_like_our_own_forms(staff: Client) -> None:
    text = staff.get(f"{CAMPAIGNS}{make_campaign(fields={'plan': LeadFieldType.TEXT}).pk}/change/").text
    assert re.findall(r'<label[^>]* for="id_(?:name|slug|status)">([^<]+)<', text) == [
        *("Name", "Short name", "Status")
    ]
    columns = re.findall(r'<th class="column-[^"]+">([^<]+)', text)
    assert [words.strip() for words in columns] == ["Question", "Short name", "Type", "Required", "Order"]
    for words in ("Fills itself", "Delete?", "Save and", "Add another"):
        assert words not in text
    assert re.findall(r'name="(_[a-z]+)"', text) == ["_save"]


def test_a_question_is_added_when_somebody_asks_for_a_row(staff: Client) -> None:
    """Scripts open one; without them a link does."""
    page = f"{CAMPAIGNS}{make_campaign().pk}/change/"
    assert 'name="lead_fields-TOTAL_FORMS" value="0"' in staff.get(page).text
    assert 'href="?more=1"' in staff.get(page).text
    assert 'name="lead_fields-TOTAL_FORMS" value="1"' in staff.get(page, {"more": "1"}).text


def test_whoever_saves_stays_on_the_page(staff: Client) -> None:
    lead = make_lead()
    page = f"{PEOPLE}{lead.pk}/change/"
    assert staff.post(page, {"email": lead.email})["Location"] == page
    page = f"{CAMPAIGNS}{lead.campaign.pk}/change/"
    data = {"name": "Summer", "slug": "", "status": "active", **one_field(), "lead_fields-TOTAL_FORMS": 0}
    assert staff.post(page, data)["Location"] == page


def test_a_campaign_keeps_its_short_name_when_it_is_emptied(staff: Client) -> None:
    campaign = make_campaign("Spring", slug="spring")
    data = {"name": "Summer", "slug": "", "status": "active", **one_field(key="", label="")}
    staff.post(f"{CAMPAIGNS}{campaign.pk}/change/", {**data, "lead_fields-TOTAL_FORMS": 0})
    campaign.refresh_from_db()
    assert (campaign.name, campaign.slug) == ("Summer", "spring")


def test_stored_field_keeps_its_key(staff: Client) -> None:
    campaign = make_campaign(slug="spring", fields={"plan": LeadFieldType.TEXT})
    field = campaign.lead_fields.get()
    row = one_field(stored=1, id=field.pk, campaign=campaign.pk, key="other", label="New")
    staff.post(
        f"{CAMPAIGNS}{campaign.pk}/change/", {"name": "S", "slug": "spring", "status": "active", **row}
    )
    field.refresh_from_db()
    assert (field.key, field.label) == ("plan", "New")


def test_campaigns_are_ended_and_reopened(staff: Client) -> None:
    one, two = make_campaign(), make_campaign(status=CampaignStatus.ENDED)
    chosen = {"_selected_action": [one.pk, two.pk]}
    ended = staff.post(CAMPAIGNS, {"action": "end", **chosen}, follow=True)
    assert "1 campaign ended." in ended.text
    assert not Campaign.objects.filter(status=CampaignStatus.ACTIVE).exists()
    reopened = staff.post(CAMPAIGNS, {"action": "reopen", **chosen}, follow=True)
    assert "2 campaigns reopened." in reopened.text
    assert "Changed status" in staff.get(f"{CAMPAIGNS}{one.pk}/history/").text


def test_who_may_only_look_cannot_end_a_campaign(helper: Callable[..., Client]) -> None:
    campaign = make_campaign()
    client = helper("view_campaign")
    assert client.get(CAMPAIGNS).status_code == 200
    client.post(CAMPAIGNS, {"action": "end", "_selected_action": [campaign.pk]})
    campaign.refresh_from_db()
    assert campaign.is_open


def test_a_list_that_nothing_narrows_offers_nothing_wider(staff: Client) -> None:
    make_lead(email="ana@x.com")
    text = staff.get(PEOPLE).text
    assert "Show everything" not in text
    assert "1 result" not in text


@pytest.mark.parametrize(
    "query", [{"q": "ana"}, {"audience__exact": "lead"}, {"email__contains": "ana"}, {"q": "nobody"}]
)
def test_a_narrowed_list_leads_back_to_everything(staff: Client, query: dict[str, str]) -> None:
    make_lead(email="ana@x.com")
    assert "Show everything" in staff.get(PEOPLE, query).text


@pytest.mark.parametrize("term", ["ana@x", "ANA@X.com", "an", "lim", "Ana L"])
def test_people_are_found_by_the_beginning(staff: Client, term: str) -> None:
    make_lead(email="Ana@x.com", first_name="Ana", last_name="Lima")
    make_lead(email="zoe@x.com", first_name="Zoe", last_name="Dana")
    page = staff.get(PEOPLE, {"q": term})
    assert "Ana@x.com" in page.text
    assert "zoe@x.com" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        {"audience__exact": "lead"},
        {"status__exact": "pending"},
        {"o": "2"},
        {"joined_at__gte": "2000-01-01 00:00:00+00:00"},
    ],
)
def test_people_are_filtered_and_sorted(staff: Client, query: dict[str, str]) -> None:
    make_lead(email="ana@x.com")
    assert "ana@x.com" in staff.get(PEOPLE, query).text


def test_persons_page_shows_link_answers_and_status(staff: Client) -> None:
    lead = make_lead(
        make_campaign(fields={"plan": LeadFieldType.TEXT}), first_name="<b>", custom={"plan": "<script>"}
    )
    qualify_lead(lead)
    text = staff.get(f"{PEOPLE}{lead.pk}/change/").text
    assert f'<a href="{lead.referral_link}">{lead.referral_link}</a>' in text
    assert '<span class="badge badge--ok">Qualified</span>' in text
    assert "plan: &lt;script&gt;" in text
    assert f'name="{"referral_code"}"' not in text


def test_adding_somebody_is_joining(staff: Client) -> None:
    rosa = make_referrer(make_campaign(), email="rosa@x.com")
    with heard(signals.lead_joined) as told:
        page = add(staff, rosa.campaign, email=" Ana@X.com", first_name="Ana  Maria", referrer=rosa.pk)
    lead = Participant.objects.get(audience=Audience.LEAD)
    assert page.status_code == 302
    assert told == [lead]
    assert (lead.email_normalized, lead.first_name, lead.referrer) == ("ana@x.com", "Ana Maria", rosa)


def test_adding_a_referrer_is_joining(staff: Client) -> None:
    with heard(signals.referrer_joined) as told:
        add(staff, make_campaign(), audience="referrer")
    assert told == [Participant.objects.get(audience=Audience.REFERRER)]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"email": "no"}, "Enter a valid email address."),
        ({"email": "in@x.com"}, "is in this campaign already"),
        ({"email": "IN@x.com "}, "is in this campaign already"),
        ({"first_name": "A\x1bna"}, "cannot be stored"),
        ({"first_name": "x" * 200}, "at most 150 characters"),
        ({"campaign": ""}, "This field is required."),
        ({"audience": "friend"}, "Select a valid choice."),
    ],
)
def test_wrong_person_is_not_added(staff: Client, data: dict[str, Any], problem: str) -> None:
    campaign = make_campaign()
    make_lead(campaign, email="in@x.com")
    page = add(staff, campaign, **data)
    assert page.status_code == 200
    assert problem in page.text
    assert Participant.objects.count() == 1


def test_nobody_is_added_to_an_ended_campaign(staff: Client) -> None:
    assert "has ended" in add(staff, make_campaign(status=CampaignStatus.ENDED)).text
    assert not Participant.objects.exists()


def test_referrer_of_another_campaign_is_refused(staff: Client) -> None:
    page = add(staff, make_campaign(), referrer=make_referrer().pk)
    assert "belongs to another campaign" in page.text


def test_referrer_is_not_referred(staff: Client) -> None:
    rosa = make_referrer()
    page = add(staff, rosa.campaign, audience="referrer", referrer=rosa.pk)
    assert "Leave this empty" in page.text


def test_correcting_an_email_keeps_the_normalised_one_in_step(staff: Client) -> None:
    lead = make_lead(email="anna@x.com")
    page = staff.post(f"{PEOPLE}{lead.pk}/change/", {"email": "Ana@x.com", "first_name": "Ana"})
    lead.refresh_from_db()
    assert page.status_code == 302
    assert (lead.email, lead.email_normalized, lead.last_name) == ("Ana@x.com", "ana@x.com", "")


def test_correcting_an_email_to_somebody_elses_is_refused(staff: Client) -> None:
    lead = make_lead(email="anna@x.com")
    make_lead(lead.campaign, email="ana@x.com")
    page = staff.post(f"{PEOPLE}{lead.pk}/change/", {"email": "ANA@x.com"})
    assert "is in this campaign already" in page.text


def test_what_joining_decided_cannot_be_changed(staff: Client) -> None:
    lead = make_lead()
    other = make_campaign()
    staff.post(
        f"{PEOPLE}{lead.pk}/change/", {"email": lead.email, "campaign": other.pk, "status": "qualified"}
    )
    stored = Participant.objects.get()
    assert (stored.campaign, stored.status) == (lead.campaign, lead.status)


def test_only_superusers_delete_people(helper: Callable[..., Client]) -> None:
    lead = make_lead()
    client = helper("view_participant", "delete_participant", "view_campaign", "delete_campaign")
    assert client.get(f"{PEOPLE}{lead.pk}/delete/").status_code == 403
    client.post(f"{CAMPAIGNS}{lead.campaign.pk}/delete/", {"post": "yes"})
    assert Participant.objects.filter(pk=lead.pk).exists()


def test_referrer_is_chosen_by_searching(staff: Client) -> None:
    rosa = make_referrer(email="rosa@x.com")
    query = {"app_label": "campaigns", "model_name": "participant", "field_name": "referrer", "term": "rosa@"}
    found = staff.get(reverse("admin:autocomplete"), query).json()
    assert found["results"] == [{"id": str(rosa.pk), "text": "Rosa Diaz (rosa@x.com)"}]


def test_admin_asks_for_a_login(client: Client, db: None) -> None:
    assert client.get(PEOPLE).status_code == 302


@pytest.mark.parametrize("posted", ["\x00", "x", "1.5", "²", "9" * 30, "-1", "999999"])
def test_a_choice_that_is_none_is_refused_in_words(staff: Client, posted: str) -> None:
    url = reverse("admin:campaigns_participant_add")
    answer = staff.post(url, {"campaign": posted, "referrer": posted, "audience": "lead", "email": "a@b.de"})
    assert answer.status_code == 200
    refused = {"campaign", "referrer"}
    assert refused <= set(answer.context["adminform"].form.errors)
