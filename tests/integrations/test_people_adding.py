"""Adding a lead or a referrer by hand: who is in afterwards, and what is said of those who cannot be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.adding import OFFERED
from campaigns.models import Audience, Campaign, CampaignStatus, LeadFieldType, Participant
from integrations.models import Delivery
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import log_in, page

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

BOTH = pytest.mark.parametrize("slug", ["leads", "referrers"])
ADDER = ("view_campaign", "add_participant")


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(slug="spring", fields={"seats": LeadFieldType.NUMBER}, required=True)


def add(client: Client, campaign: Campaign, slug: str = "leads", **typed: Any) -> Any:
    return client.post(page(f"{slug}_add", campaign), {"email": "ana@x.com", **typed}, follow=True)


def people(campaign: Campaign, audience: Audience) -> list[str]:
    return [person.email for person in campaign.participants.filter(audience=audience)]


# Adding --------------------------------------------------------------------------------------
def test_a_referrer_is_added_and_their_link_is_ready_to_copy(staff: Client, campaign: Campaign) -> None:
    answer = add(staff, campaign, "referrers", first_name="Ana")
    ana = campaign.participants.get(audience=Audience.REFERRER)
    assert answer.redirect_chain == [(page("referrers", campaign), 302)]
    assert "<strong><bdi>Ana</bdi></strong> is a referrer now." in answer.text
    assert f'<a id="new-link" href="{ana.referral_link}">{ana.referral_link}</a>' in answer.text
    assert re.search(r'<button[^>]* data-copies="new-link" hidden>Copy', answer.text)


def test_what_was_added_is_said_once(staff: Client, campaign: Campaign) -> None:
    add(staff, campaign, "referrers")
    assert "new-link" not in staff.get(page("referrers", campaign)).text


def test_a_lead_is_added_with_all_that_is_known_of_them(staff: Client, campaign: Campaign) -> None:
    rosa = make_referrer(campaign)
    texts = {"first_name": "Ana", "last_name": "Lima", "phone": "1", "company": "Acme", "source": "Fair"}
    answer = add(staff, campaign, **texts, referrer=rosa.email, **{"custom.seats": "3"})
    ana = campaign.participants.get(audience=Audience.LEAD)
    assert answer.redirect_chain == [(page("leads", campaign), 302)]
    assert "<bdi>Ana Lima</bdi></strong> is a lead now." in answer.text
    assert {name: getattr(ana, name) for name in texts} == texts
    assert (ana.referrer, ana.custom) == (rosa, {"seats": 3.0})


@BOTH
def test_an_email_is_enough(staff: Client, campaign: Campaign, slug: str) -> None:
    add(staff, campaign, slug)
    assert campaign.participants.get().email == "ana@x.com"


def test_adding_is_joining(staff: Client, campaign: Campaign) -> None:
    add(staff, campaign)
    assert Delivery.objects.filter(participant__email="ana@x.com").exists()


def test_who_added_somebody_is_in_their_history(staff: Client, campaign: Campaign) -> None:
    add(staff, campaign)
    person = campaign.participants.get()
    text = staff.get(f"/admin/campaigns/participant/{person.pk}/history/").text
    assert "Added." in text
    assert "boss" in text


@BOTH
def test_the_page_stands_among_the_campaigns_tabs(staff: Client, campaign: Campaign, slug: str) -> None:
    text = staff.get(page(f"{slug}_add", campaign)).text
    assert f'<a href="{page(slug, campaign)}" aria-current="page">' in text
    assert "related-widget-wrapper" not in text


def test_names_are_never_code(staff: Client, campaign: Campaign) -> None:
    script = "<script>alert(1)</script>"
    for slug in ("referrers", "leads"):
        add(staff, campaign, slug, first_name=script)
        assert script not in add(staff, campaign, slug, first_name=script).text
    assert script not in staff.get(page("leads_add", campaign)).text


# The referrer of a lead ----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["email", "referral_code", "referral_link"])
@pytest.mark.parametrize("spelled", [str, str.upper, " {} ".format])
def test_a_referrer_is_found_by_email_code_or_link(
    staff: Client, campaign: Campaign, name: str, spelled: Any
) -> None:
    rosa = make_referrer(campaign, email="rosa@x.com")
    add(staff, campaign, referrer=spelled(getattr(rosa, name)))
    assert campaign.participants.get(audience=Audience.LEAD).referrer == rosa


def test_a_link_may_end_in_a_slash(staff: Client, campaign: Campaign) -> None:
    rosa = make_referrer(campaign)
    add(staff, campaign, referrer=f"{rosa.referral_link}/")
    assert campaign.participants.get(audience=Audience.LEAD).referrer == rosa


def test_of_a_lead_who_is_a_referrer_too_the_referrer_is_meant(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign, email="rosa@x.com")
    rosa = make_referrer(campaign, email="rosa@x.com")
    add(staff, campaign, referrer="rosa@x.com")
    assert campaign.participants.get(email="ana@x.com").referrer == rosa


def test_a_lead_may_refer_as_on_the_public_page(staff: Client, campaign: Campaign) -> None:
    zoe = make_lead(campaign)
    add(staff, campaign, referrer=zoe.referral_link)
    assert campaign.participants.get(email="ana@x.com").referrer == zoe


@pytest.mark.parametrize("typed", ["nobody@x.com", "Rosa", "elsewhere@x.com", "/", "://", "%", "x" * 500])
def test_a_referrer_who_is_not_in_this_campaign_is_refused(
    staff: Client, campaign: Campaign, typed: str
) -> None:
    make_referrer(email="elsewhere@x.com")
    make_referrer(campaign)
    answer = add(staff, campaign, referrer=typed)
    assert "Nobody in this campaign has this email or link." in answer.text
    assert people(campaign, Audience.LEAD) == []


def test_nobody_refers_themselves(staff: Client, campaign: Campaign) -> None:
    make_referrer(campaign, email="ana@x.com")
    assert "Nobody refers themselves." in add(staff, campaign, referrer="ANA@x.com").text
    assert people(campaign, Audience.LEAD) == []


def test_the_newest_referrers_are_offered(staff: Client, campaign: Campaign) -> None:
    known = [make_referrer(campaign) for _ in range(OFFERED + 2)]
    text = staff.get(page("leads_add", campaign)).text
    offered = re.findall(r'<option value="([^"]*)">Rosa Diaz</option>', text)
    assert offered == [person.email for person in known[:1:-1]]
    assert 'list="known-referrers"' in text


# Refused -------------------------------------------------------------------------------------
@BOTH
@pytest.mark.parametrize("email", ["ana@x.com", "ANA@X.COM"])
def test_who_is_in_already_is_said_with_a_link(
    staff: Client, campaign: Campaign, slug: str, email: str
) -> None:
    add(staff, campaign, slug, first_name="Ana")
    answer = add(staff, campaign, slug, email=email, first_name="Another")
    assert f"<bdi>Ana</bdi> is a {slug[:-1]} of this campaign already" in answer.text
    assert f'href="{page(slug, campaign)}?q=ana%40x.com"' in answer.text
    assert campaign.participants.get().first_name == "Ana"


def test_a_lead_may_become_a_referrer(staff: Client, campaign: Campaign) -> None:
    add(staff, campaign)
    assert "is a referrer now" in add(staff, campaign, "referrers").text


@BOTH
@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"email": ""}, "This field is required."),
        ({"email": "ana"}, "Enter a valid email address."),
        ({"email": "ana@x.com", "first_name": "x" * 151}, "at most 150 characters"),
        ({"email": "ana@x.com", "company": "a\x00b"}, "Null characters are not allowed."),
        ({"email": "ana@x.com", "source": "a\x07b"}, "cannot be stored"),
    ],
)
def test_a_wrong_person_is_not_added(
    staff: Client, campaign: Campaign, slug: str, typed: dict[str, str], problem: str
) -> None:
    answer = add(staff, campaign, slug, **typed)
    assert answer.status_code == 200
    assert problem in answer.text
    assert not Participant.objects.exists()


def test_a_wrong_answer_is_not_taken(staff: Client, campaign: Campaign) -> None:
    assert "Enter a number." in add(staff, campaign, **{"custom.seats": "many"}).text
    assert not Participant.objects.exists()


@BOTH
def test_nobody_is_added_to_a_campaign_that_has_ended(staff: Client, campaign: Campaign, slug: str) -> None:
    Campaign.objects.update(status=CampaignStatus.ENDED)
    for answer in (staff.get(page(f"{slug}_add", campaign)), add(staff, campaign, slug)):
        assert "This campaign has ended" in answer.text
        assert 'name="email"' not in answer.text
    assert not Participant.objects.exists()


@BOTH
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_right_nobody_is_added(
    client: Client, campaign: Campaign, slug: str, method: str
) -> None:
    log_in(client, "view_campaign", "view_participant", "change_participant", "view_delivery")
    answer = getattr(client, method)(page(f"{slug}_add", campaign), {"email": "ana@x.com"})
    assert answer.status_code == 403
    assert not Participant.objects.exists()


@BOTH
def test_who_may_add_but_not_look_is_told_and_stays(client: Client, campaign: Campaign, slug: str) -> None:
    log_in(client, *ADDER)
    answer = add(client, campaign, slug)
    assert answer.redirect_chain == [(page(f"{slug}_add", campaign), 302)]
    assert " now." in answer.text
    again = add(client, campaign, slug)
    assert "of this campaign already" in again.text
    assert page(slug, campaign) + "?" not in again.text


# Cost ----------------------------------------------------------------------------------------
def test_the_form_costs_the_same_however_many_refer(
    staff: Client, campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_referrer(campaign)
    # Session, user, campaign, its fields, its referrers.
    with django_assert_num_queries(5):
        staff.get(page("leads_add", campaign))
