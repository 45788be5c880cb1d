"""The lists of a campaign's people: who is found, in what order, and what is said of each."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, CampaignStatus, Participant, ParticipantStatus
from campaigns.services import qualify_lead
from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection, SyncSettings
from integrations.services.explain import explain
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import EVERYWHERE, log_in, page, stand
from tests.integrations.panel import EMAIL, make_workspace

pytestmark = pytest.mark.django_db

READER = ("view_campaign", "view_participant")
ODD = (
    *("\x00", "a\x00b", "%", "_", "\ud7ff", "\U0001f600", "'; --", "<b>", "x" * 5000, " ", "@", "@\x00"),
    *("9" * 4000, "-1", "0", "1.5", "٣", "nan", "created,updated", "None"),
)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    make_workspace()
    campaign = make_campaign(slug="spring")
    tab = {"action": "create_lead", "field_map": [EMAIL]}
    import_document(campaign, {"leads": tab, "referrers": tab})
    return campaign


def shown(client: Client, campaign: Campaign, slug: str = "leads", **query: str | int) -> list[str]:
    """The emails on a page, from the top down; all people of these tests have a name."""
    text = client.get(page(slug, campaign), query).text
    return [unescape(email) for email in re.findall(r'<span class="small muted"><bdi>(.*?)</bdi>', text)]


def link(text: str, words: str) -> str | None:
    """The query of the link that says this."""
    found = re.search(rf'href="([^"]*)"[^>]*>[^<]*{words}', text)
    return unescape(found[1]) if found else None


def many(campaign: Campaign, number: int) -> list[str]:
    """Emails of leads who joined one after the other, the newest first."""
    return [make_lead(campaign, email=f"lead{n:02}@example.com").email for n in range(number)][::-1]


# Order and pages -----------------------------------------------------------------------------
def test_the_newest_stand_first(staff: Client, campaign: Campaign) -> None:
    emails = many(campaign, 3)
    assert shown(staff, campaign) == emails
    assert "3 leads, newest first." in staff.get(page("leads", campaign)).text


def test_of_nobody_no_order_is_said(staff: Client, campaign: Campaign) -> None:
    for slug in ("leads", "referrers"):
        assert "newest first" not in staff.get(page(slug, campaign)).text


def test_a_list_of_one_page_has_no_other_pages(staff: Client, campaign: Campaign) -> None:
    many(campaign, 50)
    text = staff.get(page("leads", campaign)).text
    assert (link(text, "Newer"), link(text, "Older")) == (None, None)


def test_there_and_back_through_the_pages(staff: Client, campaign: Campaign) -> None:
    emails, start = many(campaign, 120), page("leads", campaign)
    seen, text = [], staff.get(start).text
    while older := link(text, "Older"):
        text = staff.get(start + older).text
        seen.append(re.findall(r"lead\d\d\d?@example.com(?=</bdi></span>)", text))
    assert seen == [emails[50:100], emails[100:]]
    newer = link(text, "Newer")
    assert newer is not None
    text = staff.get(start + newer).text
    assert re.findall(r"lead\d\d\d?@example.com(?=</bdi></span>)", text) == emails[50:100]
    assert link(text, "Newer")


def test_going_back_never_ends_on_a_page_with_one_person(staff: Client, campaign: Campaign) -> None:
    emails = many(campaign, 60)
    second = Participant.objects.get(email=emails[1])
    assert shown(staff, campaign, after=second.pk) == emails[:50]


def test_pages_keep_what_was_searched_for(staff: Client, campaign: Campaign) -> None:
    many(campaign, 60)
    older = link(staff.get(page("leads", campaign), {"q": "lead", "status": "pending"}).text, "Older")
    assert older is not None
    assert {"q=lead", "status=pending"} <= set(older.removeprefix("?").split("&"))


def test_a_page_that_everybody_left_leads_to_the_newest(staff: Client, campaign: Campaign) -> None:
    first = make_lead(campaign)
    text = staff.get(page("leads", campaign), {"before": first.pk}).text
    assert "There is nobody on this page any more." in text
    assert "No leads yet" not in text


# Search and filters --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ANA@", True),
        ("ana@example.com", True),
        ("ana", True),
        ("Ana Ma", True),
        ("ana maria de", True),
        ("de Souza", True),
        ("  ana   maria ", True),
        ("Maria", False),
        ("na@example.com", False),
        ("Souza", False),
        ("a%a", False),
        ("_na", False),
        ("example.com", False),
    ],
)
def test_search_is_by_how_a_name_or_email_begins(
    staff: Client, campaign: Campaign, words: str, found: bool
) -> None:
    make_lead(campaign, email="Ana@Example.com", first_name="Ana Maria", last_name="de Souza")
    make_lead(campaign, email="bo@example.com", first_name="Bo", last_name="Lind")
    assert shown(staff, campaign, q=words) == (["Ana@Example.com"] if found else [])


def test_nobody_found_offers_to_clear_the_search(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    text = staff.get(page("leads", campaign), {"q": "zoe"}).text
    assert "No lead was found." in text
    assert "Clear the search" in text
    assert 'value="zoe"' in text


@pytest.mark.parametrize("slug", ["leads", "referrers"])
@pytest.mark.parametrize("name", ["q", "outcome", "reason", "status", "referrer", "before", "after"])
def test_no_query_string_breaks_a_page(staff: Client, campaign: Campaign, slug: str, name: str) -> None:
    make_lead(campaign, referrer=make_referrer(campaign))
    for odd in ODD:
        query = {"outcome": "waiting", name: odd}
        assert staff.get(page(slug, campaign), query).status_code == 200


def test_what_is_asked_for_senselessly_is_not_asked_for(staff: Client, campaign: Campaign) -> None:
    person = make_lead(campaign)
    assert shown(staff, campaign, outcome="lost", status="dead", before="x", referrer="y") == [person.email]


@pytest.mark.parametrize(("state", "reason"), EVERYWHERE)
def test_each_outcome_is_found_under_its_own_name_only(
    staff: Client, campaign: Campaign, state: State, reason: Reason
) -> None:
    person = make_lead(campaign)
    stand(person, state, reason)
    groups = ("created", "updated", "skipped", "not_sent", "waiting", "needs_attention")
    found = [group for group in groups if shown(staff, campaign, outcome=group)]
    assert found == [state if state in groups else "waiting"]


def test_who_has_no_record_is_found_as_such(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    lost = make_lead(campaign)
    Delivery.objects.filter(participant=lost).delete()
    assert shown(staff, campaign, outcome="unexplained") == [lost.email]
    assert "Not recorded yet" in staff.get(page("leads", campaign)).text


def test_incomplete_ones_are_found_among_the_delivered(staff: Client, campaign: Campaign) -> None:
    whole, part = make_lead(campaign), make_lead(campaign)
    stand(whole, State.CREATED, Reason.NEW)
    stand(part, State.CREATED, Reason.NEW, incomplete=True)
    assert shown(staff, campaign, outcome="incomplete") == [part.email]
    assert shown(staff, campaign, outcome="created") == [part.email, whole.email]


def test_one_reason_among_those_that_need_attention(staff: Client, campaign: Campaign) -> None:
    archived, rejected = make_lead(campaign), make_lead(campaign)
    stand(archived, State.NEEDS_ATTENTION, Reason.ARCHIVED)
    stand(rejected, State.NEEDS_ATTENTION, Reason.REJECTED)
    assert shown(staff, campaign, outcome="needs_attention", reason="archived") == [archived.email]
    text = staff.get(page("leads", campaign), {"outcome": "needs_attention", "reason": "archived"}).text
    assert explain(Reason.ARCHIVED).what in text


def test_a_reason_alone_narrows_nothing(staff: Client, campaign: Campaign) -> None:
    person = make_lead(campaign)
    assert shown(staff, campaign, reason="archived") == [person.email]
    assert "Shown are only these" not in staff.get(page("leads", campaign), {"reason": "archived"}).text


def test_the_status_of_leads(staff: Client, campaign: Campaign) -> None:
    pending, qualified, rejected = make_lead(campaign), make_lead(campaign), make_lead(campaign)
    qualify_lead(qualified)
    Participant.objects.filter(pk=rejected.pk).update(status=ParticipantStatus.REJECTED)
    found = {status: shown(staff, campaign, status=status) for status in ParticipantStatus}
    assert found == {"pending": [pending.email], "qualified": [qualified.email], "rejected": [rejected.email]}


def test_a_referrers_leads(staff: Client, campaign: Campaign) -> None:
    rosa = make_referrer(campaign, first_name="Rosa", last_name="Diaz")
    hers = make_lead(campaign, referrer=rosa)
    make_lead(campaign)
    text = staff.get(page("referrers", campaign)).text
    assert (query := link(text, "1<")) is not None
    assert query == f"{page('leads', campaign)}?referrer={rosa.pk}"
    assert shown(staff, campaign, referrer=rosa.pk) == [hers.email]
    assert "Brought in by Rosa Diaz." in staff.get(query).text


def test_a_referrer_of_another_campaign_is_not_named(staff: Client, campaign: Campaign) -> None:
    stranger = make_referrer(first_name="Stranger")
    text = staff.get(page("leads", campaign), {"referrer": stranger.pk}).text
    assert "Stranger" not in text
    assert "somebody who is not in this campaign" in text


def test_campaigns_and_tabs_are_kept_apart(staff: Client, campaign: Campaign) -> None:
    lead, referrer = make_lead(campaign), make_referrer(campaign)
    make_lead()
    make_referrer()
    assert shown(staff, campaign) == [lead.email]
    assert shown(staff, campaign, "referrers") == [referrer.email]


# What is said of a person --------------------------------------------------------------------
def test_the_reason_is_the_one_of_now_and_leads_to_the_log(staff: Client, campaign: Campaign) -> None:
    delivery = Delivery.objects.get(participant=make_lead(campaign))
    SyncSettings.objects.update(paused_at=timezone.now())
    text = staff.get(page("leads", campaign)).text
    assert explain(Reason.PAUSED_CAMPAIGN).what in text
    assert explain(Reason.QUEUED).what not in text
    assert f'href="{reverse("admin:integrations_delivery_change", args=[delivery.pk])}"' in text


def test_the_sync_log_is_shown_narrowed_to_the_same_people(staff: Client, campaign: Campaign) -> None:
    wanted, other = make_lead(campaign, email="bea@example.com"), make_lead(campaign)
    for lead in (wanted, other):
        stand(lead, State.NEEDS_ATTENTION, Reason.REJECTED)
    asked = {"q": "bea", "outcome": "needs_attention", "reason": "rejected"}
    address = link(staff.get(page("leads", campaign), asked).text, "Show in the sync log")
    assert address
    log = staff.get(address).text
    assert wanted.email in log
    assert other.email not in log
    assert "For the one that matches" in log


@pytest.mark.parametrize("query", [{"status": "qualified"}, {"referrer": "1"}])
def test_where_the_sync_log_would_show_more_people_nothing_leads_there(
    staff: Client, campaign: Campaign, query: dict[str, str]
) -> None:
    make_lead(campaign)
    assert link(staff.get(page("leads", campaign), query).text, "Show in the sync log") is None


def test_what_differs_looks_different(staff: Client, campaign: Campaign) -> None:
    looks = {}
    for state, incomplete in (
        (State.CREATED, False),
        (State.CREATED, True),
        (State.SKIPPED, False),
        (State.WAITING, False),
        (State.NEEDS_ATTENTION, False),
    ):
        person = make_lead(campaign)
        stand(person, state, Reason.QUEUED, incomplete=incomplete)
        text = staff.get(page("leads", campaign), {"q": person.email}).text
        cell = text.partition('class="outcome"')[2]
        badge = re.search(r'class="badge badge--(\w+)">(.*?)<', cell)
        assert badge
        looks[badge[1]] = badge[2]
    assert looks == {
        "ok": "Created",
        "warn": "Created, incomplete",
        "muted": "Skipped",
        "info": "Waiting",
        "error": "Needs attention",
    }


def test_joining_is_told_in_the_current_time_zone(staff: Client, campaign: Campaign) -> None:
    person = make_lead(campaign)
    Participant.objects.filter(pk=person.pk).update(joined_at=datetime(2026, 5, 3, 23, 30, tzinfo=UTC))
    with timezone.override("Asia/Tokyo"):
        text = staff.get(page("leads", campaign)).text
    assert "4 May 2026" in text
    assert "08:30" in text


def test_a_lead_names_who_referred_them(staff: Client, campaign: Campaign) -> None:
    rosa = make_referrer(campaign, email="rosa+x@example.com", first_name="Rosa", last_name="Diaz")
    make_lead(campaign, referrer=rosa)
    found = link(staff.get(page("leads", campaign)).text, "<bdi>Rosa Diaz")
    assert found == f"{page('referrers', campaign)}?q=rosa%2Bx%40example.com"
    assert "rosa+x@example.com" in staff.get(found).text


def test_a_referrer_has_a_link_to_copy(staff: Client, campaign: Campaign) -> None:
    rosa = make_referrer(campaign)
    text = staff.get(page("referrers", campaign)).text
    assert (
        f'<a class="small" id="link-{rosa.pk}" href="{rosa.referral_link}">{rosa.referral_link}</a>' in text
    )
    assert f'data-copies="link-{rosa.pk}" aria-label="Copy the link of Rosa Diaz"' in text


def test_referrers_have_no_status(staff: Client, campaign: Campaign) -> None:
    make_referrer(campaign)
    assert "Pending" not in staff.get(page("referrers", campaign)).text


def test_names_are_never_code(staff: Client, campaign: Campaign) -> None:
    script = "<script>alert(1)</script>"
    rosa = make_referrer(campaign, first_name=script)
    make_lead(campaign, first_name=script, referrer=rosa)
    for slug in ("leads", "referrers"):
        assert script not in staff.get(page(slug, campaign), {"referrer": rosa.pk}).text
        assert script not in staff.get(page(slug, campaign), {"q": script}).text


@pytest.mark.parametrize(
    ("slug", "words"),
    [("leads", "this campaign has no referrer yet."), ("referrers", "No referrers yet.")],
)
def test_without_anybody_a_referrer_is_to_be_added_first(
    staff: Client, campaign: Campaign, slug: str, words: str
) -> None:
    text = staff.get(page(slug, campaign)).text
    assert words in text
    assert f'<a class="button" href="{page("referrers_add", campaign)}">Add a referrer</a>' in text
    assert "Copy a link" not in text


def test_without_leads_a_referrers_link_is_to_be_shared(staff: Client, campaign: Campaign) -> None:
    make_referrer(campaign)
    text = staff.get(page("leads", campaign)).text
    assert f'<a href="{page("referrers", campaign)}">Copy a link on the Referrers tab</a>' in text
    assert "Add a referrer" not in text


@pytest.mark.parametrize(("slug", "words"), [("leads", "Add a lead"), ("referrers", "Add a referrer")])
def test_people_are_added_to_this_campaign(staff: Client, campaign: Campaign, slug: str, words: str) -> None:
    assert link(staff.get(page(slug, campaign)).text, words) == page(f"{slug}_add", campaign)


def test_nobody_is_added_to_a_campaign_that_ended(staff: Client, campaign: Campaign) -> None:
    Campaign.objects.update(status=CampaignStatus.ENDED)
    assert "Add a lead" not in staff.get(page("leads", campaign)).text


# Rights --------------------------------------------------------------------------------------
def test_without_the_right_to_the_log_no_outcome_shows(client: Client, campaign: Campaign) -> None:
    sent, skipped = make_lead(campaign), make_lead(campaign)
    stand(sent, State.CREATED, Reason.NEW)
    stand(skipped, State.SKIPPED, Reason.POLICY)
    log_in(client, *READER)
    assert shown(client, campaign, outcome="skipped", reason="policy") == [skipped.email, sent.email]
    text = client.get(page("leads", campaign)).text
    for hidden in ("In Intercom", "Skipped", "What happened", "/delivery/"):
        assert hidden not in text


@pytest.mark.parametrize("slug", ["leads", "referrers"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_right_to_people_the_lists_are_closed(
    client: Client, campaign: Campaign, slug: str, method: str
) -> None:
    log_in(client, "view_campaign", "view_delivery")
    assert getattr(client, method)(page(slug, campaign)).status_code == 403


def test_readers_are_not_offered_to_add(client: Client, campaign: Campaign) -> None:
    text = log_in(client, *READER).get(page("leads", campaign)).text
    assert "Add a lead" not in text


# Cost ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", ["leads", "referrers"])
def test_a_page_costs_the_same_for_3_and_for_60_people(staff: Client, campaign: Campaign, slug: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(database) as queries:
            assert staff.get(page(slug, campaign)).status_code == 200
        return len(queries)

    def join(number: int) -> None:
        for _ in range(number):
            make_lead(campaign, referrer=make_referrer(campaign))

    join(3)
    staff.get(page(slug, campaign))
    few = cost()
    join(57)
    assert cost() == few <= 8


def test_more_than_can_be_counted_is_said_so(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.services.people.COUNTED", 2)
    monkeypatch.setattr("integrations.views.people.COUNTED", 2)
    many(campaign, 3)
    assert "More than 2 people, newest first." in staff.get(page("leads", campaign)).text


def test_without_a_workspace_the_lists_stand(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    SyncSettings.objects.update(connection=None)
    IntercomConnection.objects.all().delete()
    assert explain(Reason.NOT_CONNECTED).what in staff.get(page("leads", campaign)).text
