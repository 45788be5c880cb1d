"""From a participant to their entry in the sync log, and what is said where there is none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from integrations.models import Delivery
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.panel_fixtures import person

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


def address(pk: int) -> str:
    return reverse("admin:integrations_person", args=[pk])


def test_who_has_an_entry_is_led_to_it(admin_client: Client) -> None:
    lead = make_lead()
    entry = reverse("admin:integrations_delivery_change", args=[Delivery.objects.get().pk])
    assert admin_client.get(address(lead.pk)).headers["Location"] == entry


@pytest.mark.parametrize("make", [make_lead, make_referrer])
def test_who_has_none_is_said_to_get_one_within_a_minute(admin_client: Client, make: object) -> None:
    somebody = make(make_campaign("Spring"))  # type: ignore[operator]
    Delivery.objects.all().delete()
    answer = admin_client.get(address(somebody.pk))
    assert answer.status_code == 200
    assert "Nothing is recorded yet; the next sweep (within a minute) will." in answer.text
    assert somebody.email in answer.text
    assert "Not recorded yet" in answer.text


def test_hostile_names_stay_text(admin_client: Client) -> None:
    lead = make_lead(first_name="<script>alert(1)</script>", last_name="\u202eevil")
    Delivery.objects.all().delete()
    text = admin_client.get(address(lead.pk)).text
    assert "<script>alert" not in text
    assert "<bdi>&lt;script&gt;" in text


@pytest.mark.parametrize("pk", [0, 99_999, 2**31, 2**63, 10**40])
def test_nobody_is_not_found(admin_client: Client, pk: int) -> None:
    assert admin_client.get(address(pk)).status_code == 404


def test_an_entry_that_is_gone_says_nothing_of_whose_it_was(admin_client: Client) -> None:
    lead = make_lead(email="erased@example.com")
    entry = reverse("admin:integrations_delivery_change", args=[Delivery.objects.get().pk])
    url = address(lead.pk)
    lead.delete()
    for gone in (entry, url):
        answer = admin_client.get(gone, follow=True)
        assert "erased@example.com" not in answer.text


def test_who_may_not_see_outcomes_is_refused(admin_client: Client) -> None:
    lead = make_lead()
    eve = person("eve", "view_participant", "view_campaign")
    assert eve.get(address(lead.pk)).status_code == 403
    Delivery.objects.all().delete()
    assert eve.get(address(lead.pk)).status_code == 403
