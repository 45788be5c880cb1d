"""A row that SQL has slipped in is 1 unexplained everywhere, until the sweep has seen it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic.states import Outcome, Reason
from integrations.models import Delivery, SnapshotState
from integrations.services.health import source
from integrations.services.health.snapshot import take
from integrations.services.settings import import_document
from integrations.services.status import tallies
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.crowds import page
from tests.integrations.panel import EMAIL, make_workspace

pytestmark = pytest.mark.django_db

LOG = reverse("admin:integrations_delivery_changelist")
HEALTH = reverse("admin:integrations_health")
HOME = reverse("admin:index")
TAB = {"action": "create_lead", "field_map": [EMAIL]}
NEVER_RAN = timedelta(days=30)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    """Somebody has joined it properly."""
    make_workspace()
    campaign = make_campaign(slug="spring")
    import_document(campaign, {"leads": TAB})
    make_lead(campaign, email="ana@example.com")
    sweep()
    return campaign


def slip_in(campaign: Campaign, email: str = "sql@example.com", *, ago: timedelta = timedelta(0)) -> None:
    """Past every service and signal."""
    values: dict[str, str | int | datetime] = {
        "campaign_id": campaign.pk,
        "audience": "lead",
        "email": email,
        "email_normalized": email,
        "first_name": "",
        "last_name": "",
        "phone": "",
        "company": "",
        "source": "",
        "referral_code": email[:20],
        "custom": "{}",
        "status": "pending",
        "joined_at": timezone.now() - ago,
    }
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with database.cursor() as cursor:
        sql = f"INSERT INTO campaigns_participant ({names}) VALUES ({marks})"  # noqa: S608
        cursor.execute(sql, [*values.values()])


@dataclass(frozen=True)
class Told:
    """How many are unexplained, by each place that says it; `log` are those whom the log lists."""

    tally: int
    command: int
    overview: int
    health: int
    home: int
    log: list[str]


def told(staff: Client, campaign: Campaign) -> Told:
    out = StringIO()
    call_command("sync_status", "--json", stdout=out)
    overview = staff.get(page("overview", campaign)).context["overview"]
    health = staff.get(HEALTH).context["health"]
    home = staff.get(HOME).context["home"]
    entries = staff.get(LOG, {"outcome": "unexplained"}).context["log"].lines
    return Told(
        tally=tallies()["spring"].unexplained,
        command=json.loads(out.getvalue())["total"]["unexplained"],
        overview=sum(line.unexplained.number for line in overview.sums),
        health=sum(line.unexplained.number for line in health.sums),
        home=sum(line.unexplained.number for line in home.sums),
        log=[line.person.email for line in entries],
    )


NOBODY = Told(0, 0, 0, 0, 0, [])
ONE = Told(1, 1, 1, 1, 1, ["sql@example.com"])


def test_it_shows_everywhere_until_the_sweep_has_seen_it(staff: Client, campaign: Campaign) -> None:
    assert told(staff, campaign) == NOBODY
    slip_in(campaign)
    assert told(staff, campaign) == ONE
    sweep()
    assert told(staff, campaign) == NOBODY
    row = Delivery.objects.get(participant__email="sql@example.com")
    assert (row.outcome, row.reason) == (Outcome.WAITING, Reason.QUEUED)
    assert tallies()["spring"].joined == 2


def test_where_too_many_are_counted_the_next_snapshot_says_so(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LIVE_BELOW", 1)
    take()
    slip_in(campaign)
    # What is counted at once knows; what goes by the last snapshot cannot, and lists them all the same.
    assert told(staff, campaign) == Told(1, 1, 0, 0, 0, ["sql@example.com"])
    _count_again()
    assert told(staff, campaign) == ONE
    sweep()
    _count_again()
    assert told(staff, campaign) == NOBODY


def test_one_who_joined_long_ago_is_found_in_turn_and_never_sent_by_surprise(
    staff: Client, campaign: Campaign
) -> None:
    slip_in(campaign, ago=NEVER_RAN)
    assert told(staff, campaign) == ONE
    sweep()
    assert told(staff, campaign) == NOBODY
    row = Delivery.objects.get(participant__email="sql@example.com")
    assert (row.outcome, row.reason) == (Outcome.NOT_SENT, Reason.JOINED_LONG_AGO)


def test_one_whom_this_round_does_not_reach_stays_unexplained_till_it_is_reached(
    staff: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep looks at a bounded number of ids a round, and begins anew after the last."""
    slip_in(campaign, ago=NEVER_RAN)
    monkeypatch.setattr("integrations.services.sweep.CHECK_AT_ONCE", 1)
    sweep()
    assert told(staff, campaign) == ONE
    sweep()
    assert told(staff, campaign) == NOBODY


def test_somebody_of_a_tab_that_was_never_saved_is_not_sent_and_explained(
    staff: Client, campaign: Campaign
) -> None:
    slip_in(make_campaign(slug="bare"))
    assert tallies()["bare"].unexplained == 1
    assert [
        line.person.email for line in staff.get(LOG, {"outcome": "unexplained"}).context["log"].lines
    ] == ["sql@example.com"]
    sweep()
    assert (tallies()["bare"].unexplained, tallies()["bare"].outcomes) == (0, {Outcome.NOT_SENT: 1})
    assert told(staff, campaign) == NOBODY


def _count_again() -> None:
    SnapshotState.objects.update(taken_at=None)
    take()
