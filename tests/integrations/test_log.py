"""The list of the sync log: who is found, in what order, what is said of each, and what each look costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Outcome, Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services.explain import explain
from integrations.services.health.snapshot import take
from integrations.services.log import finding, listing
from integrations.services.log.finding import deliveries, tabs_for
from integrations.services.log.listing import Place, page_of
from integrations.services.log.wanted import Wanted
from integrations.services.outcome_words import GROUPS
from integrations.services.outcomes import Group
from integrations.services.settings import import_document
from integrations.services.status import waiting_reason
from integrations.services.tabs import load_tabs
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.controls import read
from tests.integrations.crowds import EVERYWHERE, log_in, page, stand
from tests.integrations.panel import EMAIL, make_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

LOG = "/admin/integrations/delivery/"
TAB = {"action": "create_lead", "field_map": [EMAIL]}
ODD = (
    *("\x00", "a\x00b", "%", "_", "\ud7ff", "\U0001f600", "'; --", "<b>", "x" * 10_000, " ", "@", "@\x00"),
    *("9" * 10_000, "-1", "0", "1.5", "٣", "nan", "created,updated", "None", "0-0", "9" * 18 + "-1"),
)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    make_workspace()
    campaign = make_campaign("Spring", slug="spring")
    import_document(campaign, {"leads": TAB, "referrers": TAB})
    return campaign


def shown(client: Client, **query: str | int) -> list[str]:
    """The emails on a page, from the top down; all people of these tests have a name."""
    return emails_in(client.get(LOG, {key.rstrip("_"): value for key, value in query.items()}).text)


def emails_in(text: str) -> list[str]:
    return [unescape(email) for email in re.findall(r'<span class="small muted"><bdi>(.*?)</bdi>', text)]


def link(text: str, words: str) -> str | None:
    """The query of the link that says this."""
    found = re.search(rf'href="([^"]*)"[^>]*>[^<]*{words}', text)
    return unescape(found[1]) if found else None


def many(campaign: Campaign, number: int) -> list[str]:
    """Emails of leads who joined one after the other, the newest first."""
    return [make_lead(campaign, email=f"lead{n:03}@example.com").email for n in range(number)][::-1]


def joined(person: Participant, moment: datetime) -> Participant:
    Participant.objects.filter(pk=person.pk).update(joined_at=moment)
    Delivery.objects.filter(participant=person).update(joined_at=moment)
    person.refresh_from_db()
    return person


def other(slug: str = "autumn") -> Campaign:
    """Another campaign, with a workspace of its own."""
    make_workspace(slug)
    campaign = make_campaign(slug.capitalize(), slug=slug)
    import_document(campaign, {"workspace": slug, "leads": TAB, "referrers": TAB})
    return campaign


# What a line says -----------------------------------------------------------------------------------------
def test_a_line_says_who_where_what_why_and_how_often(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, first_name="Ana", last_name="Berg", email="ana@example.com")
    delivery = stand(lead, State.NEEDS_ATTENTION, Reason.REJECTED, attempts=7)
    answer = staff.get(LOG)
    words = read(answer).text
    for said in (
        "Ana Berg",
        "ana@example.com",
        "Spring",
        "Needs attention",
        "Intercom rejected the contact.",
    ):
        assert said in words
    assert '<td data-label="Attempts" class="number">7</td>' in answer.text
    assert reverse("admin:integrations_delivery_change", args=[delivery.pk]) in answer.text


def test_outcomes_look_different(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.CREATED, Reason.NEW)
    stand(make_lead(campaign), State.CREATED, Reason.NEW, incomplete=True)
    stand(make_lead(campaign), State.SKIPPED, Reason.POLICY)
    stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.ARCHIVED)
    stand(make_lead(campaign), State.WAITING, Reason.RETRY)
    found = re.findall(r'<span class="badge badge--(\w+)">([^<]+)<', staff.get(LOG).text)
    assert found[::-1] == [
        ("ok", "Created"),
        ("warn", "Created, incomplete"),
        ("muted", "Skipped"),
        ("error", "Needs attention"),
        ("info", "Waiting"),
    ]


def test_who_waits_is_told_when_the_next_try_is(staff: Client, campaign: Campaign) -> None:
    due_at = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
    stand(make_lead(campaign), State.WAITING, Reason.RETRY, due_at=due_at)
    assert "Next try 6 May 2031, 07:08" in read(staff.get(LOG)).text


@pytest.mark.parametrize(
    ("state", "reason", "paused"),
    [
        (State.WAITING, Reason.QUEUED, False),
        (State.WAITING, Reason.RETRY, True),
    ],
)
def test_no_time_is_promised_to_who_is_in_line_or_held(
    staff: Client, campaign: Campaign, *, state: State, reason: Reason, paused: bool
) -> None:
    stand(make_lead(campaign), state, reason, due_at=datetime(2031, 5, 6, 7, 8, tzinfo=UTC))
    campaign.sync_settings.update(paused_at=timezone.now() if paused else None)
    assert "Next try" not in read(staff.get(LOG)).text


def test_what_holds_a_whole_tab_is_said_of_each_who_waits(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    campaign.sync_settings.update(paused_at=timezone.now())
    assert "Sending is paused for this campaign." in staff.get(LOG).text


def test_settling_long_after_joining_has_a_time_of_its_own(staff: Client, campaign: Campaign) -> None:
    at_once = stand(make_lead(campaign), State.CREATED, Reason.NEW)
    assert "Settled" not in read(staff.get(LOG, {"outcome": "created"})).text.split("Person")[-1]
    Delivery.objects.filter(pk=at_once.pk).update(settled_at=datetime(2031, 5, 6, 7, 8, tzinfo=UTC))
    assert "Settled 6 May 2031, 07:08" in read(staff.get(LOG)).text


def test_somebody_slipped_in_by_sql_shows_at_once(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="slipped@example.com")
    Delivery.objects.all().delete()
    for query in ({}, {"q": "slipped"}, {"campaign": campaign.pk}, {"from": "2020-01-01"}):
        answer = staff.get(LOG, query)
        assert "Not recorded yet" in answer.text, query
        assert emails_in(answer.text) == ["slipped@example.com"], query
    assert reverse("admin:integrations_person", args=[lead.pk]) in staff.get(LOG).text


def test_names_and_emails_are_never_code(staff: Client, campaign: Campaign) -> None:
    script = "<script>alert(1)</script>"
    Campaign.objects.update(name=script)
    IntercomConnection.objects.update(name=script)
    make_lead(campaign, first_name=script)
    for query in ({}, {"q": script}, {"from": script}, {"campaign": script}):
        assert script not in staff.get(LOG, query).text


# Order and pages ------------------------------------------------------------------------------------------
def test_the_newest_stand_first_by_when_they_joined(staff: Client, campaign: Campaign) -> None:
    emails = many(campaign, 3)
    old = joined(make_lead(campaign, email="old@example.com"), timezone.now() - timedelta(days=9))
    assert shown(staff) == [*emails, old.email]
    assert "4 people, newest first." in staff.get(LOG).text


@pytest.mark.parametrize("query", [{}, {"outcome": "waiting"}, {"workspace": "1"}])
def test_there_and_back_through_the_pages(
    staff: Client, campaign: Campaign, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    if "workspace" in query:
        query = {"workspace": str(IntercomConnection.objects.get().pk)}
    emails = many(campaign, 12)
    for person in Participant.objects.order_by("pk")[:6]:
        stand(person, State.SENDING if "outcome" in query else State.CREATED)
    text = staff.get(LOG, query).text
    seen = [emails_in(text)]
    while older := link(text, "Older"):
        text = staff.get(LOG + older).text
        seen.append(emails_in(text))
    assert seen == [emails[:5], emails[5:10], emails[10:]]
    newer = link(text, "Newer")
    assert newer is not None
    assert emails_in(staff.get(LOG + newer).text) == emails[5:10]


def test_people_of_the_same_moment_are_neither_lost_nor_doubled(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    emails = many(campaign, 12)
    Participant.objects.update(joined_at=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC))
    text = staff.get(LOG).text
    seen = emails_in(text)
    while older := link(text, "Older"):
        text = staff.get(LOG + older).text
        seen += emails_in(text)
    assert seen == emails


def test_who_joins_meanwhile_moves_nobody_on_a_later_page(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    emails = many(campaign, 12)
    older = link(staff.get(LOG).text, "Older")
    many_more = [make_lead(campaign) for _ in range(7)]
    assert older is not None
    assert emails_in(staff.get(LOG + older).text) == emails[5:10]
    assert len(many_more) == 7


def test_pages_keep_what_was_searched_for(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    many(campaign, 12)
    older = link(staff.get(LOG, {"q": "lead", "outcome": "waiting"}).text, "Older")
    assert older is not None
    assert {"q=lead", "outcome=waiting"} <= set(older.removeprefix("?").split("&"))


def test_a_page_that_everybody_left_leads_to_the_newest(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    place = str(Place(lead.joined_at, lead.pk))
    text = staff.get(LOG, {"before": place}).text
    assert "There is nobody on this page any more." in text
    assert "Nothing has been synced yet" not in text


def test_a_place_is_read_as_it_was_written() -> None:
    place = Place(datetime(2026, 11, 23, 22, 22, 1, 5, tzinfo=UTC), 17)
    assert Place.read(str(place)) == place


@pytest.mark.parametrize("text", [*ODD, "1", "1-", "-1-2", "1-2-3"])
def test_a_place_that_makes_no_sense_is_none(text: str) -> None:
    place = Place.read(text)
    assert place is None or str(place) == text


# Search ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ANA@", True),
        ("ana@example.com", True),
        (" ana@example.com ", True),
        ("Ana Maria <ana@example.com>", True),
        ("mailto:ana@example.com", True),
        ("ana", True),
        ("ana maria de", True),
        ("de Souza", True),
        ("6500000000000000000abc12", True),
        ("6500000000000000000ABC12", True),
        ("6500000000000000000abc1", False),
        ("Maria", False),
        ("na@example.com", False),
        ("a%a", False),
        ("_na", False),
        ("example.com", False),
    ],
)
def test_one_box_finds_by_email_name_and_contact(
    staff: Client, campaign: Campaign, words: str, found: bool
) -> None:
    lead = make_lead(campaign, email="Ana@Example.com", first_name="Ana Maria", last_name="de Souza")
    stand(lead, State.CREATED, Reason.NEW, contact_id="6500000000000000000abc12")
    make_lead(campaign, email="bo@example.com", first_name="Bo", last_name="Lind")
    assert shown(staff, q=words) == (["Ana@Example.com"] if found else [])


def test_one_box_finds_by_the_leads_number(staff: Client, campaign: Campaign) -> None:
    lead, _another = make_lead(campaign), make_lead(campaign)
    assert shown(staff, q=lead.pk) == [lead.email]


def test_a_number_also_begins_an_email(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="2024ana@example.com")
    assert shown(staff, q="2024") == [lead.email]


def test_half_an_address_of_a_mail_program_is_not_everybody(staff: Client, campaign: Campaign) -> None:
    """Least of all for an order."""
    assert not deliveries(Wanted(words="mailto:"), tabs=[]).exists()


@pytest.mark.parametrize("query", [{"outcome": "waiting"}, {"reason": "queued"}, {"campaign": ""}])
def test_the_search_narrows_what_filters_leave(
    staff: Client, campaign: Campaign, query: dict[str, str]
) -> None:
    ana = make_lead(campaign, email="ana@example.com")
    make_lead(campaign, email="bo@example.com")
    assert shown(staff, q="ana@", **query) == [ana.email]
    assert shown(staff, q=ana.pk, **query) == [ana.email]


def test_somebody_in_two_campaigns_is_two_lines(staff: Client, campaign: Campaign) -> None:
    for one in (campaign, other()):
        make_lead(one, email="ana@example.com")
    assert shown(staff, q="ana@example.com") == ["ana@example.com"] * 2


def test_an_email_in_no_campaign_is_answered_for_the_customer(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    text = staff.get(LOG, {"q": "zoe@example.com"}).text
    assert "Nobody with this email has joined any campaign." in text
    assert 'value="zoe@example.com"' in text


@pytest.mark.parametrize(
    "words", ["Élodie", "élodie", "ÉLODIE", "élodie ün", "Ünal", "ünal", "ÜN", "жанна", "ЖАННА ö", "(ä)[b"]
)
def test_a_name_is_found_whatever_the_case_of_its_letters(campaign: Campaign, words: str) -> None:
    make_lead(campaign, email="one@x.com", first_name="Élodie", last_name="Ünal")
    make_lead(campaign, email="two@x.com", first_name="Жанна", last_name="Österman")
    make_lead(campaign, email="three@x.com", first_name="(Ä)[b", last_name="Lo")
    found = deliveries(Wanted(words=words), tabs=())
    assert found.count() == 1


@pytest.mark.parametrize("words", ["lodie", "élodieü", "é.*", "nal ü"])
def test_what_no_name_begins_with_finds_nobody(campaign: Campaign, words: str) -> None:
    make_lead(campaign, email="one@x.com", first_name="Élodie", last_name="Ünal")
    assert not deliveries(Wanted(words=words), tabs=()).exists()


@pytest.mark.parametrize("words", ["zoe@", "zoe@example", "zoe", "Zoe Ek"])
def test_the_beginning_of_an_email_is_no_final_answer(staff: Client, campaign: Campaign, words: str) -> None:
    make_lead(campaign)
    text = staff.get(LOG, {"q": words}).text
    assert "has joined any campaign" not in text
    assert "try the beginning of the email" in text


def test_a_filter_that_hides_the_answer_does_not_deny_the_person(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, email="ana@example.com")
    text = staff.get(LOG, {"q": lead.email, "outcome": "created"}).text
    assert "has joined any campaign" not in text
    everywhere = link(text, "Search without the filters")
    assert everywhere is not None
    assert emails_in(staff.get(everywhere).text) == [lead.email]


# Filters --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("group", [group for group in Group if group is not Group.UNEXPLAINED])
def test_filter_by_outcome(staff: Client, campaign: Campaign, group: Group) -> None:
    people = {make_lead(campaign): one for one in EVERYWHERE}
    for person, (state, reason) in people.items():
        stand(person, state, reason, incomplete=state is State.CREATED)
    expected = {
        delivery.participant.email
        for delivery in Delivery.objects.select_related("participant")
        if (delivery.incomplete if group is Group.INCOMPLETE else delivery.outcome == group.value)
    }
    assert expected
    assert set(shown(staff, outcome=group.value)) == expected
    assert f"<bdi>{GROUPS[group].word}</bdi>" in staff.get(LOG, {"outcome": group.value}).text


def test_unexplained_are_found_among_the_last_added_and_by_the_last_count(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "NEWEST", 2)
    long_ago = timezone.now() - timedelta(days=30)
    out_of_reach = joined(make_lead(campaign), long_ago)
    added_last = joined(make_lead(campaign), long_ago)
    make_lead(campaign)
    Delivery.objects.filter(participant__in=[out_of_reach, added_last]).delete()
    answer = staff.get(LOG, {"outcome": "unexplained"})
    assert emails_in(answer.text) == [added_last.email]
    assert "among the 10,000 who were added last, and the first 100" in answer.text
    take()
    found = emails_in(staff.get(LOG, {"outcome": "unexplained"}).text)
    assert found == [added_last.email, out_of_reach.email]


def test_nobody_unexplained_is_good_news(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    assert "Nobody is without an outcome." in staff.get(LOG, {"outcome": "unexplained"}).text


@pytest.mark.parametrize("held", ["", "paused_at", "disconnected"])
def test_filter_by_reason_agrees_with_what_lines_say(
    staff: Client, campaign: Campaign, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever holds a tab: everybody is found by exactly the reason that their line gives."""
    monkeypatch.setattr(listing, "PAGE", 100)
    free = other()
    for one in (campaign, free):
        for state, reason in (*EVERYWHERE, (State.WAITING, Reason.UNDOING)):
            stand(make_lead(one), state, reason)
    if held == "paused_at":
        campaign.sync_settings.update(paused_at=timezone.now())
    if held == "disconnected":
        campaign.sync_settings.update(connection=None)
    tabs = load_tabs(now=timezone.now())
    expected: dict[Reason, set[str]] = {}
    for row in Delivery.objects.select_related("participant"):
        reason = Reason(row.reason)
        if row.outcome == Outcome.WAITING:
            reason = waiting_reason(State(row.state), row.reason, tab=tabs.get(row.settings_id or 0))
        expected.setdefault(reason, set()).add(row.participant.email)
    for reason in Reason:
        if reason:
            assert set(shown(staff, reason=reason.value)) == expected.get(reason, set()), reason


