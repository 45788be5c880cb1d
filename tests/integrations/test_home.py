"""The first page of the admin: how everything stands, for whoever looks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, CampaignStatus, Participant
from integrations.logic.states import Reason, State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    FieldMap,
    IntercomConnection,
    SweepState,
    SyncSettings,
)
from integrations.services.everything import SILENT_AFTER
from integrations.services.roles import SUPPORT
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.panel import EMAIL, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", first_name="Nadia"))
    return client


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


def home(client: Client) -> str:
    page = client.get(reverse("admin:index"))
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def working(name: str = "Spring", **leads: Any) -> Campaign:
    """A campaign whose Leads tab creates leads."""
    campaign = make_campaign(name)
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL], **leads}})
    return campaign


def put(person: Participant, state: State, reason: Reason, **values: Any) -> None:
    Delivery.objects.filter(participant=person).update(
        **{"state": state, "reason": reason, "due_at": None, **values}
    )


def sum_of(html: str, title: str) -> dict[str, int]:
    part = html.partition(f"<h3>{title}</h3>")[2].partition("</ul>")[0]
    return {word: int(number) for number, word in re.findall(r"<b>(\d+)</b> <span>([^<]+)</span>", part)}


def needs(html: str) -> str:
    return html.partition('id="home-needs"')[2].partition("</section>")[0]


# A fresh installation, and people without rights ------------------------------------------------------------


def test_a_fresh_installation_says_what_to_do_first(boss: Client) -> None:
    html = home(boss)
    assert "Hello, <bdi>Nadia</bdi>" in html
    assert f'href="{reverse("admin:campaigns_campaign_add")}">Create your first campaign</a>' in html
    assert "Needs a person" not in html


def test_with_a_campaign_and_no_workspace_connecting_comes_next(boss: Client) -> None:
    campaign = make_campaign()
    crm = reverse("admin:campaigns_campaign_crm", args=[campaign.pk])
    assert f'href="{crm}">Connect Intercom</a>' in home(boss)


def test_with_a_workspace_nobody_is_told_to_connect(boss: Client, workspace: IntercomConnection) -> None:
    working()
    assert "Next: connect Intercom" not in home(boss)


def test_who_has_no_rights_sees_no_number_and_no_name(client: Client, workspace: IntercomConnection) -> None:
    make_lead(working("Secret spring"))
    client.force_login(User.objects.create_user("new", is_staff=True))
    html = home(client)
    assert "Ask whoever runs this installation" in html
    for hidden in ("Secret spring", workspace.name, "Where everybody stands", "Needs a person"):
        assert hidden not in html


def test_support_sees_how_things_are_and_creates_nothing(
    client: Client, workspace: IntercomConnection
) -> None:
    working()
    user = User.objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    client.force_login(user)
    html = home(client)
    assert "Where everybody stands" in html
    assert workspace.name in html
    assert "Create a campaign" not in html


def test_support_is_not_asked_to_create_the_first_campaign(client: Client) -> None:
    user = User.objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    client.force_login(user)
    assert "You may not create campaigns." in home(client)


def test_strangers_are_asked_to_log_in(client: Client) -> None:
    assert client.get(reverse("admin:index")).status_code == 302


# The sum ------------------------------------------------------------------------------------------------


def test_everybody_is_in_the_sum_once(boss: Client, workspace: IntercomConnection) -> None:
    campaign = working()
    for state, reason in (
        (State.SKIPPED, Reason.POLICY),
        (State.HELD, Reason.HELD),
        (State.NEEDS_ATTENTION, Reason.REJECTED),
    ):
        put(make_lead(campaign), state, reason)
    make_lead(campaign)
    make_lead(make_campaign("No panel"))
    make_referrer(campaign)
    html = home(boss)
    assert sum_of(html, "Leads") == {
        "Joined": 5,
        "Created": 0,
        "Updated": 0,
        "Skipped": 1,
        "Not sent": 1,
        "Waiting": 2,
        "Needs attention": 1,
    }
    assert sum_of(html, "Referrers")["Joined"] == 1
    assert "0 unexplained" in html


def test_somebody_of_whom_nothing_is_recorded_raises_an_alarm(
    boss: Client, workspace: IntercomConnection
) -> None:
    lead = make_lead(working())
    Delivery.objects.filter(participant=lead).delete()
    html = home(boss)
    assert "The numbers do not add up yet" in html
    assert sum_of(html, "Leads")["Not recorded yet"] == 1


def test_numbers_lead_to_their_lines_in_the_log(boss: Client, workspace: IntercomConnection) -> None:
    put(make_lead(working(), email="ana@example.com"), State.SKIPPED, Reason.POLICY)
    links = re.findall(r'<a class="sum__number[^>]*href="([^"]+)"', home(boss))
    assert len(links) == 7
    lists = [boss.get(link.replace("&amp;", "&")) for link in links]
    assert {page.status_code for page in lists} == {200}
    assert [b"ana@example.com" in page.content for page in lists].count(True) == 2


def test_today_counts_who_joined_since_midnight(boss: Client, workspace: IntercomConnection) -> None:
    campaign = working()
    make_lead(campaign)
    old = make_lead(campaign)
    Participant.objects.filter(pk=old.pk).update(joined_at=timezone.now() - timedelta(days=2))
    assert '<td class="number" data-label="Joined today">1</td>' in home(boss)


# What needs a person ---------------------------------------------------------------------------------------


def test_nothing_to_do_is_said(boss: Client, workspace: IntercomConnection) -> None:
    make_lead(working())
    assert "Nothing waits for you." in needs(home(boss))


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (State.HELD, Reason.HELD, "more than 72 hours"),
        (State.NEEDS_ATTENTION, Reason.REJECTED, "Intercom rejected the contact."),
        (State.NEEDS_ATTENTION, Reason.SEVERAL_MATCHES, "Several contacts"),
    ],
)
def test_people_who_need_somebody_are_named_by_campaign_and_number(
    boss: Client, workspace: IntercomConnection, state: State, reason: Reason, words: str
) -> None:
    campaign = working()
    for _ in range(2):
        put(make_lead(campaign), state, reason)
    html = needs(home(boss))
    assert "<bdi>Spring</bdi>" in html
    assert "2 leads" in html
    assert words in html


def test_who_failed_is_one_click_from_being_sent_again(boss: Client, workspace: IntercomConnection) -> None:
    campaign = working()
    put(make_lead(campaign, email="ana@example.com"), State.NEEDS_ATTENTION, Reason.REJECTED)
    put(make_lead(campaign, email="bo@example.com"), State.NEEDS_ATTENTION, Reason.ARCHIVED)
    addresses = re.findall(r'href="([^"]*reason=rejected[^"]*)"', needs(home(boss)))
    assert len(addresses) == 1
    log = boss.get(addresses[0].replace("&amp;", "&")).text
    assert "ana@example.com" in log
    assert "bo@example.com" not in log
    assert "For the one that matches" in log


def test_incomplete_settings_are_named_before_anybody_waits(
    boss: Client, workspace: IntercomConnection
) -> None:
    campaign = working(field_map=[{"data_type": "dynamic", "from": "", "to": "email"}])
    html = needs(home(boss))
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    assert "Setup Required" in html
    assert f'href="{panel}"' in html


def test_a_paused_campaign_is_named(boss: Client, workspace: IntercomConnection) -> None:
    working()
    SyncSettings.objects.update(paused_at=timezone.now())
    assert "Sending is paused for this campaign." in needs(home(boss))


def test_an_ended_campaign_is_left_in_peace(boss: Client, workspace: IntercomConnection) -> None:
    working()
    SyncSettings.objects.update(paused_at=timezone.now())
    Campaign.objects.update(status=CampaignStatus.ENDED)
    assert "Nothing waits for you." in needs(home(boss))


def test_an_ended_campaign_is_named_while_somebody_waits(boss: Client, workspace: IntercomConnection) -> None:
    make_lead(working())
    SyncSettings.objects.update(paused_at=timezone.now())
    Campaign.objects.update(status=CampaignStatus.ENDED)
    assert "1 lead" in needs(home(boss))


def test_a_lost_workspace_is_named_once_with_all_who_wait(
    boss: Client, workspace: IntercomConnection
) -> None:
    for name in ("Spring", "Autumn"):
        make_lead(working(name))
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    html = needs(home(boss))
    assert html.count("Reconnect needed") == 1
    assert "2 people wait" in html
    assert reverse("admin:integrations_intercomconnection_change", args=[workspace.pk]) in html


def test_a_paused_workspace_is_named_once(boss: Client, workspace: IntercomConnection) -> None:
    working()
    IntercomConnection.objects.update(paused_at=timezone.now())
    assert needs(home(boss)).count("paused for the whole workspace") == 1


def test_a_field_problem_is_named(boss: Client, workspace: IntercomConnection) -> None:
    working()
    FieldMap.objects.update(problem="attribute_archived", problem_at=timezone.now())
    assert "1 mapped field" in needs(home(boss))


def test_who_may_not_open_the_panel_gets_the_sentence_without_the_link(
    client: Client, workspace: IntercomConnection
) -> None:
    working(field_map=[])
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(user)
    html = needs(home(client))
    assert "Setup Required" in html
    assert "<a " not in html


def test_names_from_outside_are_shown_and_not_obeyed(boss: Client, workspace: IntercomConnection) -> None:
    put(make_lead(working("<script>alert(1)</script>")), State.NEEDS_ATTENTION, Reason.REJECTED)
    IntercomConnection.objects.update(name="<img src=x>")
    html = home(boss)
    assert "<bdi>&lt;script&gt;alert(1)" in html
    assert "<img src=x>" not in html


def test_a_worker_that_fell_silent_is_noticed(boss: Client, workspace: IntercomConnection) -> None:
    working()
    SweepState.objects.update_or_create(
        pk=SweepState.ONLY, defaults={"beat_at": timezone.now() - 2 * SILENT_AFTER}
    )
    assert "Nothing is being sent right now" in home(boss)
    SweepState.objects.update(beat_at=timezone.now())
    assert "Nothing is being sent right now" not in home(boss)


def test_the_number_of_queries_does_not_grow(boss: Client, workspace: IntercomConnection) -> None:
    def count() -> int:
        with CaptureQueriesContext(database) as queries:
            home(boss)
        return len(queries)

    make_lead(working("First"))
    few = count()
    for number in range(8):
        campaign = working(f"More {number}")
        make_referrer(campaign)
        put(make_lead(campaign), State.NEEDS_ATTENTION, Reason.REJECTED)
    for number in range(8):
        make_workspace(f"other{number}")
    assert count() == few <= 9
