"""Somebody who signed up may be another contact now: who is gone is searched for by email, at a pace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.qualification import Verdict
from integrations.logic.types import Contact
from integrations.models import IntercomConnection, Sighting, Via, Watch, WatchState
from integrations.sandbox.faults import Fault
from integrations.sandbox.people import State as ContactState
from integrations.services.qualify import absent
from integrations.services.qualify.story import Happened
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.qualify_fixtures import (
    FIRST,
    NO_RULE,
    change,
    contact_of,
    delivered,
    look,
    ruled,
    status,
    story,
)

pytestmark = pytest.mark.django_db

SEARCH = "POST /contacts/search"
READ = "GET /contacts/{id}"


@pytest.fixture(autouse=True)
def without_lag(settings: object) -> None:
    settings.INTERCOM_SEARCH_LAG = 0  # type: ignore[attr-defined]


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


@pytest.fixture
def ana(intercom: Intercom, campaign: Campaign) -> Participant:
    lead = delivered(intercom, campaign)
    intercom.forget_calls()
    return lead


def goes(intercom: Intercom, lead: Participant, state: ContactState = ContactState.DELETED) -> None:
    intercom.sandbox.set_state(intercom.workspace, contact_of(lead), state)


def signs_up(intercom: Intercom, lead: Participant, plan: str, *, created: int = 5, email: str = "") -> str:
    """A user contact of its own, made so many seconds from now; no webhook tells of it."""
    at = int(timezone.now().timestamp()) + created
    return intercom.sandbox.add_contact(
        intercom.workspace,
        email=email or lead.email,
        role="user",
        created_at=at,
        updated_at=at,
        custom_attributes={"plan": plan},
    )


def rounds(intercom: Intercom, number: int) -> list[list[str]]:
    """The calls of each round, a while after one another."""
    calls = []
    for _ in range(number):
        Watch.objects.filter(checked_at__isnull=False).update(checked_at=F("checked_at") - timedelta(hours=1))
        intercom.forget_calls()
        look(intercom, at_once=False)
        calls.append(intercom.new_calls())
    return calls


@pytest.mark.parametrize("state", [ContactState.DELETED, ContactState.ARCHIVED])
def test_who_signed_up_as_a_new_contact_qualifies_though_every_webhook_was_lost(
    intercom: Intercom, ana: Participant, state: ContactState
) -> None:
    goes(intercom, ana, state)
    new = signs_up(intercom, ana, "Pro")
    assert rounds(intercom, 2) == [[SEARCH, READ], [SEARCH]]
    assert status(ana) == "qualified"
    assert story(ana) == [FIRST, Happened.NOT_FOUND, Verdict.QUALIFIES]
    assert Sighting.objects.get(verdict=Verdict.QUALIFIES).via == Via.LOOK
    assert Watch.objects.get().contact_id == new


def test_a_new_contact_that_comes_to_qualify_later_is_found_then(
    intercom: Intercom, ana: Participant
) -> None:
    goes(intercom, ana)
    new = signs_up(intercom, ana, "Free")
    rounds(intercom, 3)
    assert (status(ana), story(ana)) == ("pending", [FIRST, Happened.NOT_FOUND])
    change(intercom, new, "Enterprise", later=20)
    rounds(intercom, 1)
    assert status(ana) == "qualified"


def test_a_contact_that_was_there_before_the_lead_does_not_count_and_is_told_once(
    intercom: Intercom, ana: Participant
) -> None:
    goes(intercom, ana)
    signs_up(intercom, ana, "Pro", created=-5_000)
    rounds(intercom, 4)
    assert status(ana) == "pending"
    assert story(ana) == [FIRST, Happened.NOT_FOUND, Happened.OTHER_CONTACT]


def test_another_persons_contact_does_not_count(intercom: Intercom, ana: Participant) -> None:
    goes(intercom, ana)
    signs_up(intercom, ana, "Pro", email="anna@example.com")
    rounds(intercom, 3)
    assert status(ana) == "pending"


def test_capital_letters_make_no_other_person(intercom: Intercom, ana: Participant) -> None:
    goes(intercom, ana)
    signs_up(intercom, ana, "Pro", email="ANA@Example.com")
    rounds(intercom, 2)
    assert status(ana) == "qualified"


def test_a_contact_that_is_back_is_watched_again_by_its_id(intercom: Intercom, ana: Participant) -> None:
    goes(intercom, ana, ContactState.ARCHIVED)
    rounds(intercom, 2)
    intercom.sandbox.set_state(intercom.workspace, contact_of(ana), ContactState.LIVE)
    change(intercom, contact_of(ana), "Pro")
    Watch.objects.update(checked_at=None)
    rounds(intercom, 2)
    assert status(ana) == "qualified"


def test_one_that_was_restored_is_found_though_nothing_was_heard_of_it(
    intercom: Intercom, ana: Participant
) -> None:
    goes(intercom, ana, ContactState.ARCHIVED)
    rounds(intercom, 2)
    intercom.sandbox.set_state(intercom.workspace, contact_of(ana), ContactState.LIVE)
    change(intercom, contact_of(ana), "Pro")
    assert rounds(intercom, 2) == [[SEARCH], [READ]]
    assert (status(ana), Watch.objects.get().state) == ("qualified", WatchState.QUALIFIED)
    assert story(ana) == [FIRST, Happened.NOT_FOUND, Happened.RETURNED, Verdict.QUALIFIES]


def test_a_search_that_still_shows_who_went_brings_nobody_back(intercom: Intercom, ana: Participant) -> None:
    contact = intercom.contacts()[0]
    goes(intercom, ana, ContactState.ARCHIVED)
    look(intercom)
    stale = Contact(contact["id"], "lead", ana.email, created_at=1, updated_at=1)
    absent.take_found(
        intercom.connection.pk, [ana.email], found=[stale], as_of=timezone.now() - timedelta(minutes=5)
    )
    assert rounds(intercom, 1) == [[READ, SEARCH]]
    assert (story(ana), Watch.objects.get().state) == ([FIRST, Happened.NOT_FOUND], WatchState.GONE)


def test_a_round_never_searches_more_than_once_for_fifteen_unsettled(
    intercom: Intercom, campaign: Campaign
) -> None:
    leads = [make_lead(campaign, email=f"lead{number}@example.com") for number in range(20)]
    intercom.drain()
    for lead in leads[:17]:
        goes(intercom, lead)
        signs_up(intercom, lead, "Pro")
    calls = rounds(intercom, 3)
    # By id; by id and by email; and of the five that are left by id alone.
    assert [some.count(SEARCH) for some in calls] == [2, 2, 1]
    look(intercom, at_once=False)
    assert [status(lead) for lead in leads] == ["qualified"] * 17 + ["pending"] * 3


def test_one_that_watches_and_one_that_is_gone_take_turns(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    delivered(intercom, campaign, "bo@example.com")
    goes(intercom, ana)
    signs_up(intercom, ana, "Pro")
    rounds(intercom, 1)
    intercom.forget_calls()
    look(intercom, at_once=False)
    assert intercom.new_calls() == [SEARCH]
    assert status(ana) == "qualified"


def test_a_rate_limit_loses_nobody(intercom: Intercom, ana: Participant) -> None:
    goes(intercom, ana)
    signs_up(intercom, ana, "Pro")
    rounds(intercom, 1)
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, status=429, path="/contacts/search"))
    rounds(intercom, 1)
    assert Watch.objects.get().state == WatchState.GONE
    intercom.sandbox.clear_faults(intercom.workspace)
    IntercomConnection.objects.update(paused_until=None)
    look(intercom, at_once=False)
    assert status(ana) == "qualified"


@pytest.mark.parametrize("fault", [500, 502])
def test_a_failure_is_no_answer(intercom: Intercom, ana: Participant, fault: int) -> None:
    goes(intercom, ana)
    signs_up(intercom, ana, "Pro")
    rounds(intercom, 1)
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, status=fault, path="/contacts/search"))
    rounds(intercom, 1)
    assert (status(ana), Watch.objects.get().state) == ("pending", WatchState.GONE)
    intercom.sandbox.clear_faults(intercom.workspace)
    rounds(intercom, 1)
    assert status(ana) == "qualified"


def is_refused(intercom: Intercom, times: int) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, status=400, path="/contacts/search", times=times)
    )


def test_one_email_that_intercom_refuses_does_not_stand_in_the_way(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    bo = delivered(intercom, campaign, "bo@example.com")
    for lead in (ana, bo):
        goes(intercom, lead)
        signs_up(intercom, lead, "Pro")
    rounds(intercom, 1)
    is_refused(intercom, times=2)
    # Both at once; then each alone, in rounds of their own: one search for fifteen is all that a round has.
    assert rounds(intercom, 3) == [[SEARCH]] * 3
    assert (status(ana), status(bo)) == ("pending", "qualified")


def alone() -> list[int]:
    return list(Watch.objects.filter(searched_alone=True).values_list("participant", flat=True))


def test_it_is_searched_for_alone_until_it_is_answered(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    others = [delivered(intercom, campaign, f"lead{number}@example.com") for number in range(3)]
    for lead in (ana, *others):
        goes(intercom, lead)
    rounds(intercom, 1)
    is_refused(intercom, times=2)
    rounds(intercom, 5)
    assert set(alone()) == {ana.pk}
    assert rounds(intercom, 1) == [[SEARCH]]
    assert not alone()


def test_who_is_settled_or_under_no_rule_is_not_searched_for(
    intercom: Intercom, campaign: Campaign, ana: Participant
) -> None:
    goes(intercom, ana)
    rounds(intercom, 1)
    Participant.objects.update(status="rejected")
    assert rounds(intercom, 1) == [[]]
    Participant.objects.update(status="pending")
    ruled(campaign, NO_RULE)
    assert rounds(intercom, 1) == [[]]