def test_filter_by_campaign_and_audience(staff: Client, campaign: Campaign) -> None:
    lead, referrer, elsewhere = make_lead(campaign), make_referrer(campaign), make_lead(other())
    assert shown(staff, campaign=campaign.pk) == [referrer.email, lead.email]
    assert shown(staff, campaign=campaign.pk, audience="referrer") == [referrer.email]
    assert shown(staff, audience="lead", outcome="waiting") == [elsewhere.email, lead.email]


def test_filter_by_workspace_takes_in_those_who_wait_for_it(staff: Client, campaign: Campaign) -> None:
    workspace, elsewhere = IntercomConnection.objects.get(), make_lead(other())
    waits, done, off = make_lead(campaign), make_lead(campaign), make_lead(campaign)
    stand(done, State.CREATED, Reason.NEW)
    stand(off, State.NOT_SENT, Reason.CANCELLED)
    assert shown(staff, workspace=workspace.pk) == [done.email, waits.email]
    assert elsewhere.email not in shown(staff, workspace=workspace.pk, outcome="waiting")


def test_days_are_whole_ones_of_the_time_zone(staff: Client, campaign: Campaign, settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    moments = {
        "before": datetime(2026, 3, 8, 4, 59, 59, tzinfo=UTC),
        "first": datetime(2026, 3, 8, 5, 0, tzinfo=UTC),
        "last": datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC),  # clocks went forward that day
        "after": datetime(2026, 3, 9, 4, 0, tzinfo=UTC),
    }
    for name, moment in moments.items():
        joined(make_lead(campaign, email=f"{name}@example.com"), moment)
    both = {"from": "2026-03-08", "to": "2026-03-08"}
    for query in (both, {**both, "outcome": "waiting"}):
        assert emails_in(staff.get(LOG, query).text) == ["last@example.com", "first@example.com"]


