"""Other values of the same attribute: each rule judges what happened while it was in force."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.intercom.webhooks import Topic
from integrations.logic.qualification import Verdict
from integrations.models import Sighting, Watch
from integrations.services.qualify import use_receipts
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.qualify_fixtures import (
    change,
    contact_of,
    delivered,
    item_of,
    known,
    look,
    rule,
    ruled,
    status,
    story,
    tell,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign(), rule("Pro"))


@pytest.fixture
def ana(intercom: Intercom, campaign: Campaign) -> Participant:
    """Without a plan, for some time."""
    lead = delivered(intercom, campaign)
    at = (int(timezone.now().timestamp()) - 1000) * 10
    Watch.objects.update(since=at, first_outside=at, seen=at)
    return lead


def changed_before(intercom: Intercom, lead: Participant, plan: str) -> None:
    """A hundred seconds ago, and nobody has looked at it yet."""
    change(intercom, contact_of(lead), plan, later=-100)


def in_line(intercom: Intercom, lead: Participant) -> None:
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(lead))))


@pytest.mark.parametrize("values", [["Team"], ["Pro", "Team"]])
def test_a_change_from_before_the_save_qualifies_nobody_though_used_after_it(
    intercom: Intercom, campaign: Campaign, ana: Participant, values: list[str]
) -> None:
    changed_before(intercom, ana, "Team")
    in_line(intercom, ana)
    ruled(campaign, rule(*values))
    use_receipts()
    look(intercom)
    use_receipts()
    assert (status(ana), Watch.objects.get().value) == ("pending", "Team")
    change(intercom, contact_of(ana), "Team", later=2, name="Touched")
    tell(intercom, contact_of(ana))
    assert status(ana) == "pending"


def test_nor_though_it_was_lost(intercom: Intercom, campaign: Campaign, ana: Participant) -> None:
    changed_before(intercom, ana, "Team")
    ruled(campaign, rule("Pro", "Team"))
    for _ in range(2):
        look(intercom)
    assert status(ana) == "pending"


@pytest.mark.parametrize("values", [["Team"], ["Pro", "Team"]])
@pytest.mark.parametrize("lost", [True, False])
def test_what_qualified_under_the_rule_before_still_does(
    intercom: Intercom, campaign: Campaign, ana: Participant, values: list[str], lost: bool
) -> None:
    changed_before(intercom, ana, "Pro")
    if not lost:
        in_line(intercom, ana)
    ruled(campaign, rule(*values))
    use_receipts()
    assert status(ana) == ("pending" if lost else "qualified")
    look(intercom)
    assert status(ana) == "qualified"
    assert (Watch.objects.get().revision, Sighting.objects.get(verdict=Verdict.QUALIFIES).revision) == (1, 1)


def test_it_does_after_two_saves_and_others_in_between(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    changed_before(intercom, ana, "Pro")
    ruled(campaign, rule("Team"))
    ruled(campaign, rule("Team"), duplicates="update")
    ruled(campaign, rule("Gold"))
    look(intercom)
    assert status(ana) == "qualified"


def test_under_the_new_rule_what_changes_after_the_first_look_counts(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    changed_before(intercom, ana, "Free")
    ruled(campaign, rule("Team"))
    change(intercom, contact_of(ana), "Team", later=30)
    tell(intercom, contact_of(ana))
    assert (status(ana), story(ana)[-1]) == ("pending", Verdict.NO_FIRST_LOOK)
    change(intercom, contact_of(ana), "Free", later=-100)
    look(intercom)
    use_receipts()
    assert status(ana) == "qualified"
    assert Watch.objects.get().revision == 2


def test_a_search_that_may_be_older_than_the_save_begins_nothing(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    Watch.objects.update(wanted_at=timezone.now() - timedelta(hours=1), since=None)
    ruled(campaign, rule("Team"))
    intercom.forget_calls()
    look(intercom)
    assert intercom.new_calls() == ["GET /contacts/{id}"]


def test_where_fewer_values_qualify_who_is_outside_goes_on(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    ruled(campaign, rule("Pro", "Team"))
    look(intercom)
    ruled(campaign, rule("Team"))
    change(intercom, contact_of(ana), "Team", later=5)
    tell(intercom, contact_of(ana))
    assert status(ana) == "qualified"


def test_where_fewer_values_qualify_who_was_inside_is_looked_at(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    ruled(campaign, rule("Pro", "Team"))
    changed_before(intercom, ana, "Team")
    look(intercom)
    changed_before(intercom, ana, "Pro")
    ruled(campaign, rule("Pro"))
    for _ in range(2):
        look(intercom)
    assert status(ana) == "pending"
