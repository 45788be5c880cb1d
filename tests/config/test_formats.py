"""Dates, times and what is logged: the same on every page, and nothing that alarms for nothing."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from campaigns.models import Campaign
from integrations.models import Attempt, Delivery
from tests.campaigns.factories import make_campaign, make_lead

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 23, 20, 8, tzinfo=UTC)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("campaigns_campaign", "23 November 2026, 20:08"),
        ("campaigns_participant", "23 November 2026, 20:08"),
        # Where a line has three of them, the short one.
        ("integrations_delivery", "23 Nov 2026, 20:08"),
    ],
)
def test_lists_write_a_moment_in_the_one_way(staff: Client, page: str, written: str) -> None:
    lead = make_lead()
    Campaign.objects.update(created_at=EVENING)
    type(lead).objects.update(joined_at=EVENING)
    Delivery.objects.update(settled_at=EVENING)
    assert written in staff.get(reverse(f"admin:{page}_changelist")).text


def test_every_admin_page_names_its_time_zone(staff: Client) -> None:
    assert "Times are in UTC." in staff.get("/admin/").text
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        assert "Times are in Asia/Tokyo." in staff.get("/admin/").text


def test_who_is_not_logged_in_is_told_no_time_zone(client: Client) -> None:
    assert "Times are in" not in client.get("/admin/login/").text


def test_the_log_speaks_of_entries(staff: Client) -> None:
    delivery = Delivery.objects.get(participant=make_lead())
    assert str(delivery) == f"Entry {delivery.pk} of the sync log"
    assert str(Attempt(pk=7, delivery=delivery)) == f"Attempt 7 of entry {delivery.pk}"
    words = re.sub(r"<[^>]*>", "", staff.get(reverse("admin:tables")).text)
    assert "Entries of the sync log" in words
    assert "eliver" not in words


@pytest.mark.parametrize("address", ["/admin/integrations/intercomconnection/", "/nowhere/"])
def test_a_page_that_is_refused_or_missing_fills_no_log(
    client: Client, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    client.force_login(User.objects.create_user("ana", is_staff=True))
    with caplog.at_level(logging.DEBUG, logger="root"):
        assert client.get(address).status_code in {403, 404}
    assert [record for record in caplog.records if record.name == "django.request"] == []


def test_a_page_that_breaks_is_logged(
    staff: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError

    campaign = make_campaign()
    monkeypatch.setattr("integrations.views.overview.standings", fail)
    staff.raise_request_exception = False
    assert staff.get(reverse("admin:campaigns_campaign_overview", args=[campaign.pk])).status_code == 500
    assert any(record.name == "django.request" and record.exc_info for record in caplog.records)
