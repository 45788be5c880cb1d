"""The way back from a wrong rule: one lead, or all that qualified under one version of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from campaigns.models import Campaign, Participant, ParticipantStatus
from campaigns.services import reject_lead
from campaigns.signals import lead_qualified
from integrations.models import Delivery, IntercomConnection, Sighting, Via, Watch, WatchState
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.controls import read
from tests.integrations.panel_fixtures import EYES, PEN, person
from tests.integrations.qualification import (
    leads_tab,
    make_qualified,
    make_ruled_campaign,
    make_watched,
    status_of,
)

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

PENDING, QUALIFIED, REJECTED = ParticipantStatus
ONE = "admin:campaigns_campaign_intercom_way_back"
ALL = "admin:campaigns_campaign_intercom_way_back_all"
HISTORY = "admin:campaigns_campaign_intercom_history"


@dataclass
class Boss:
    """An Integration admin with a campaign."""

    client: Client
    campaign: Campaign
    connection: IntercomConnection

    @property
    def revision(self) -> int:
        return leads_tab(self.campaign).revision

    def one(self, lead: Participant) -> str:
        return reverse(ONE, args=[self.campaign.pk, lead.pk])

    def all(self, revision: int | None = None) -> str:
        return reverse(ALL, args=[self.campaign.pk, revision or self.revision])

    def text(self, url: str) -> str:
        response = self.client.get(url)
        assert response.status_code == 200
        return read(response).text

    def press(self, url: str, **data: Any) -> str:
        response = self.client.post(url, data, follow=True)
        assert response.status_code == 200
        return read(response).text

    def set_back(self, lead: Participant, to: str = "pending", was: str = "qualified") -> str:
        return self.press(self.one(lead), to=to, was=was)


@pytest.fixture
def boss() -> Boss:
    campaign, connection = make_ruled_campaign()
    return Boss(person("bo", *PEN, "view_delivery", "view_participant"), campaign, connection)


# One lead ---------------------------------------------------------------------------------------------


def test_the_page_says_who_it_is_and_why_they_qualified(boss: Boss) -> None:
    text = boss.text(boss.one(make_qualified(boss.campaign, first_name="Ana", last_name="Lima")))
    assert "Ana Lima Qualified" in text
    assert "The value became “pro”: the lead qualified." in text
    assert "Set back to pending" in text
    assert "Reject this lead" in text


def test_looking_at_the_page_changes_nothing(boss: Boss) -> None:
    lead = make_qualified(boss.campaign)
    boss.text(boss.one(lead))
    assert status_of(lead) == QUALIFIED


def test_a_lead_is_set_back_to_pending_and_watched_again(boss: Boss) -> None:
    lead = make_qualified(boss.campaign)
    assert "The lead is pending again" in boss.set_back(lead)
    assert status_of(lead) == PENDING
    assert Watch.objects.get(participant=lead).state == WatchState.WATCHING


def test_a_lead_is_rejected(boss: Boss) -> None:
    lead = make_qualified(boss.campaign)
    assert "The lead is rejected." in boss.set_back(lead, "rejected")
    assert status_of(lead) == REJECTED
    assert Watch.objects.get(participant=lead).state == WatchState.ENDED


def test_a_pending_lead_can_be_rejected_and_nothing_else(boss: Boss) -> None:
    lead = make_watched(boss.campaign)
    assert "Set back to pending" not in boss.text(boss.one(lead))
    boss.set_back(lead, "rejected", was="pending")
    assert status_of(lead) == REJECTED


def test_a_rejection_is_taken_back_and_recorded(boss: Boss) -> None:
    lead = make_watched(boss.campaign)
    boss.set_back(lead, "rejected", was="pending")
    text = boss.text(boss.one(lead))
    assert "as if it had not been rejected" in text
    assert "Reject this lead" not in text
    assert "The lead is pending again" in boss.set_back(lead, "pending", was="rejected")
    assert status_of(lead) == PENDING
    assert Watch.objects.get(participant=lead).state == WatchState.WATCHING
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == [
        "Pending → Rejected",
        "Rejected → Pending",
    ]


def test_a_rejected_lead_is_not_rejected_again(boss: Boss) -> None:
    lead = make_watched(boss.campaign)
    reject_lead(lead)
    assert "Nothing was changed" in boss.set_back(lead, "rejected", was="rejected")
    assert (status_of(lead), LogEntry.objects.count()) == (REJECTED, 0)


@pytest.mark.parametrize("was", ["qualified", "pending", "", "x"])
def test_a_page_that_did_not_say_rejected_takes_no_rejection_back(boss: Boss, was: str) -> None:
    """It had said qualified; somebody has rejected the lead since, and meant it."""
    lead = make_qualified(boss.campaign)
    reject_lead(lead)
    assert "Nothing was changed" in boss.set_back(lead, "pending", was=was)
    assert status_of(lead) == REJECTED


def test_only_an_integration_admin_takes_a_rejection_back(boss: Boss) -> None:
    lead = make_watched(boss.campaign)
    reject_lead(lead)
    eve = person("eve", *EYES, "view_delivery", "view_participant")
    answer = eve.post(boss.one(lead), {"to": "pending", "was": "rejected"})
    assert answer.status_code == 403
    assert status_of(lead) == REJECTED


def test_the_page_of_a_rejected_lead_offers_the_way_back_to_who_may_take_it(boss: Boss) -> None:
    lead = make_watched(boss.campaign)
    reject_lead(lead)
    page = reverse("admin:integrations_delivery_change", args=[Delivery.objects.get(participant=lead).pk])
    assert "Take the rejection back" in boss.text(page)
    eve = person("eve", *EYES, "view_delivery", "view_participant")
    assert "Take the rejection back" not in read(eve.get(page)).text


def test_who_did_it_is_in_the_story_and_in_the_record(boss: Boss) -> None:
    lead = make_qualified(boss.campaign)
    assert "bo set the lead back to pending." in boss.set_back(lead)
    line = Sighting.objects.get(participant=lead, via=Via.PERSON)
    assert line.made_by == "bo"
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.change_message) == ("bo", "Qualified → Pending")


def test_a_second_click_on_set_back_does_nothing_more(boss: Boss) -> None:
    lead = make_qualified(boss.campaign)
    boss.set_back(lead)
    assert "Nothing was changed" in boss.set_back(lead)
    assert status_of(lead) == PENDING
    assert LogEntry.objects.count() == 1


def test_a_page_that_is_out_of_date_changes_nothing(boss: Boss) -> None:
    """It had said pending; the lead has qualified since, and nobody has said what of that."""
    lead = make_qualified(boss.campaign)
    assert "Nothing was changed" in boss.set_back(lead, "rejected", was="pending")
    assert status_of(lead) == QUALIFIED


@pytest.mark.parametrize("to", ["", "qualified", "nonsense", "\0"])
def test_nobody_is_made_anything_else(boss: Boss, to: str) -> None:
    lead = make_watched(boss.campaign)
    assert "Nothing was changed" in boss.set_back(lead, to, was="pending")
    assert status_of(lead) == PENDING


def test_setting_back_tells_nobody_that_a_lead_qualified(boss: Boss) -> None:
    lead, told = make_qualified(boss.campaign), []
    lead_qualified.connect(lambda **values: told.append(values), weak=False, dispatch_uid="here")
    try:
        boss.set_back(lead)
    finally:
        lead_qualified.disconnect(dispatch_uid="here")
    assert not told


def test_a_lead_of_another_campaign_is_not_here(boss: Boss) -> None:
    other = make_lead(make_campaign("Autumn"))
    assert boss.client.get(boss.one(other)).status_code == 404
    assert boss.client.post(boss.one(other), {"to": "rejected", "was": "pending"}).status_code == 404
    assert status_of(other) == PENDING


def test_a_referrer_is_not_here(boss: Boss) -> None:
    referrer = make_referrer(boss.campaign)
    assert boss.client.get(boss.one(referrer)).status_code == 404


def test_who_may_only_look_is_refused(boss: Boss) -> None:
    lead, client = make_qualified(boss.campaign), person("eve", *EYES, "view_delivery", "repair_delivery")
    data = {"to": "pending", "was": "qualified", "number": "1"}
    for url in (boss.one(lead), boss.all()):
        assert client.get(url).status_code == 403
        assert client.post(url, data).status_code == 403
    assert status_of(lead) == QUALIFIED


def test_the_page_of_the_lead_leads_here_those_who_may(boss: Boss) -> None:
    lead = make_qualified(boss.campaign)
    url = reverse("admin:integrations_delivery_change", args=[Delivery.objects.get(participant=lead).pk])
    assert boss.one(lead).encode() in boss.client.get(url).content
    eve = person("eve", "view_delivery")
    assert boss.one(lead).encode() not in eve.get(url).content


# All of one version -----------------------------------------------------------------------------------


def test_the_page_says_how_many_it_is_about(boss: Boss) -> None:
    for _ in range(3):
        make_qualified(boss.campaign)
    make_qualified(boss.campaign, revision=7)
    make_watched(boss.campaign)
    text = boss.text(boss.all())
    assert "3 leads qualified under this version" in text
    assert "Set 3 leads back to pending" in text
    assert "Reject 3 leads" in text


def test_the_version_in_use_is_pointed_out(boss: Boss) -> None:
    make_qualified(boss.campaign)
    assert "This version is in use now. Change the rule first" in boss.text(boss.all())


@pytest.mark.parametrize(
    ("to", "words"), [("pending", "2 leads are pending again."), ("rejected", "2 leads are rejected.")]
)
def test_all_of_one_version_are_settled_and_nobody_else(boss: Boss, to: str, words: str) -> None:
    leads = [make_qualified(boss.campaign) for _ in range(2)]
    other, waiting = make_qualified(boss.campaign, revision=7), make_watched(boss.campaign)
    assert words in boss.press(boss.all(), to=to, number=2)
    assert [status_of(lead) for lead in leads] == [to, to]
    assert status_of(other) == QUALIFIED
    assert status_of(waiting) == PENDING
    assert Sighting.objects.filter(via=Via.PERSON, made_by="bo").count() == 2
    assert LogEntry.objects.count() == 1


def test_a_second_click_on_all_finds_nobody(boss: Boss) -> None:
    make_qualified(boss.campaign)
    boss.press(boss.all(), to="pending", number=1)
    assert "Nobody is left" in boss.press(boss.all(), to="pending", number=1)
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("number", ["1", "", "3", "all", "-2"])
def test_another_number_than_the_page_had_said_is_asked_again(boss: Boss, number: str) -> None:
    leads = [make_qualified(boss.campaign) for _ in range(2)]
    text = boss.press(boss.all(), to="rejected", number=number)
    assert "The number has changed since you looked" in text
    assert "Reject 2 leads" in text
    assert {status_of(lead) for lead in leads} == {QUALIFIED}


def test_a_version_under_which_nobody_qualified_says_so(boss: Boss) -> None:
    text = boss.text(boss.all())
    assert "Nobody is qualified under this version" in text
    assert "Reject" not in text


@pytest.mark.parametrize("to", ["", "qualified"])
def test_all_are_made_nothing_else(boss: Boss, to: str) -> None:
    lead = make_qualified(boss.campaign)
    assert "Nothing was changed" in boss.press(boss.all(), to=to, number=1)
    assert status_of(lead) == QUALIFIED


def test_a_version_that_never_was_is_not_here(boss: Boss) -> None:
    assert boss.client.get(boss.all(99)).status_code == 404
    assert boss.client.post(boss.all(99), {"to": "pending", "number": "0"}).status_code == 404


def test_leads_of_another_campaign_stay_as_they_are(boss: Boss) -> None:
    other = make_campaign("Autumn")
    url = reverse(ALL, args=[other.pk, boss.revision])
    lead = make_qualified(boss.campaign)
    assert boss.client.post(url, {"to": "rejected", "number": "1"}).status_code == 404
    assert status_of(lead) == QUALIFIED


# Where it starts from ---------------------------------------------------------------------------------


def test_the_history_says_how_many_qualified_under_each_version(boss: Boss) -> None:
    make_qualified(boss.campaign)
    make_qualified(boss.campaign)
    url = reverse(HISTORY, args=[boss.campaign.pk, "leads"])
    text = boss.text(url)
    assert "2 leads qualified by the rule of this version. Set them back or reject them" in text
    assert boss.all().encode() in boss.client.get(url).content


def test_the_history_offers_no_way_back_to_who_may_not_take_it(boss: Boss) -> None:
    make_qualified(boss.campaign)
    client = person("eve", *EYES)
    content = client.get(reverse(HISTORY, args=[boss.campaign.pk, "leads"])).content
    assert b"1 lead qualified" in content
    assert boss.all().encode() not in content


def test_the_list_of_leads_says_when_and_why_one_qualified(boss: Boss) -> None:
    make_qualified(boss.campaign)
    url = reverse("admin:campaigns_campaign_leads", args=[boss.campaign.pk])
    assert "Plan: The value became “pro”: the lead qualified." in boss.text(url)
    client = person("eve", "view_campaign", "view_participant")
    assert "The value became" not in read(client.get(url)).text