@pytest.mark.parametrize(
    "day", ["yesterday", "2026-02-30", "2026-13-01", "31.3.2026", "0001-01-01", "9999-12-31"]
)
@pytest.mark.parametrize("key", ["from", "to"])
def test_a_day_that_is_none_is_said_and_nothing_is_lost(
    staff: Client, campaign: Campaign, key: str, day: str
) -> None:
    lead = make_lead(campaign, email="ana@example.com")
    answer = staff.get(LOG, {"q": "ana", "campaign": str(campaign.pk), "outcome": "waiting", key: day})
    page = read(answer)
    assert "This is not a day." in page.text
    assert page.values[key] == day
    assert (page.values["q"], page.values["campaign"], page.values["outcome"]) == (
        "ana",
        str(campaign.pk),
        "waiting",
    )
    assert lead.email not in emails_in(answer.text)
    assert "<details" in answer.text
    assert "open>" in answer.text


def test_days_the_wrong_way_round_are_said(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    page = read(staff.get(LOG, {"from": "2026-03-09", "to": "2026-03-08"}))
    assert "This day is before the first one." in page.text
    assert (page.values["from"], page.values["to"]) == ("2026-03-09", "2026-03-08")


def test_filters_are_told_and_each_can_be_taken_away(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    text = staff.get(LOG, {"outcome": "created", "campaign": str(campaign.pk), "from": "2026-03-09"}).text
    assert "More filters: 2 are on" in text
    assert "Joined on 9 March 2026 or later" in text
    without = unescape(re.findall(r'class="log__chip" href="([^"]*)"><bdi>Created', text)[0])
    assert emails_in(staff.get(without).text) == [lead.email]
    assert "campaign=" in without
    assert link(text, "Clear filters") == LOG


def test_an_old_campaign_stays_chosen_among_the_newest(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.views.log_filters.LISTED", 2)
    for number in range(3):
        make_campaign(f"Newer {number}")
    page = read(staff.get(LOG, {"campaign": campaign.pk}))
    assert page.values["campaign"] == str(campaign.pk)
    assert list(page.options["campaign"].values()) == ["All", "Newer 2", "Newer 1", "Spring"]
    assert "The newest 2." in page.text


def test_counting_stops_in_time(staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNTED", 2)
    monkeypatch.setattr("integrations.views.log.COUNTED", 2)
    many(campaign, 4)
    for query in ({}, {"outcome": "waiting"}, {"workspace": IntercomConnection.objects.get().pk}):
        assert "More than 2 people, newest first." in staff.get(LOG, query).text


@pytest.mark.parametrize(
    "key", ["q", "outcome", "reason", "campaign", "workspace", "audience", "from", "before"]
)
@pytest.mark.parametrize("value", ODD)
def test_whatever_an_address_says_is_answered(
    staff: Client, campaign: Campaign, key: str, value: str
) -> None:
    make_lead(campaign)
    assert staff.get(LOG, {key: value}).status_code == 200


def test_a_senseless_filter_shows_nobody_rather_than_everybody(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    for query in ({"outcome": "nothing"}, {"campaign": "spring"}, {"reason": "why"}, {"audience": "all"}):
        answer = staff.get(LOG, query)
        assert emails_in(answer.text) == [], query
        assert "makes no sense" in answer.text


# What is asked for, as a value ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "ana"},
        {"outcome": "waiting", "reason": "paused_campaign"},
        {"campaign": "7", "workspace": "8", "audience": "lead"},
        {"from": "2026-01-01", "to": "2026-01-31"},
        {"from": "never"},
        {"from": "2026-02-01", "to": "2026-01-31"},
        {"outcome": "bogus", "q": "ana"},
    ],
)
def test_a_query_says_the_same_after_a_round_trip(query: dict[str, str]) -> None:
    wanted = Wanted.from_query(query)
    assert wanted.as_query() == query
    assert Wanted.from_query(QueryDict("&".join(f"{k}={v}" for k, v in query.items()))) == wanted


def test_keys_of_others_ask_for_nothing() -> None:
    assert Wanted.from_query({"before": "1-1", "state__exact": "held"}) == Wanted()


def test_what_makes_no_sense_finds_nobody_for_an_order(campaign: Campaign) -> None:
    make_lead(campaign)
    for query in ({"outcome": "bogus"}, {"to": "never"}, {"campaign": "all"}):
        wanted = Wanted.from_query(query)
        assert not deliveries(wanted, tabs=tabs_for(wanted).values()).exists()


def test_deliveries_are_those_of_the_page(campaign: Campaign) -> None:
    for state, reason in EVERYWHERE:
        stand(make_lead(campaign), state, reason)
    workspace = IntercomConnection.objects.get().pk
    for text in ("", "outcome=waiting", f"workspace={workspace}", "reason=archived", "q=lead"):
        wanted = Wanted.from_query(QueryDict(text))
        tabs = tabs_for(wanted).values()
        listed = {one.delivery.pk for one in page_of(wanted, tabs=tabs).entries if one.delivery}
        assert {row.pk for row in deliveries(wanted, tabs=tabs)} == listed, text
        assert listed, text


# Orders for many ------------------------------------------------------------------------------------------
def test_orders_name_the_chosen_and_all_that_match(staff: Client, campaign: Campaign) -> None:
    rows = [stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED) for _ in range(3)]
    query = {"outcome": "needs_attention", "reason": "rejected"}
    text = staff.get(LOG, query).text
    assert f'action="{reverse("admin:integrations_bulk_new")}"' in text
    for row in rows:
        assert f'name="ids" value="{row.pk}" form="log-orders"' in text
    assert 'name="query" value="outcome=needs_attention&amp;reason=rejected">For all 3 that match' in text


def test_nobody_is_offered_an_order_for_everybody_there_is(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    assert 'name="query"' not in staff.get(LOG).text


def test_somebody_without_an_entry_cannot_be_chosen(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    Delivery.objects.all().delete()
    assert 'name="ids"' not in staff.get(LOG).text


def test_who_may_only_look_sees_no_orders_and_no_file(client: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    text = log_in(client, "view_delivery").get(LOG).text
    assert "ana" not in text
    for word in ("log-orders", 'name="ids"', "Export as CSV"):
        assert word not in text


def test_others_do_not_see_the_log(client: Client, campaign: Campaign) -> None:
    assert log_in(client, "view_campaign", "view_participant").get(LOG).status_code == 403


# Empty ----------------------------------------------------------------------------------------------------
def test_nothing_synced_yet_says_what_to_do(staff: Client, db: None) -> None:
    text = staff.get(LOG).text
    assert "Nothing has been synced yet." in text
    assert reverse("admin:index") in text
    campaign = make_campaign()
    text = staff.get(LOG).text
    assert "Open a campaign and set it up" in text
    assert campaign.pk


def test_filters_that_leave_nobody_can_be_cleared(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    text = staff.get(LOG, {"outcome": "created"}).text
    assert "Nobody was found with these filters." in text
    assert link(text, "Clear filters") == LOG


# What a look costs ----------------------------------------------------------------------------------------
COSTS: Mapping[str, int] = {
    "": 8,
    "q=lead5.1@example.com": 8,
    "q=lead": 10,
    "campaign=": 8,
    "outcome=waiting": 8,
    "outcome=unexplained": 10,
    "from=2026-01-01": 8,
    "reason=queued": 10,
    "workspace=": 12,
}
"""Queries of a page, by what is asked for; two are the session and the user."""


@pytest.mark.parametrize("asked", COSTS)
def test_a_look_costs_the_same_for_5_and_for_60(staff: Client, campaign: Campaign, asked: str) -> None:
    asked_for = {
        "campaign=": f"campaign={campaign.pk}",
        "workspace=": f"workspace={IntercomConnection.objects.get().pk}",
    }.get(asked, asked)
    staff.get(LOG)
    costs = []
    for number in (5, 55):
        for n in range(number):
            make_lead(campaign, email=f"lead{number}.{n}@example.com")
        if "unexplained" in asked:
            Delivery.objects.all().delete()
        with CaptureQueriesContext(database) as done:
            staff.get(f"{LOG}?{asked_for}")
        costs.append(len(done))
    assert costs == [COSTS[asked]] * 2


@pytest.mark.skipif(database.vendor != "postgresql", reason="what PostgreSQL can answer from an index")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "participant_newest"),
        ({"campaign": "1"}, "participant_of_campaign"),
        ({"q": "ana@"}, "participant_email_prefix"),
        ({"q": "ana b"}, "participant_name_begins"),
        ({"q": "ana b"}, "participant_surname_begins"),
        ({"outcome": "created"}, "log_by_outcome"),
        ({"reason": "archived"}, "log_by_reason"),
        ({"outcome": "incomplete"}, "log_of_incomplete"),
    ],
)
def test_an_index_answers(query: dict[str, str], index: str) -> None:
    """Few rows are read without one, so that way is closed: what is left must be able to use the index."""
    wanted = Wanted.from_query(query)
    with CaptureQueriesContext(database) as done:
        page_of(wanted, tabs=())
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off") if "q" not in query else None
        cursor.execute(f"EXPLAIN {done[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan


def test_lists_of_campaigns_lead_to_their_lines(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    text = staff.get(page("leads", campaign)).text
    assert f"{LOG}?campaign={campaign.pk}&amp;audience={Audience.LEAD.value}" in text


def test_every_reason_can_be_chosen(staff: Client, campaign: Campaign) -> None:
    options = read(staff.get(LOG)).options["reason"]
    assert set(options) == {reason.value for reason in Reason}
    assert options["archived"] == explain(Reason.ARCHIVED).what
