"""Everybody who joined is counted exactly once, and what does not add up shows."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign, Participant
from integrations.logic.states import Outcome, Reason, State
from integrations.models import ConnectionStatus, Delivery, IntercomConnection
from integrations.services.settings import import_document
from integrations.services.status import Tally, tallies, total, waiting_reason
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import EMAIL, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    campaign = make_campaign(slug="spring")
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL]}})
    return campaign


def spring() -> Tally:
    return tallies()["spring"]


def test_somebody_who_waits_is_told_why(campaign: Campaign) -> None:
    make_lead(campaign)
    assert spring().waiting == {Reason.QUEUED: 1}
    assert (spring().joined, spring().unexplained) == (1, 0)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, Reason.RECONNECT_NEEDED),
        ({"paused_at": timezone.now()}, Reason.PAUSED_WORKSPACE),
    ],
)
def test_what_holds_the_workspace_holds_everybody(
    campaign: Campaign, workspace: IntercomConnection, values: dict[str, object], reason: Reason
) -> None:
    make_lead(campaign)
    IntercomConnection.objects.filter(pk=workspace.pk).update(**values)
    assert spring().waiting == {reason: 1}


def test_somebody_without_a_tab_waits_for_a_connection(campaign: Campaign) -> None:
    make_lead(campaign)
    Delivery.objects.update(settings=None)
    assert spring().waiting == {Reason.NOT_CONNECTED: 1}


@pytest.mark.parametrize(
    ("state", "reason"), [(State.SENDING, Reason.SENDING), (State.UNCERTAIN, Reason.UNCERTAIN)]
)
def test_what_is_under_way_is_not_called_held(state: State, reason: Reason) -> None:
    assert waiting_reason(state, Reason.QUEUED, tab=None) is reason


def test_a_row_put_in_by_hand_is_unexplained(campaign: Campaign) -> None:
    Participant.objects.bulk_create(
        [Participant(campaign=campaign, audience="lead", email="x@x.com", email_normalized="x@x.com")]
    )
    assert (spring().joined, spring().unexplained) == (1, 1)


def test_campaigns_are_kept_apart_and_summed(campaign: Campaign) -> None:
    make_lead(campaign)
    other = make_campaign(slug="summer")
    make_lead(other)
    make_lead(other)
    parts = tallies()
    assert list(parts) == ["spring", "summer"]
    assert parts["summer"].outcomes == {Outcome.NOT_SENT: 2}
    whole = total(parts)
    assert (whole.joined, whole.outcomes.total(), whole.unexplained) == (3, 3, 0)
    assert whole.waiting == {Reason.QUEUED: 1}


def test_a_sum_leaves_its_parts_alone(campaign: Campaign) -> None:
    make_lead(campaign)
    parts = tallies()
    total(parts)
    total(parts)
    assert parts["spring"].joined == 1


def test_counting_takes_the_same_few_queries_for_any_number(
    campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_lead(make_campaign(slug=f"more-{number}"))
    with django_assert_num_queries(4):
        tallies()


def test_the_json_adds_up(campaign: Campaign) -> None:
    make_lead(campaign)
    make_lead(campaign)
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(
        state=State.NEEDS_ATTENTION, reason=Reason.ARCHIVED, due_at=None
    )
    found = spring().as_json()
    parts = ("created", "updated", "skipped", "not_sent", "needs_attention", "unexplained")
    assert found["joined"] == sum(found[name] for name in parts) + sum(found["waiting"].values())
    assert found["needs_attention_by_reason"] == {"archived": 1}
