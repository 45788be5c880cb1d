"""A wrong rule has a way back, a rule can be tried before it is saved, and every line has its words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Campaign, Participant, ParticipantStatus
from campaigns.services import qualify_lead, readmit_lead, reject_lead, unqualify_lead
from campaigns.signals import lead_qualified
from integrations.logic.qualification import Verdict
from integrations.logic.states import State
from integrations.logic.types import TabSettings
from integrations.models import (
    Delivery,
    SettingsRevision,
    Sighting,
    SyncSettings,
    Via,
    Watch,
    WatchState,
)
from integrations.services.qualify.rehearse import Rehearsal, rehearse
from integrations.services.qualify.story import Happened
from integrations.services.qualify.undo import qualified_under, set_back, set_back_all
from integrations.services.qualify.words import line_in_words
from integrations.services.queue import LOOK
from integrations.services.tabs import load_attributes
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import Intercom, queued
from tests.integrations.panel import make_workspace
from tests.integrations.qualify_fixtures import (
    FIRST,
    NO_RULE,
    PLAN,
    change,
    contact_of,
    delivered,
    look,
    rule,
    ruled,
    status,
    story,
    tell,
)

pytestmark = pytest.mark.django_db

PENDING, REJECTED = ParticipantStatus.PENDING, ParticipantStatus.REJECTED


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


@pytest.fixture
def ana(intercom: Intercom, campaign: Campaign) -> Participant:
    lead = delivered(intercom, campaign)
    change(intercom, contact_of(lead), "Pro")
    look(intercom)
    return Participant.objects.get(pk=lead.pk)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ines")


def test_set_back_to_pending_and_who_did_it_is_told(ana: Participant, user: User) -> None:
    assert set_back(ana, to=PENDING, user=user)
    fresh = Participant.objects.get(pk=ana.pk)
    assert (fresh.status, fresh.qualified_at) == ("pending", None)
    line = Sighting.objects.latest("pk")
    assert (line.verdict, line.via, line.made_by) == (Happened.SET_BACK, Via.PERSON, "ines")


def test_set_back_does_not_qualify_at_once_again(intercom: Intercom, ana: Participant, user: User) -> None:
    set_back(ana, to=PENDING, user=user)
    change(intercom, contact_of(ana), "Enterprise", later=5)
    look(intercom)
    assert status(ana) == "pending"
    for later, plan in ((6, "Free"), (7, "Pro")):
        change(intercom, contact_of(ana), plan, later=later)
        look(intercom)
    assert status(ana) == "qualified"


def test_nor_does_one_whom_our_own_code_had_qualified(
    intercom: Intercom, campaign: Campaign, user: User
) -> None:
    bo = delivered(intercom, campaign, "bo@example.com")
    qualify_lead(bo)
    change(intercom, contact_of(bo), "Pro", later=-1)
    assert set_back(Participant.objects.get(pk=bo.pk), to=PENDING, user=user)
    look(intercom)
    assert status(bo) == "pending"
    for later, plan in ((6, "Free"), (7, "Pro")):
        change(intercom, contact_of(bo), plan, later=later)
        look(intercom)
    assert status(bo) == "qualified"


def test_set_back_under_a_better_rule_goes_by_that_rule(
    intercom: Intercom, campaign: Campaign, ana: Participant, user: User
) -> None:
    ruled(campaign, rule("Enterprise"))
    set_back(ana, to=PENDING, user=user)
    look(intercom)
    change(intercom, contact_of(ana), "Enterprise", later=5)
    look(intercom)
    assert status(ana) == "qualified"
    assert Watch.objects.get().revision == 2


@pytest.mark.parametrize("to", [PENDING, REJECTED])
def test_a_second_click_does_nothing(ana: Participant, user: User, to: ParticipantStatus) -> None:
    assert set_back(ana, to=to, user=user)
    lines = Sighting.objects.count()
    assert not set_back(ana, to=to, user=user)
    assert Sighting.objects.count() == lines


def test_nothing_in_intercom_takes_a_rejection_back(intercom: Intercom, ana: Participant, user: User) -> None:
    set_back(ana, to=REJECTED, user=user)
    for later, plan in ((6, "Free"), (7, "Pro")):
        change(intercom, contact_of(ana), plan, later=later)
        look(intercom)
    assert status(ana) == "rejected"
    assert Watch.objects.get().state == WatchState.ENDED


def test_a_rejection_that_was_taken_back_is_as_if_it_had_not_been(
    intercom: Intercom, campaign: Campaign, user: User
) -> None:
    bo = delivered(intercom, campaign, "bo@example.com")
    assert set_back(bo, to=REJECTED, user=user)
    change(intercom, contact_of(bo), "Pro", later=3)
    look(intercom)
    assert status(bo) == "rejected"
    assert set_back(bo, to=PENDING, user=user)
    assert status(bo) == "pending"
    look(intercom)
    assert status(bo) == "qualified"
    assert story(bo) == [FIRST, Happened.REJECTED, Happened.SET_BACK, Verdict.QUALIFIES]


def test_who_was_qualified_and_rejected_needs_a_new_step(
    intercom: Intercom, ana: Participant, user: User
) -> None:
    assert set_back(ana, to=REJECTED, user=user)
    assert set_back(ana, to=PENDING, user=user)
    look(intercom)
    assert status(ana) == "pending"


def test_a_rejection_meant_for_the_lead_as_it_was_is_not_taken_back_by_another(
    ana: Participant, user: User
) -> None:
    seen_before = Participant.objects.get(pk=ana.pk)
    assert set_back(ana, to=REJECTED, user=user)
    assert not set_back(seen_before, to=PENDING, user=user)
    assert status(ana) == "rejected"


def test_all_that_qualified_under_one_revision_and_no_others(
    intercom: Intercom, campaign: Campaign, ana: Participant, user: User
) -> None:
    ruled(campaign, rule("Free"))
    bo = delivered(intercom, campaign, "bo@example.com")
    change(intercom, contact_of(bo), "Free")
    look(intercom)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    assert [qualified_under(tab, revision=number).count() for number in (1, 2)] == [1, 1]

    assert set_back_all(tab, revision=1, to=REJECTED, user=user) == 1
    assert set_back_all(tab, revision=1, to=REJECTED, user=user) == 0

    assert (status(ana), status(bo)) == ("rejected", "qualified")


def test_who_qualified_without_a_watch_has_a_way_back_too(ana: Participant, user: User) -> None:
    Watch.objects.all().delete()
    assert set_back(ana, to=PENDING, user=user)
    assert status(ana) == "pending"


def test_after_the_rule_is_gone_nobody_is_watched(campaign: Campaign, ana: Participant, user: User) -> None:
    ruled(campaign, NO_RULE)
    set_back(ana, to=PENDING, user=user)
    assert Watch.objects.get().state == WatchState.ENDED


def test_taking_back_sends_no_signal_and_never_touches_a_referrer(ana: Participant) -> None:
    heard: list[object] = []

    def listen(**kwargs: object) -> None:
        heard.append(kwargs)

    lead_qualified.connect(listen)
    rosa = make_referrer(ana.campaign)
    assert not unqualify_lead(rosa)
    assert not reject_lead(rosa)
    assert not readmit_lead(rosa)
    assert not readmit_lead(ana)
    assert unqualify_lead(ana)
    assert reject_lead(ana)
    assert not unqualify_lead(ana)
    assert readmit_lead(ana)
    assert not readmit_lead(ana)
    lead_qualified.disconnect(listen)
    assert heard == []


# What nobody watched --------------------------------------------------------------------------------------


def qualified_long_ago(intercom: Intercom, campaign: Campaign) -> Participant:
    """By a rule that was wrong; and what they have come to be since then."""
    ruled(campaign, rule("Free"))
    cy = delivered(intercom, campaign, "cy@example.com")
    at = (int(timezone.now().timestamp()) - 1000) * 10
    Watch.objects.update(since=at, first_outside=at, seen=at)
    change(intercom, contact_of(cy), "Free", later=-800)
    look(intercom)
    assert status(cy) == "qualified"
    change(intercom, contact_of(cy), "Pro", later=-600)
    tell(intercom, contact_of(cy))
    return Participant.objects.get(pk=cy.pk)


def test_what_changed_while_a_lead_was_qualified_does_not_qualify_it_under_the_right_rule(
    intercom: Intercom, campaign: Campaign, user: User
) -> None:
    cy = qualified_long_ago(intercom, campaign)
    ruled(campaign, rule("Pro"))
    assert set_back(cy, to=PENDING, user=user)
    look(intercom)
    assert status(cy) == "pending"
    for later, plan in ((5, "Free"), (6, "Pro")):
        change(intercom, contact_of(cy), plan, later=later)
        look(intercom)
    assert status(cy) == "qualified"


def test_nor_where_all_are_set_back_or_one_is_rejected_first(
    intercom: Intercom, campaign: Campaign, user: User
) -> None:
    cy = qualified_long_ago(intercom, campaign)
    ruled(campaign, rule("Pro"))
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    assert set_back_all(tab, revision=2, to=REJECTED, user=user) == 1
    assert set_back(Participant.objects.get(pk=cy.pk), to=PENDING, user=user)
    look(intercom)
    assert status(cy) == "pending"


@pytest.mark.parametrize("between", [[rule("Free")], [NO_RULE, rule("Pro")]])
def test_a_rejection_taken_back_under_another_rule_begins_with_a_look(
    intercom: Intercom, campaign: Campaign, user: User, between: list[dict[str, Any]]
) -> None:
    first, last = (rule("Pro"), rule("Free")) if len(between) == 1 else (rule("Pro"), rule("Pro"))
    ruled(campaign, first)
    bo = delivered(intercom, campaign, "bo@example.com")
    at = (int(timezone.now().timestamp()) - 1000) * 10
    Watch.objects.update(since=at, first_outside=at, seen=at)
    assert set_back(bo, to=REJECTED, user=user)
    change(intercom, contact_of(bo), last["qualifying_values"][0], later=-600)
    for saved in between:
        ruled(campaign, saved)
    assert set_back(bo, to=PENDING, user=user)
    look(intercom)
    assert status(bo) == "pending"


@pytest.mark.parametrize("was", [REJECTED, ParticipantStatus.QUALIFIED])
def test_who_was_not_pending_when_the_rule_came_is_watched_from_then_on(
    intercom: Intercom, campaign: Campaign, user: User, was: ParticipantStatus
) -> None:
    ruled(campaign, NO_RULE)
    bo = delivered(intercom, campaign, "bo@example.com")
    Participant.objects.filter(pk=bo.pk).update(
        status=was, qualified_at=timezone.now() if was == ParticipantStatus.QUALIFIED else None
    )
    ruled(campaign)
    look(intercom)
    days_ago = timezone.now() - timedelta(days=5)
    Delivery.objects.update(settled_at=days_ago)
    SettingsRevision.objects.update(made_at=days_ago)
    look(intercom)
    assert set_back(Participant.objects.get(pk=bo.pk), to=PENDING, user=user)
    look(intercom)
    change(intercom, contact_of(bo), "Pro", later=5)
    look(intercom)
    assert status(bo) == "qualified"


def test_a_lead_set_back_is_looked_at_at_once(
    ana: Participant, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        set_back(ana, to=PENDING, user=user)
    assert queued(LOOK) == 1


# Rehearse ------------------------------------------------------------------------------------------------


def tried(intercom: Intercom, value: object, lead: Participant | None = None, **draft: object) -> Rehearsal:
    values = {"qualifies": True, "rule_attribute": PLAN, "qualifying_values": ("Pro",)} | draft
    settings = TabSettings(**values)  # type: ignore[arg-type]
    attributes = load_attributes(intercom.connection.pk)
    return rehearse(settings, attributes=attributes, value=value, participant=lead)  # type: ignore[arg-type]


def test_a_rule_is_tried_without_anybody(intercom: Intercom) -> None:
    assert tried(intercom, "Pro").qualifies
    no = tried(intercom, "Free")
    assert (no.qualifies, no.verdict) == (False, Verdict.NOT_A_QUALIFYING_VALUE)


def test_a_near_miss_names_what_was_meant(intercom: Intercom) -> None:
    found = tried(
        intercom, "friend", rule_attribute="custom_attributes.lead_source", qualifying_values=("Friend",)
    )
    assert not found.qualifies
    assert "“friend” is almost “Friend”" in found.sentence


def test_no_rule_is_told(intercom: Intercom) -> None:
    assert "no complete rule" in tried(intercom, "Pro", qualifying_values=()).sentence


def test_a_lead_is_tried_from_the_value_known(intercom: Intercom, campaign: Campaign) -> None:
    bo = delivered(intercom, campaign, "bo@example.com")
    change(intercom, contact_of(bo), "Free")
    look(intercom)
    assert tried(intercom, "Pro", bo).sentence == (
        "Yes: the value was “Free” and becomes “Pro”, so the lead qualifies."
    )
    held = tried(intercom, "Pro", bo, qualifying_values=("Free", "Pro"), revision=9)
    assert (held.qualifies, held.verdict) == (False, Verdict.HELD_IT_BEFORE)
    assert status(bo) == "pending"
    assert story(bo) == [FIRST, Verdict.NOT_A_QUALIFYING_VALUE]


def test_another_attribute_has_to_be_looked_at_first(intercom: Intercom, campaign: Campaign) -> None:
    bo = delivered(intercom, campaign, "bo@example.com")
    other = tried(intercom, "Pro", bo, rule_attribute="custom_attributes.lead_source")
    assert other.verdict is Verdict.NO_FIRST_LOOK


@pytest.mark.parametrize(
    ("change_it", "words"),
    [
        (lambda lead: Participant.objects.update(status="qualified", qualified_at=timezone.now()), "already"),
        (lambda lead: Participant.objects.update(status="rejected"), "rejected"),
        (lambda lead: Delivery.objects.update(state=State.SKIPPED), "was in Intercom already"),
        (lambda lead: Delivery.objects.update(state=State.NEEDS_ATTENTION), "not sent"),
        (lambda lead: Watch.objects.update(state=WatchState.GONE), "not in Intercom any more"),
        (
            lambda lead: SyncSettings.objects.update(connection=make_workspace("work0002")),
            "another workspace",
        ),
    ],
)
def test_who_cannot_qualify_is_told_why(
    intercom: Intercom, campaign: Campaign, change_it: object, words: str
) -> None:
    bo = delivered(intercom, campaign, "bo@example.com")
    change_it(bo)  # type: ignore[operator]
    found = tried(intercom, "Pro", Participant.objects.get(pk=bo.pk))
    assert not found.qualifies
    assert words in found.sentence


def test_every_line_has_words() -> None:
    lead = make_lead()
    for verdict in (*Verdict, *Happened):
        for via in Via:
            line = Sighting(participant=lead, verdict=verdict.value, via=via, value="Pro", made_by="ines")
            assert line_in_words(line)
            assert "%" not in line_in_words(line)
    assert "empty" in line_in_words(Sighting(verdict=Verdict.NOT_A_QUALIFYING_VALUE.value, via=Via.LOOK))
