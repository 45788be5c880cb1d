"""Webhooks get lost: we look ourselves, at a pace, and lose nobody by a failure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Campaign, Participant
from integrations.intercom.webhooks import Topic
from integrations.logic.qualification import Verdict
from integrations.models import (
    ConnectionStatus,
    ContactLink,
    IntercomConnection,
    Sighting,
    SyncSettings,
    Via,
    Watch,
    WatchState,
)
from integrations.sandbox.faults import Fault
from integrations.sandbox.people import State as ContactState
from integrations.services.qualify import asking, reconcile, use_receipts
from integrations.services.qualify.story import Happened
from integrations.services.qualify.watches import make_up
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import Intercom, owed, queued, set_panel
from tests.integrations.qualify_fixtures import (
    FIRST,
    NO_RULE,
    RULE,
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
    told,
)

pytestmark = pytest.mark.django_db

SEARCH = "POST /contacts/search"
READ = "GET /contacts/{id}"


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


@pytest.fixture
def ana(intercom: Intercom, campaign: Campaign) -> Participant:
    return delivered(intercom, campaign)


@pytest.fixture
def without_lag(settings: object) -> None:
    settings.INTERCOM_SEARCH_LAG = 0  # type: ignore[attr-defined]


def many(intercom: Intercom, campaign: Campaign, number: int) -> list[Participant]:
    leads = [make_lead(campaign, email=f"lead{one}@example.com") for one in range(number)]
    intercom.drain()
    intercom.forget_calls()
    return leads


def test_a_lost_webhook_is_made_up_for_and_the_story_says_so(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Pro")
    look(intercom)
    assert status(ana) == "qualified"
    assert Sighting.objects.get(verdict=Verdict.QUALIFIES).via == Via.LOOK


def test_an_unchanged_contact_adds_no_line(intercom: Intercom, ana: Participant) -> None:
    look(intercom)
    look(intercom)
    assert story(ana) == [FIRST]


def test_a_round_asks_for_fifteen_at_a_time(intercom: Intercom, campaign: Campaign) -> None:
    many(intercom, campaign, 31)
    look(intercom)
    assert intercom.new_calls() == [SEARCH] * 3


def test_who_was_just_looked_at_is_left_alone(intercom: Intercom, campaign: Campaign) -> None:
    many(intercom, campaign, 2)
    look(intercom, at_once=False)
    look(intercom)
    look(intercom, at_once=False)
    assert intercom.new_calls() == [SEARCH]


def test_the_oldest_come_first(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = many(intercom, campaign, 20)
    now = timezone.now()
    for age, lead in enumerate(leads):
        Watch.objects.filter(participant=lead).update(checked_at=now - timedelta(hours=1, minutes=age))
    monkeypatch.setattr(reconcile, "MOST_SEARCHES", 1)
    look(intercom, at_once=False)
    left = Watch.objects.filter(checked_at__lt=now).values_list("participant", flat=True)
    assert set(left) == {lead.pk for lead in leads[:5]}


@pytest.mark.parametrize(
    "state",
    [
        {"status": ConnectionStatus.RECONNECT_NEEDED},
        {"paused_at": timezone.now()},
        {"paused_until": timezone.now() + timedelta(days=1)},
    ],
)
def test_a_workspace_that_rests_is_not_asked(
    intercom: Intercom, ana: Participant, state: dict[str, object]
) -> None:
    intercom.forget_calls()
    IntercomConnection.objects.update(**state)
    assert look(intercom) == "not now"
    assert intercom.new_calls() == []


def test_a_look_leaves_the_drain_its_share(intercom: Intercom, campaign: Campaign) -> None:
    many(intercom, campaign, 40)
    intercom.sandbox.set_limit(intercom.workspace, 3)
    assert "stopped early" in look(intercom)
    assert len(intercom.new_calls()) < 3
    assert Watch.objects.filter(checked_at=None).count() >= 10


def test_a_rate_limit_pauses_the_workspace_and_loses_nobody(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Pro")
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, status=429, path="/contacts/search"))
    look(intercom)
    assert IntercomConnection.objects.get().paused_until is not None
    IntercomConnection.objects.update(paused_until=None)
    intercom.sandbox.clear_faults(intercom.workspace)
    look(intercom, at_once=False)
    assert status(ana) == "qualified"


def test_a_dead_token_asks_for_a_new_one(intercom: Intercom, ana: Participant) -> None:
    from tests.integrations.sandbox_fixtures import TOKEN

    intercom.sandbox.revoke(TOKEN)
    look(intercom)
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED
    assert Watch.objects.get().checked_at is None


def test_one_that_always_fails_does_not_stand_in_the_way(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(intercom, campaign, 20)
    monkeypatch.setattr(asking, "MOST_FAILURES", 1)
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, status=500, path="/contacts/search", times=1)
    )
    look(intercom)
    look(intercom, at_once=False)
    assert not Watch.objects.filter(checked_at=None).exists()


# Contacts that are not there -----------------------------------------------------------------------------


def test_an_archived_contact_of_which_nothing_was_heard(intercom: Intercom, ana: Participant) -> None:
    intercom.sandbox.set_state(intercom.workspace, contact_of(ana), ContactState.ARCHIVED)
    look(intercom)
    assert Watch.objects.get().state == WatchState.GONE
    assert story(ana) == [FIRST, Happened.NOT_FOUND]


def test_an_archived_contact_is_looked_at_once_more_and_then_searched_for_by_email(
    intercom: Intercom, ana: Participant
) -> None:
    intercom.sandbox.set_state(intercom.workspace, contact_of(ana), ContactState.ARCHIVED)
    item = {"id": contact_of(ana), "type": "contact", "archived": True}
    told(intercom.connection, Topic.ARCHIVED, item)
    use_receipts()
    intercom.forget_calls()
    look(intercom, at_once=False)
    look(intercom, at_once=False)
    assert intercom.new_calls() == [READ, SEARCH]
    assert Watch.objects.get().state == WatchState.GONE


def test_an_archiving_that_is_told_after_the_return_is_found_out(
    intercom: Intercom, ana: Participant
) -> None:
    item = {"id": contact_of(ana), "type": "contact", "archived": True}
    told(intercom.connection, Topic.ARCHIVED, item)
    use_receipts()
    look(intercom, at_once=False)
    assert Watch.objects.get().state == WatchState.WATCHING
    assert story(ana) == [FIRST, Happened.ARCHIVED, Happened.RETURNED]


def merged(intercom: Intercom, ana: Participant, plan: str, *, created: int) -> str:
    now = int(timezone.now().timestamp())
    survivor = intercom.sandbox.add_contact(
        intercom.workspace,
        email="ana@work.example",
        role="user",
        created_at=now + created,
        updated_at=now + 10,
        custom_attributes={"plan": plan},
    )
    state = ContactState.MERGED
    intercom.sandbox.set_state(intercom.workspace, contact_of(ana), state, merged_into=survivor)
    look(intercom)
    return survivor


def test_a_merge_of_which_nothing_was_heard_is_followed(intercom: Intercom, ana: Participant) -> None:
    survivor = merged(intercom, ana, "Pro", created=-500)
    assert Watch.objects.get().contact_id == survivor
    assert owed(ana).contact_id == survivor
    assert ContactLink.objects.get().contact_id == survivor
    assert status(ana) == "pending"
    change(intercom, survivor, "Enterprise", later=20)
    look(intercom)
    assert status(ana) == "pending"


def test_after_such_a_merge_the_survivors_step_counts(intercom: Intercom, ana: Participant) -> None:
    survivor = merged(intercom, ana, "Free", created=-500)
    change(intercom, survivor, "Pro", later=20)
    look(intercom)
    assert status(ana) == "qualified"


# A rule that is saved when leads are there already ---------------------------------------------------------


def test_a_new_rule_begins_with_a_look_at_once(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    ana = delivered(intercom, campaign)
    change(intercom, contact_of(ana), "Free", later=0)
    ruled(campaign)
    intercom.forget_calls()
    look(intercom, at_once=False)
    watch = Watch.objects.get()
    assert (watch.value, watch.state, intercom.new_calls()) == ("Free", WatchState.WATCHING, [READ])
    assert story(ana) == [FIRST]


def test_connecting_a_rule_alone_qualifies_nobody(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    ana = delivered(intercom, campaign)
    change(intercom, contact_of(ana), "Pro", later=0)
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))
    ruled(campaign)
    look(intercom, at_once=False)
    use_receipts()
    change(intercom, contact_of(ana), "Enterprise", later=3)
    look(intercom)
    assert status(ana) == "pending"


def test_what_was_told_before_the_first_look_counts_if_it_was_later(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    ana = delivered(intercom, campaign)
    ruled(campaign)
    make_up(intercom.connection.pk, now=timezone.now())
    pro = item_of(known(intercom, contact_of(ana))) | {"custom_attributes": {"plan": "Pro"}}
    later = int(timezone.now().timestamp()) + 30
    told(intercom.connection, Topic.LEAD_UPDATED, pro | {"updated_at": later})
    use_receipts()
    assert (status(ana), story(ana)) == ("pending", [Verdict.NO_FIRST_LOOK])
    look(intercom, at_once=False)
    use_receipts()
    assert status(ana) == "qualified"


def test_what_a_search_shows_is_no_first_look_while_it_may_be_older_than_the_rule(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    many(intercom, campaign, 3)
    ruled(campaign)
    make_up(intercom.connection.pk, now=timezone.now())
    intercom.forget_calls()
    look(intercom, at_once=False)
    assert intercom.new_calls() == [READ] * 3


def test_many_first_looks_wait_out_the_lag_and_go_fifteen_at_a_time(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    many(intercom, campaign, 20)
    ruled(campaign)
    monkeypatch.setattr(reconcile, "MOST_READS", 4)
    look(intercom, at_once=False)
    Watch.objects.update(wanted_at=timezone.now() - timedelta(hours=1))
    intercom.forget_calls()
    look(intercom, at_once=False)
    assert intercom.new_calls() == [SEARCH] * 2
    assert not Watch.objects.filter(since=None).exists()


def test_a_skipped_lead_gets_no_watch_from_a_new_rule(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    delivered(intercom, campaign)
    ruled(campaign)
    look(intercom)
    assert not Watch.objects.exists()


def test_changed_values_go_on_from_the_value_known_today(intercom: Intercom, campaign: Campaign) -> None:
    ana = delivered(intercom, campaign)
    change(intercom, contact_of(ana), "Free")
    look(intercom)
    ruled(campaign, rule("Free"))
    look(intercom)
    assert status(ana) == "pending"
    assert Watch.objects.get().revision == 2
    for later, plan in ((5, "Pro"), (6, "Free")):
        change(intercom, contact_of(ana), plan, later=later)
        look(intercom)
    assert status(ana) == "qualified"


def test_another_attribute_begins_with_a_look(intercom: Intercom, campaign: Campaign) -> None:
    ana = delivered(intercom, campaign)
    change(intercom, contact_of(ana), "Pro")
    ruled(campaign, rule("Pro", attribute="custom_attributes.lead_source"))
    watch = Watch.objects.get()
    assert (watch.since, watch.value, watch.checked_at) == (None, "", None)
    look(intercom, at_once=False)
    assert Watch.objects.get().since is not None
    assert status(ana) == "pending"


def test_a_rule_that_is_taken_away_ends_it_and_another_begins_anew(
    intercom: Intercom, campaign: Campaign
) -> None:
    ana = delivered(intercom, campaign)
    ruled(campaign, NO_RULE)
    assert Watch.objects.get().state == WatchState.ENDED
    change(intercom, contact_of(ana), "Pro")
    look(intercom)
    ruled(campaign, RULE)
    look(intercom)
    assert (status(ana), Watch.objects.get().state) == ("pending", WatchState.WATCHING)


def test_saving_something_else_keeps_what_is_known(intercom: Intercom, campaign: Campaign) -> None:
    ana = delivered(intercom, campaign)
    before = Watch.objects.get()
    ruled(campaign, marks=False, duplicates="update")
    after = Watch.objects.get()
    assert (after.since, after.seen, after.revision) == (before.since, before.seen, 2)
    change(intercom, contact_of(ana), "Pro")
    look(intercom)
    assert Watch.objects.get().revision == 2


def test_who_was_delivered_while_a_rule_was_saved_is_found(intercom: Intercom, campaign: Campaign) -> None:
    delivered(intercom, campaign)
    Watch.objects.all().delete()
    look(intercom)
    assert Watch.objects.get().state == WatchState.WATCHING


def test_a_save_asks_for_a_look_and_the_sweep_for_one_a_minute(
    intercom: Intercom, campaign: Campaign, django_capture_on_commit_callbacks: object
) -> None:
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        ruled(campaign, rule("Free"))
    assert "integrations.tasks.look" in [one.func() for one in OrmQ.objects.all()]
    OrmQ.objects.all().delete()
    sweep()
    assert "integrations.tasks.look" in [one.func() for one in OrmQ.objects.all()]


def test_no_rule_no_look(intercom: Intercom, campaign: Campaign) -> None:
    ruled(campaign, NO_RULE)
    OrmQ.objects.all().delete()
    sweep()
    assert queued("integrations.tasks.look") == 0


def test_a_lead_whose_tab_points_elsewhere_is_not_looked_at(intercom: Intercom, ana: Participant) -> None:
    SyncSettings.objects.update(connection=None)
    change(intercom, contact_of(ana), "Pro")
    intercom.forget_calls()
    look(intercom)
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))
    use_receipts()
    assert intercom.new_calls() == []
    assert status(ana) == "pending"
