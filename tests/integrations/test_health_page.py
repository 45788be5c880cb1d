"""The Health page: one sentence, what needs a person, and whether everybody adds up."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group as Role
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign, CampaignStatus, Participant
from integrations.logic.states import Outcome, Reason, State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    IntercomConnection,
    SnapshotState,
    SweepState,
    SyncSettings,
    WebhookHealth,
    WebhookReceipt,
)
from integrations.services.everything import SILENT_AFTER
from integrations.services.explain import explain
from integrations.services.health import notifications, source
from integrations.services.health.snapshot import take
from integrations.services.log.wanted import Wanted
from integrations.services.outcomes import Group
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from integrations.services.settings import import_document
from integrations.views.health_signs import SLOW_AFTER
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import EVERYWHERE, log_in, stand
from tests.integrations.panel import EMAIL, make_workspace
from tests.integrations.qualification import make_receipt

if TYPE_CHECKING:
    from integrations.views.health import Health
    from integrations.views.health_lines import Line

pytestmark = pytest.mark.django_db

TAB = {"action": "create_lead", "field_map": [EMAIL]}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def workspace() -> IntercomConnection:
    now = timezone.now()
    SweepState.objects.update_or_create(pk=SweepState.ONLY, defaults={"beat_at": now, "swept_at": now})
    return make_workspace(name="Acme Ltd")


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    return working("Spring")


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


def working(name: str) -> Campaign:
    campaign = make_campaign(name)
    import_document(campaign, {"leads": TAB, "referrers": TAB})
    return campaign


def look(client: Client, **query: str) -> Any:
    answer = client.get(reverse("admin:integrations_health"), query)
    assert answer.status_code == 200
    return answer


def health(client: Client, **query: str) -> Health:
    found: Health = look(client, **query).context["health"]
    return found


def line_of(client: Client, name: str = "Spring") -> Line:
    return next(line for line in health(client, q=name).campaigns if line.name == name)


def needs(client: Client) -> list[tuple[str, str]]:
    return [(need.where, str(need.badge.word)) for need in health(client).needs]


def unrecorded(campaign: Campaign, number: int = 1) -> None:
    """As if SQL had slipped people in."""
    people = [Participant(campaign=campaign, audience=Audience.LEAD) for _ in range(number)]
    for place, person in enumerate(people):
        person.set_email(f"sql{place}.{campaign.pk}@example.com")
    Participant.objects.bulk_create(people)


# The sentence --------------------------------------------------------------------------------------------


def test_all_is_well(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.CREATED, Reason.NEW)
    assert health(staff).is_well
    text = look(staff).text
    assert "All is well" in text
    assert "0: everybody who joined is accounted for." in text


def test_things_that_need_somebody_are_counted_and_listed(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.ARCHIVED)
    assert "1 thing needs you" in look(staff).text
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    unrecorded(campaign)
    text = look(staff).text
    assert "3 things need you" in text
    assert "All is well" not in text
    assert "Nothing waits for you." not in text


def test_nobody_is_told_that_all_is_well_by_old_numbers(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LIVE_BELOW", 1)
    stand(make_lead(campaign), State.CREATED, Reason.NEW)
    assert "The numbers are being counted" in look(staff).text
    assert "All is well" not in look(staff).text
    take()
    assert "All is well" in look(staff).text
    assert "Counted just now." in look(staff).text
    SnapshotState.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    text = look(staff).text
    assert "These numbers are old" in text
    assert "All is well" not in text


# What nobody can account for -----------------------------------------------------------------------------


@pytest.mark.parametrize("live", [True, False])
def test_somebody_slipped_in_by_sql_shows(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    make_lead(campaign)
    unrecorded(campaign)
    take()
    monkeypatch.setattr(source, "LIVE_BELOW", 10_000 if live else 2)
    seen = health(staff)
    assert ("The numbers do not add up yet", "Not recorded yet") in needs(staff)
    assert seen.age.said == ("" if live else "Counted just now.")
    line = seen.campaigns[0]
    assert (line.counts.joined, line.counts.unexplained.number) == (2, 1)
    wanted = Wanted(group=Group.UNEXPLAINED, campaign_id=campaign.pk).as_query()
    assert line.counts.unexplained.url == reverse("admin:integrations_delivery_changelist", query=wanted)


def test_every_line_adds_up(staff: Client, campaign: Campaign) -> None:
    for state, reason in EVERYWHERE:
        stand(make_lead(campaign), state, reason)
        stand(make_referrer(campaign), state, reason)
    unrecorded(campaign, 2)
    make_lead(make_campaign("No panel"))
    seen = health(staff)
    for line in (*seen.campaigns, *seen.workspaces):
        counts = line.counts
        assert counts.joined == sum(part.number for part in counts.numbers) + counts.unexplained.number
        assert len(counts.numbers) == len(Outcome)
    assert {line.name: line.counts.joined for line in seen.campaigns} == {
        "Spring": 2 * len(EVERYWHERE) + 2,
        "No panel": 1,
    }


def test_a_number_leads_to_the_log_filtered_so(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.SKIPPED, Reason.POLICY)
    (skipped,) = [part for part in line_of(staff).counts.numbers if part.number]
    wanted = Wanted(group=Group.SKIPPED, campaign_id=campaign.pk).as_query()
    assert skipped.url == reverse("admin:integrations_delivery_changelist", query=wanted)


# Each campaign and workspace -----------------------------------------------------------------------------


def test_a_campaign_says_what_fails_most_and_since_when(staff: Client, campaign: Campaign) -> None:
    now = timezone.now()
    for days in (1, 3):
        settled_at = now - timedelta(days=days)
        stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED, settled_at=settled_at)
    stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.ARCHIVED, settled_at=now - timedelta(days=9))
    (told,) = line_of(staff).counts.told
    assert told.head == "2 need attention, the first 3\xa0days ago"
    assert told.what == explain(Reason.REJECTED).what
    wanted = Wanted(group=Group.NEEDS_ATTENTION, reason=Reason.REJECTED, campaign_id=campaign.pk)
    assert told.url.endswith("?" + "&".join(f"{key}={value}" for key, value in wanted.as_query().items()))


def test_a_campaign_says_who_waits_longest_and_why(staff: Client, campaign: Campaign) -> None:
    now = timezone.now()
    stand(make_lead(campaign), State.HELD, Reason.HELD, owed_since=now - timedelta(days=4))
    stand(make_lead(campaign), State.WAITING, Reason.RETRY, owed_since=now - timedelta(hours=2))
    (told,) = line_of(staff).counts.told
    assert (told.head, told.what) == ("Waiting longest: 4\xa0days", explain(Reason.HELD).what)
    assert health(staff).waits_longest == f"4\xa0days. {explain(Reason.HELD).what}"


def test_what_holds_a_whole_tab_is_why_somebody_waits(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    SyncSettings.objects.update(paused_at=timezone.now())
    (told,) = line_of(staff).counts.told
    assert told.what == explain(Reason.PAUSED_CAMPAIGN).what
    assert str(line_of(staff).badge.word) == "Paused"


def test_the_last_success_is_the_latest_write_and_no_skip(staff: Client, campaign: Campaign) -> None:
    now = timezone.now()
    stand(make_lead(campaign), State.CREATED, Reason.NEW, settled_at=now - timedelta(days=3))
    stand(make_referrer(campaign), State.UPDATED, Reason.EXISTS, settled_at=now - timedelta(days=2))
    stand(make_lead(campaign), State.SKIPPED, Reason.POLICY)
    assert line_of(staff).counts.last_success == "2\xa0days ago"
    assert health(staff).last_success == "2\xa0days ago"
    assert health(staff).workspaces[0].counts.last_success == "2\xa0days ago"


def test_a_workspace_counts_whom_its_tabs_serve(staff: Client, campaign: Campaign) -> None:
    for place in (campaign, working("Autumn"), make_campaign("No panel")):
        make_lead(place)
    other = make_workspace("other", name="Other")
    seen = {line.name: line for line in health(staff).workspaces}
    assert (seen["Acme Ltd"].counts.joined, seen["Other"].counts.joined) == (2, 0)
    assert seen["Other"].url.endswith(f"/{other.pk}/change/")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "Connected"),
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "Reconnect needed"),
        ({"status": ConnectionStatus.DISCONNECTED}, "Disconnected"),
        ({"paused_at": timezone.now() - timedelta(days=1)}, "Paused"),
    ],
)
def test_a_workspace_says_how_it_stands_and_since_when(
    staff: Client, campaign: Campaign, changes: dict[str, Any], word: str
) -> None:
    IntercomConnection.objects.update(**changes)
    (line,) = health(staff).workspaces
    assert str(line.badge.word) == word
    assert line.since is not None


# What works in the background ----------------------------------------------------------------------------


def sign(client: Client, name: str) -> tuple[str, str]:
    (found,) = [one for one in health(client).signs if one.name == name]
    return str(found.badge.word), found.what


def test_a_worker_that_fell_silent_needs_somebody(staff: Client, campaign: Campaign) -> None:
    assert sign(staff, "Sending")[0] == "Running"
    SweepState.objects.update(beat_at=timezone.now() - 2 * SILENT_AFTER)
    assert sign(staff, "Sending")[0] == "Silent"
    assert needs(staff) == [("Sending", "Silent")]
    assert not health(staff).is_well


def test_a_sweep_that_is_not_run_any_more_needs_somebody(staff: Client, campaign: Campaign) -> None:
    SweepState.objects.update(swept_at=timezone.now() - 2 * SILENT_AFTER)
    assert needs(staff) == [("Looking for anybody who was missed", "Silent")]


def test_a_dead_worker_is_one_alarm_and_not_two(staff: Client, campaign: Campaign) -> None:
    long_ago = timezone.now() - 2 * SILENT_AFTER
    SweepState.objects.update(beat_at=long_ago, swept_at=long_ago)
    assert needs(staff) == [("Sending", "Silent")]


def test_where_nothing_ever_ran_it_says_so(staff: Client) -> None:
    SweepState.objects.all().delete()
    assert [str(one.badge.word) for one in health(staff).signs] == ["Never seen"] * 3
    assert "There is no campaign yet." in look(staff).text


def test_notifications_that_nobody_looks_at_need_somebody(
    staff: Client, campaign: Campaign, workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "COUNTED", 2)
    for _ in range(2):
        make_receipt(workspace)
    assert sign(staff, "Notifications from Intercom") == ("Being looked at", "2 wait to be looked at.")
    make_receipt(workspace)
    WebhookReceipt.objects.update(received_at=timezone.now() - 2 * SLOW_AFTER)
    assert needs(staff) == [("Notifications from Intercom", "Behind")]


def test_notifications_that_were_looked_at_are_well(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    WebhookHealth.objects.create(connection=workspace, last_received_at=timezone.now())
    word, what = sign(staff, "Notifications from Intercom")
    assert (word, what) == ("All looked at", "The last one came just now.")


def test_a_workspace_that_is_waited_for_and_tells_nothing_is_named(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    assert needs(staff) == []
    watch(make_lead(campaign), workspace)
    assert needs(staff) == [("Acme Ltd", "Not set up yet")]
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED)
    assert ("Acme Ltd", "Not set up yet") not in needs(staff)


def watch(lead: Participant, workspace: IntercomConnection) -> None:
    tab = SyncSettings.objects.get(campaign=lead.campaign, audience=Audience.LEAD)
    tab.watches.create(
        participant=lead, connection=workspace, contact_id="c1", attribute="plan", revision=tab.revision
    )


# Pictures ------------------------------------------------------------------------------------------------


def test_both_pictures_and_their_tables_say_the_same(staff: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.CREATED, Reason.NEW)
    make_lead(campaign)
    old = make_lead(campaign)
    Participant.objects.filter(pk=old.pk).update(joined_at=timezone.now() - timedelta(days=3))
    make_referrer(campaign)
    hours, days = (hung.shown for hung in health(staff).pictures)
    assert hours is not None
    assert days is not None
    assert [line.joined for line in hours.lines] == [2]
    assert [line.joined for line in days.lines] == [2, 1]
    text = look(staff).text
    ids = re.findall(r' id="([^"]+)"', text)
    assert sorted(ids) == sorted(set(ids))
    used = set(re.findall(r'fill="url\(#([^)]+)\)"', text)) & {"hours-waiting", "days-waiting"}
    assert used == {"hours-waiting", "days-waiting"}
    assert used <= set(ids)


def test_without_anybody_of_late_there_is_no_picture(staff: Client, campaign: Campaign) -> None:
    assert [hung.shown for hung in health(staff).pictures] == [None, None]
    assert look(staff).text.count("No lead has joined in this time.") == 2


# Finding a campaign --------------------------------------------------------------------------------------


def test_the_most_trouble_comes_first_and_the_rest_is_pages_away(staff: Client, campaign: Campaign) -> None:
    for number in range(30):
        make_lead(working(f"Calm {number}"))
    stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED)
    unrecorded(working("Odd"))
    SyncSettings.objects.filter(campaign=working("Held")).update(paused_at=timezone.now())
    first, second = health(staff), health(staff, page="2")
    assert [line.name for line in first.campaigns[:2]] == ["Odd", "Spring"]
    assert (len(first.campaigns), len(second.campaigns)) == (25, 8)
    everywhere = [line.name for line in (*first.campaigns, *second.campaigns)]
    assert len(set(everywhere)) == 33
    assert 'page=2#campaigns"' in look(staff).text


def test_a_campaign_is_found_by_a_part_of_its_name(staff: Client, campaign: Campaign) -> None:
    working("Autumn")
    assert [line.name for line in health(staff, q=" sprIN ").campaigns] == ["Spring"]
    answer = look(staff, q="winter")
    assert "No campaign has this in its name." in answer.text
    assert 'value="winter"' in answer.text


def test_an_ended_campaign_says_so(staff: Client, campaign: Campaign) -> None:
    Campaign.objects.update(status=CampaignStatus.ENDED)
    assert line_of(staff).has_ended


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "", "1" * 10_000, "\0"])
def test_a_page_that_makes_no_sense_is_answered(staff: Client, campaign: Campaign, page: str) -> None:
    assert [line.name for line in health(staff, page=page).campaigns] == ["Spring"]


@pytest.mark.parametrize("words", ["\0", "x" * 10_000, SCRIPT, "\ud800".encode("utf-8", "surrogatepass")])
def test_hostile_words_are_answered(staff: Client, campaign: Campaign, words: Any) -> None:
    text = look(staff, q=words).text
    assert "No campaign has this in its name." in text
    assert SCRIPT not in text


def test_names_are_never_code(staff: Client, workspace: IntercomConnection) -> None:
    IntercomConnection.objects.update(name=SCRIPT, status=ConnectionStatus.RECONNECT_NEEDED)
    stand(make_lead(working(SCRIPT)), State.NEEDS_ATTENTION, Reason.REJECTED)
    text = look(staff).text
    assert SCRIPT not in text
    assert SCRIPT in unescape(text)


# Rights and cost -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [SUPPORT, INTEGRATION_ADMIN])
def test_both_roles_may_look(client: Client, campaign: Campaign, role: str) -> None:
    user = User.objects.create_user("sam", is_staff=True)
    user.groups.add(Role.objects.get(name=role))
    client.force_login(user)
    assert "All is well" in look(client).text


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(client: Client, campaign: Campaign, method: str) -> None:
    log_in(client, "view_campaign", "view_participant", "view_syncsettings")
    assert getattr(client, method)(reverse("admin:integrations_health")).status_code == 403
    client.logout()
    assert getattr(client, method)(reverse("admin:integrations_health")).status_code == 302


def test_who_may_see_the_log_alone_gets_no_links_beyond(client: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED)
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    log_in(client, "view_delivery")
    links = re.findall(r'href="(/admin/[^"]*)"', look(client).text.partition("<main")[2])
    places = ("intercomconnection", "webhookreceipt", "/leads/", "/integrations/intercom/")
    assert [link for link in links if any(place in link for place in places)] == []


@pytest.mark.parametrize("live", [True, False])
def test_it_costs_the_same_for_3_campaigns_and_for_60(
    staff: Client, workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    def cost() -> int:
        SnapshotState.objects.all().delete()
        take()
        with CaptureQueriesContext(database) as queries:
            assert len(health(staff).campaigns)
        return len(queries)

    def busy(number: int) -> None:
        campaign = working(f"Campaign {number}")
        stand(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED)
        make_referrer(campaign)
        watch(make_lead(campaign), workspace)

    monkeypatch.setattr(source, "LIVE_BELOW", 10_000 if live else 2)
    for number in range(3):
        busy(number)
    few = cost()
    for number in range(57):
        busy(number)
    for number in range(5):
        make_workspace(f"other{number}")
    assert cost() == few <= 18
    assert Delivery.objects.count() == 180
