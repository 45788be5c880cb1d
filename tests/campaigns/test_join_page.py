"""The public page, as a browser without JavaScript meets it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import views
from campaigns.models import Audience, CampaignStatus, LeadFieldType, Participant
from campaigns.services import CampaignEnded
from tests.campaigns.factories import make_campaign, make_lead, make_referrer

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.django_db
KINDS = {
    "plan": LeadFieldType.TEXT,
    "seats": LeadFieldType.NUMBER,
    "vip": LeadFieldType.BOOLEAN,
    "since": LeadFieldType.DATE,
}


@pytest.fixture
def rosa() -> Participant:
    return make_referrer(make_campaign("Spring", fields=KINDS), email="rosa@x.com")


def send(client: Client, rosa: Participant, **data: Any) -> HttpResponse:
    person = {"first_name": "Ana", "email": "ana@x.com", **data}
    return client.post(f"/r/{rosa.referral_code}", person)  # type: ignore[return-value]


def leads() -> list[Participant]:
    return list(Participant.objects.filter(audience=Audience.LEAD))


def test_referral_link_leads_to_the_form(client: Client, rosa: Participant) -> None:
    assert reverse("campaigns:join", args=[rosa.referral_code]) == f"/r/{rosa.referral_code}"
    page = client.get(f"/r/{rosa.referral_code.lower()}")
    assert page.status_code == 200
    assert "Spring" in page.text
    assert "no-store" in page["Cache-Control"]


def test_joining_stores_the_lead_and_thanks(client: Client, rosa: Participant) -> None:
    answers = {"custom.plan": "pro", "custom.seats": "5", "custom.vip": "no", "custom.since": "2024-02-29"}
    page = send(client, rosa, last_name="Lima", phone="+1 555", **answers)
    (lead,) = leads()
    assert (page.status_code, page["Location"]) == (302, f"/r/{rosa.referral_code}/thanks")
    assert (lead.full_name, lead.phone, lead.referrer) == ("Ana Lima", "+1 555", rosa)
    assert lead.custom == {"plan": "pro", "seats": 5.0, "vip": False, "since": "2024-02-29"}


def test_joining_again_looks_the_same(client: Client, rosa: Participant) -> None:
    first, again = send(client, rosa), send(client, rosa, email="ANA@x.com")
    assert (first.status_code, first["Location"]) == (again.status_code, again["Location"])
    assert len(leads()) == 1


def test_lead_may_pass_the_link_on(client: Client, rosa: Participant) -> None:
    ana = make_lead(rosa.campaign, email="ana@x.com")
    send(client, ana, email="bo@x.com")
    assert Participant.objects.get(email="bo@x.com").referrer == ana


@pytest.mark.parametrize("path", ["/r/NOSUCHCODE", "/r/NOSUCHCODE/thanks", "/r/" + "X" * 1000])
def test_unknown_code_is_explained(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "We don’t know this link" in page.text


def test_unknown_code_takes_nobody(client: Client) -> None:
    assert client.post("/r/NOSUCHCODE", {"first_name": "Ana", "email": "ana@x.com"}).status_code == 404


def test_ended_campaign_says_so_and_takes_nobody(client: Client) -> None:
    rosa = make_referrer()
    rosa.campaign.status = CampaignStatus.ENDED
    rosa.campaign.save(update_fields=["status"])
    for page in (client.get(f"/r/{rosa.referral_code}"), send(client, rosa)):
        assert page.status_code == 410
        assert "has ended" in page.text
    assert leads() == []


def test_campaign_that_ends_meanwhile_says_so(
    client: Client, rosa: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(**_: object) -> None:
        raise CampaignEnded

    monkeypatch.setattr(views, "join_lead", ended)
    assert send(client, rosa).status_code == 410


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ""),
        ("first_name", "x" * 10_000),
        ("first_name", "An\x00a"),
        ("first_name", "An\x1ba"),
        ("last_name", "x" * 151),
        ("email", ""),
        ("email", "ana"),
        ("email", "x" * 10_000),
        ("phone", "5" * 51),
        ("custom.plan", "x" * 2001),
        ("custom.plan", "p\x00"),
        ("custom.seats", "many"),
        ("custom.seats", "nan"),
        ("custom.seats", "1e99"),
        ("custom.vip", "maybe"),
        ("custom.since", "yesterday"),
    ],
)
def test_wrong_value_is_refused_beside_its_field(
    client: Client, rosa: Participant, field: str, value: str
) -> None:
    page = send(client, rosa, **{field: value})
    assert page.status_code == 200
    assert f'id="id_{field}_error"' in page.text
    assert f'href="#id_{field}"' in page.text
    described = re.search(rf'<(?:input|select)[^>]*id="id_{re.escape(field)}"[^>]*>', page.text)
    assert described is not None
    assert 'aria-invalid="true"' in described[0]
    assert f'aria-describedby="id_{field}_error"' in described[0]
    assert leads() == []


def test_required_custom_field_is_asked_for(client: Client) -> None:
    rosa = make_referrer(make_campaign(fields=KINDS, required=True))
    page = send(client, rosa, **{"custom.plan": "pro"})
    assert page.text.count("This field is required.") == 2 * 3
    assert leads() == []


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x>', "👩‍👩‍👧", "محمد بن سلمان"])
def test_any_name_is_shown_as_text(client: Client, name: str) -> None:
    rosa = make_referrer(make_campaign(name), first_name=name)
    for page in (client.get(f"/r/{rosa.referral_code}"), send(client, rosa, first_name=name, email="no")):
        assert "<script" not in page.text
        assert "<img" not in page.text
    assert send(client, rosa, first_name=name).status_code == 302
    assert leads()[0].first_name == name


def test_filled_trap_is_thanked_and_stores_nothing(client: Client, rosa: Participant) -> None:
    page = send(client, rosa, website="https://spam.example")
    assert (page.status_code, page["Location"]) == (302, f"/r/{rosa.referral_code}/thanks")
    assert leads() == []


def test_trap_is_out_of_everybodys_way(client: Client, rosa: Participant) -> None:
    text = client.get(f"/r/{rosa.referral_code}").text
    assert re.search(r'<div class="apart"\s+aria-hidden="true">', text)
    assert re.search(r'<input[^>]*name="website"[^>]*autocomplete="off"[^>]*tabindex="-1"', text)


def test_too_many_joins_are_held_back_and_keep_what_was_typed(client: Client, rosa: Participant) -> None:
    for number in range(5):
        send(client, rosa, email=f"a{number}@x.com")
    page = send(client, rosa, email="last@x.com")
    assert page.status_code == 429
    assert page["Retry-After"] == "600"
    assert 'value="last@x.com"' in page.text
    assert len(leads()) == 5


def test_mistakes_do_not_count_against_anybody(client: Client, rosa: Participant) -> None:
    for _ in range(10):
        send(client, rosa, email="no")
    assert send(client, rosa).status_code == 302


def test_form_is_guarded_against_forgery_in_plain_words(rosa: Participant) -> None:
    page = send(Client(enforce_csrf_checks=True), rosa)
    assert page.status_code == 403
    assert "This page was open for too long" in page.text
    assert leads() == []


def test_every_field_has_a_label_and_optional_ones_say_so(client: Client, rosa: Participant) -> None:
    text = client.get(f"/r/{rosa.referral_code}").text
    fields = re.findall(r'<(?:input|select)(?![^>]*type="(?:hidden|submit)")[^>]*id="([^"]+)"', text)
    assert len(fields) == 9
    assert all(f'<label for="{field}">' in text for field in fields)
    assert text.count("(optional)") == 7


def test_page_needs_no_inline_style_or_script(client: Client, rosa: Participant) -> None:
    for page in (client.get(f"/r/{rosa.referral_code}"), send(client, rosa, email="no")):
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text)
        assert "'unsafe" not in page["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, rosa: Participant, method: str) -> None:
    assert getattr(client, method)(f"/r/{rosa.referral_code}").status_code == 405


def test_page_costs_few_queries(client: Client, rosa: Participant, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        client.get(f"/r/{rosa.referral_code}")
