"""A campaign's overview: every number adds up, and leads to the very people that it counts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Outcome, Reason, State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    FieldMap,
    IntercomConnection,
    SyncSettings,
)
from integrations.services.explain import explain
from integrations.services.health.periods import Period, Span, joined_in
from integrations.services.outcomes import Group
from integrations.services.settings import import_document
from integrations.views.charts import round_up, stacked
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import EVERYWHERE, log_in, page, stand
from tests.integrations.panel import EMAIL, make_workspace

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from integrations.views.overview import Overview

pytestmark = pytest.mark.django_db

TAB = {"action": "create_lead", "field_map": [EMAIL]}
HOLDS = (
    (Reason.RECONNECT_NEEDED, "Reconnect needed", "error"),
    (Reason.SETUP_REQUIRED, "Setup Required", "warn"),
    (Reason.SWITCHED_OFF, "Nothing to action", "muted"),
    (Reason.PAUSED_CAMPAIGN, "Paused", "info"),
    (Reason.PAUSED_WORKSPACE, "Workspace paused", "info"),
    (Reason.RATE_LIMITED, "Slowed down by Intercom", "info"),
    (Reason.NONE, "Sending automatically", "ok"),
)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    make_workspace(name="Acme Ltd")
    campaign = make_campaign(slug="spring")
    import_document(campaign, {"leads": TAB, "referrers": TAB})
    return campaign


def overview(client: Client, campaign: Campaign) -> Overview:
    found: Overview = client.get(page("overview", campaign)).context["overview"]
    return found


def text_of(client: Client, campaign: Campaign) -> str:
    return client.get(page("overview", campaign)).text


def number_behind(client: Client, url: str) -> int:
    found: int = client.get(url).context["people"].number
    return found


def hold(reason: Reason) -> None:
    """As if this held the people of both tabs back."""
    now, workspaces, tabs = timezone.now(), IntercomConnection.objects, SyncSettings.objects
    if reason is Reason.RECONNECT_NEEDED:
        workspaces.update(status=ConnectionStatus.RECONNECT_NEEDED)
    elif reason is Reason.SETUP_REQUIRED:
        FieldMap.objects.all().delete()
    elif reason is Reason.SWITCHED_OFF:
        tabs.update(action="nothing")
    elif reason is Reason.NOT_CONNECTED:
        tabs.update(connection=None)
    elif reason is Reason.PAUSED_CAMPAIGN:
        tabs.update(paused_at=now)
    elif reason is Reason.PAUSED_WORKSPACE:
        workspaces.update(paused_at=now)
    elif reason is Reason.RATE_LIMITED:
        workspaces.update(paused_until=now + timedelta(minutes=7))


def everybody(campaign: Campaign) -> None:
    """A lead and a referrer in every state, one without a record, and one without a tab."""
    for state, reason in EVERYWHERE:
        stand(make_lead(campaign), state, reason)
        stand(make_referrer(campaign), state, reason)
    stand(make_lead(campaign), State.UPDATED, Reason.EXISTS, incomplete=True)
    stand(make_lead(campaign), State.WAITING, Reason.QUEUED, settings=None)
    Delivery.objects.filter(participant=make_lead(campaign)).delete()


# The sums ------------------------------------------------------------------------------------
def test_joined_is_the_sum_of_its_parts(staff: Client, campaign: Campaign) -> None:
    everybody(campaign)
    for line in overview(staff, campaign).sums:
        assert line.joined.number == sum(part.number for part in line.parts) + line.unexplained.number
        assert [part.url.partition("outcome=")[2] for part in line.parts] == [*Outcome]


def test_every_number_leads_to_the_people_it_counts(staff: Client, campaign: Campaign) -> None:
    everybody(campaign)
    for line in overview(staff, campaign).sums:
        for part in (line.joined, *line.parts, line.unexplained):
            assert number_behind(staff, part.url) == part.number, part


@pytest.mark.parametrize("reason", [reason for reason, *_ in HOLDS] + [Reason.NOT_CONNECTED])
def test_every_matter_leads_to_the_people_it_concerns(
    staff: Client, campaign: Campaign, reason: Reason
) -> None:
    everybody(campaign)
    hold(reason)
    seen, waiting = overview(staff, campaign), 0
    for matter in (*seen.needs_a_person, *seen.by_themselves):
        number = number_behind(staff, matter.people)
        assert matter.who.split()[0] == str(number), matter
        waiting += number if "outcome=waiting" in matter.people else 0
    assert waiting == sum(part.number for line in seen.sums for part in line.parts if "waiting" in part.url)


def test_all_is_said_to_add_up(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    assert "0 unexplained" in text_of(staff, campaign)


def test_people_without_a_record_raise_an_alarm(staff: Client, campaign: Campaign) -> None:
    Delivery.objects.filter(participant=make_lead(campaign)).delete()
    text = text_of(staff, campaign)
    assert "The numbers do not add up yet" in text
    assert "0 unexplained" not in text
    assert "Not recorded yet" in text


def test_other_campaigns_do_not_count(staff: Client, campaign: Campaign) -> None:
    other = make_campaign()
    import_document(other, {"leads": TAB})
    stand(make_lead(other), State.NEEDS_ATTENTION, Reason.ARCHIVED)
    seen = overview(staff, campaign)
    assert [line.joined.number for line in seen.sums] == [0, 0]
    assert seen.needs_a_person == []


# What needs a person, and what waits -----------------------------------------------------------------------
def test_what_needs_attention_is_told_by_reason_with_what_to_do(staff: Client, campaign: Campaign) -> None:
    for reason in (Reason.REJECTED, Reason.REJECTED, Reason.ARCHIVED):
        stand(make_lead(campaign), State.NEEDS_ATTENTION, reason)
    first, second = overview(staff, campaign).needs_a_person
    assert (first.who, first.what) == ("2 leads", explain(Reason.REJECTED).what)
    assert (second.who, second.next_step) == ("1 lead", explain(Reason.ARCHIVED).next_step)
    assert first.badge.look == "error"


def test_who_waits_too_long_waits_for_a_person(staff: Client, campaign: Campaign) -> None:
    stand(make_referrer(campaign), State.HELD, Reason.HELD)
    (matter,) = overview(staff, campaign).needs_a_person
    assert (matter.who, matter.badge.word) == ("1 referrer", "Waiting for your answer")
    assert matter.solve.endswith("/integrations/intercom/referrers/")


def test_a_wait_that_ends_by_itself_says_when(staff: Client, campaign: Campaign) -> None:
    due_at = timezone.now() + timedelta(minutes=3)
    stand(make_lead(campaign), State.WAITING, Reason.RETRY, due_at=due_at)
    seen = overview(staff, campaign)
    (matter,) = seen.by_themselves
    assert (matter.until, matter.solve, seen.needs_a_person) == (due_at, "", [])
    assert "the next goes on at" in text_of(staff, campaign)


def test_a_rate_limit_ends_when_intercom_says(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    hold(Reason.RATE_LIMITED)
    (matter,) = overview(staff, campaign).by_themselves
    assert matter.until == IntercomConnection.objects.get().paused_until


def test_waits_are_those_of_their_tab(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    make_referrer(campaign)
    SyncSettings.objects.filter(audience=Audience.REFERRER).update(paused_at=timezone.now())
    seen = overview(staff, campaign)
    assert [(matter.who, matter.badge.word) for matter in seen.needs_a_person] == [("1 referrer", "Paused")]
    assert [(matter.who, matter.badge.word) for matter in seen.by_themselves] == [("1 lead", "Waiting")]


def test_a_field_problem_and_the_contacts_it_left_incomplete(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.CREATED, Reason.NEW, incomplete=True)
    FieldMap.objects.filter(settings__audience=Audience.LEAD).update(
        problem="refused", problem_at=timezone.now()
    )
    problem, incomplete = overview(staff, campaign).needs_a_person
    assert (problem.who, problem.badge.word, problem.people) == ("1 mapped field", "Field problem", "")
    assert (incomplete.who, incomplete.badge.word) == ("1 lead", "Incomplete")
    assert "Nothing needs a person." not in text_of(staff, campaign)


def test_when_nothing_is_amiss_it_says_so(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.CREATED, Reason.NEW)
    assert "Nothing needs a person." in text_of(staff, campaign)


# The integration's standing ----------------------------------------------------------------------
@pytest.mark.parametrize(("reason", "word", "look"), HOLDS)
def test_each_tab_stands_in_a_word(
    staff: Client, campaign: Campaign, reason: Reason, word: str, look: str
) -> None:
    hold(reason)
    seen = overview(staff, campaign)
    assert {(tab.badge.word, tab.badge.look.value) for tab in seen.tabs} == {(word, look)}
    assert [tab.url.rsplit("/", 2)[1] for tab in seen.tabs] == ["leads", "referrers"]
    assert seen.workspace == "Acme Ltd"


@pytest.mark.parametrize("saved", [True, False])
def test_without_a_workspace_it_offers_to_connect(staff: Client, campaign: Campaign, saved: bool) -> None:
    hold(Reason.NOT_CONNECTED)
    text = text_of(staff, campaign if saved else make_campaign())
    assert "Not connected" in text
    assert "Connect Intercom" in text
    assert "Nothing needs a person." not in text


# The picture -------------------------------------------------------------------------------------
def join_at(campaign: Campaign, when: datetime) -> None:
    person = make_lead(campaign)
    stand(person, State.CREATED, Reason.NEW)
    Participant.objects.filter(pk=person.pk).update(joined_at=when)


def leads_by_day(campaign: Campaign) -> list[Period]:
    return joined_in(campaign.participants.filter(audience=Audience.LEAD), Span.DAYS)


def test_days_are_those_of_the_current_time_zone(campaign: Campaign) -> None:
    today = datetime.now(tz=UTC).date()
    join_at(campaign, datetime(today.year, today.month, today.day, 0, 30, tzinfo=UTC) - timedelta(days=2))
    for zone, ago in (("UTC", 2), ("America/New_York", 3)):
        with timezone.override(zone):
            days = leads_by_day(campaign)
        found = [day.start for day in days if day.groups]
        assert found == [today - timedelta(days=ago)]


def test_the_picture_covers_thirty_days_with_today(campaign: Campaign) -> None:
    join_at(campaign, timezone.now())
    join_at(campaign, timezone.now() - timedelta(days=29, minutes=-1))
    join_at(campaign, timezone.now() - timedelta(days=31))
    make_referrer(campaign)
    days = leads_by_day(campaign)
    assert len(days) == 30
    assert days[-1].start == timezone.localdate()
    assert [day.groups.total() for day in days if day.groups] == [1, 1]


def test_a_clock_that_ran_ahead_loses_nobody(campaign: Campaign) -> None:
    join_at(campaign, timezone.now() + timedelta(days=2))
    assert leads_by_day(campaign)[-1].groups == {Group.CREATED: 1}


def test_picture_and_table_say_the_same(staff: Client, campaign: Campaign) -> None:
    everybody(campaign)
    seen = overview(staff, campaign)
    assert seen.picture is not None
    (line,) = seen.picture.lines
    leads = seen.sums[0]
    parts = [part for part in (*leads.parts, leads.unexplained) if part.number]
    assert [(str(cell.word), cell.number) for cell in line.cells] == [(str(p.word), p.number) for p in parts]
    assert line.joined == leads.joined.number
    text = text_of(staff, campaign)
    assert f'<desc id="chart-summary">{leads.joined.number} leads since ' in text
    assert text.count('<rect class="chart__block chart__block--') == 2 * len(parts)


def test_without_leads_of_late_there_is_no_picture(staff: Client, campaign: Campaign) -> None:
    join_at(campaign, timezone.now() - timedelta(days=40))
    text = text_of(staff, campaign)
    assert "No lead has joined in the last 30 days." in text
    assert "<svg class=" not in text


def test_lengths_have_a_point_in_every_language(
    staff: Client, campaign: Campaign, settings: Settings
) -> None:
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("de", "German")], "de"
    join_at(campaign, timezone.now())
    answer = staff.get(page("overview", campaign))
    lengths = re.findall(r' (?:x|y|width|height)="([^"]*%)"', answer.text)
    assert answer.headers["Content-Language"] == "de"
    assert lengths
    assert not [length for length in lengths if "," in length]


@pytest.mark.parametrize(
    ("number", "top"),
    [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 4),
        (9, 10),
        (10, 10),
        (11, 20),
        (21, 30),
        (61, 80),
        (101, 200),
        (999, 1000),
    ],
)
def test_an_axis_ends_on_a_number_that_halves(number: int, top: int) -> None:
    assert round_up(number) == top


def test_one_among_thousands_still_shows() -> None:
    (column,) = stacked([Counter({"a": 5000, "b": 1})], titles=["x"], legend={"a": "A", "b": "B"}).columns
    assert [float(block.height[:-1]) >= 1.4 for block in column.blocks] == [True, True]


def test_a_full_column_stays_inside() -> None:
    counts = Counter({"a": 9990, "b": 1, "c": 9})
    (column,) = stacked([counts], titles=["x"], legend={"a": "A", "b": "B", "c": "C"}).columns
    assert sum(float(block.height[:-1]) for block in column.blocks) <= 100.02
    assert all(float(block.y[:-1]) >= 0 for block in column.blocks)


# Beginnings --------------------------------------------------------------------------------------
def test_without_leads_a_referrers_link_is_there_to_share(staff: Client, campaign: Campaign) -> None:
    rosa = make_referrer(campaign)
    text = text_of(staff, campaign)
    assert "No leads yet" in text
    assert f'href="{rosa.referral_link}"' in text
    assert 'data-copies="sharer-link"' in text


def test_without_anybody_a_referrer_is_to_be_added(staff: Client, campaign: Campaign) -> None:
    text = text_of(staff, campaign)
    found = re.search(r'href="([^"]*)">Add a referrer', text)
    assert found
    assert unescape(found[1]) == page("referrers_add", campaign)
    assert staff.get(unescape(found[1])).status_code == 200
    assert "Where everybody stands" not in text


def test_names_are_never_code(staff: Client, campaign: Campaign) -> None:
    script = "<script>alert(1)</script>"
    IntercomConnection.objects.update(name=script)
    make_referrer(campaign, first_name=script)
    assert script not in text_of(staff, campaign)


# Rights and cost ---------------------------------------------------------------------------------
def test_who_may_not_see_people_gets_numbers_without_links(client: Client, campaign: Campaign) -> None:
    everybody(campaign)
    log_in(client, "view_campaign", "view_delivery")
    text = text_of(client, campaign)
    assert "Where everybody stands" in text
    for hidden in ("outcome=", "Open the settings", "/intercom/", "Add a referrer"):
        assert hidden not in text


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_right_to_the_log_it_is_closed(client: Client, campaign: Campaign, method: str) -> None:
    log_in(client, "view_campaign", "view_participant")
    assert getattr(client, method)(page("overview", campaign)).status_code == 403


def test_it_costs_the_same_for_few_and_for_many(staff: Client, campaign: Campaign) -> None:
    def cost() -> int:
        with CaptureQueriesContext(database) as queries:
            text_of(staff, campaign)
        return len(queries)

    everybody(campaign)
    text_of(staff, campaign)
    few = cost()
    for _ in range(3):
        everybody(campaign)
        import_document(make_campaign(), {"leads": TAB})
    assert cost() == few <= 8
