"""The snapshot of the counts: as if counted at once, taken now and then, and its age is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Audience, Campaign, Participant
from integrations import tasks
from integrations.logic.states import Reason, State
from integrations.models import Delivery, Snapshot, SnapshotState
from integrations.services.everything import everything
from integrations.services.explain import explain
from integrations.services.health import snapshot, source
from integrations.services.health.periods import Span
from integrations.services.health.snapshot import GIVEN_UP_AFTER, SHAPE, interval, queue_if_due, take
from integrations.services.health.source import count_all, count_campaign
from integrations.services.outcomes import Group
from integrations.services.queue import SNAPSHOT
from integrations.services.settings import import_document
from integrations.services.status import tallies
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import EVERYWHERE, page, stand
from tests.integrations.flow_fixtures import queued
from tests.integrations.panel import EMAIL, make_workspace

if TYPE_CHECKING:
    from integrations.models import IntercomConnection

pytestmark = pytest.mark.django_db

TAB = {"action": "create_lead", "field_map": [EMAIL]}


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    campaign = make_campaign(slug="spring")
    import_document(campaign, {"leads": TAB, "referrers": TAB})
    return campaign


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three people are too many to be counted at once."""
    monkeypatch.setattr(source, "LIVE_BELOW", 3)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


def everybody(campaign: Campaign) -> None:
    """A lead and a referrer in every state, one left incomplete, and one without a record."""
    for state, reason in EVERYWHERE:
        stand(make_lead(campaign), state, reason)
        stand(make_referrer(campaign), state, reason)
    stand(make_lead(campaign), State.UPDATED, Reason.EXISTS, incomplete=True)
    Delivery.objects.filter(participant=make_lead(campaign)).delete()


def age(ago: timedelta, *, took_ms: int = 5) -> datetime:
    """As if the last snapshot had been taken so long ago."""
    then = timezone.now() - ago
    SnapshotState.objects.update(taken_at=then, took_ms=took_ms)
    Snapshot.objects.update(taken_at=then, took_ms=took_ms)
    return then


def states_of(campaign: Campaign) -> list[tuple[str, str | None, str, int]]:
    people = count_campaign(campaign).people
    return sorted((one.audience, one.state or "", one.reason, one.number) for one in people)


# What is counted ----------------------------------------------------------------------------------------


def test_a_snapshot_says_what_counting_at_once_says(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody(campaign)
    everybody(make_campaign())
    live, whole = count_campaign(campaign), everything()
    take()
    monkeypatch.setattr(source, "LIVE_BELOW", 3)
    kept, again = count_campaign(campaign), everything()
    assert kept.age.taken_at is not None
    assert live.age.taken_at is None
    assert sorted(map(repr, kept.people)) == sorted(map(repr, live.people))
    assert kept.leads_in_days() == live.leads_in_days()
    assert again.parts == whole.parts
    for span in Span:
        assert again.counted.leads_in(span) == whole.counted.leads_in(span)


def test_the_exact_status_agrees(campaign: Campaign, large: None) -> None:
    everybody(campaign)
    take()
    assert everything().whole(campaign).tally == tallies()[campaign.slug]


def test_somebody_slipped_in_shows_live_and_in_the_snapshot(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make_lead(campaign)
    slipped = Participant(campaign=campaign, audience=Audience.LEAD, email="sql@example.com")
    slipped.set_email(slipped.email)
    Participant.objects.bulk_create([slipped])
    assert everything().total(Audience.LEAD).unexplained == 1
    monkeypatch.setattr(source, "LIVE_BELOW", 3)
    take()
    assert everything().total(Audience.LEAD).unexplained == 1
    assert SnapshotState.objects.get().unexplained == [slipped.pk]


def test_only_the_first_of_the_unexplained_are_named(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "NAMED", 2)
    leads = [make_lead(campaign) for _ in range(3)]
    Delivery.objects.all().delete()
    take()
    assert SnapshotState.objects.get().unexplained == [lead.pk for lead in leads[:2]]


def test_once_they_are_explained_nobody_is_named(campaign: Campaign) -> None:
    lead = make_lead(campaign)
    Delivery.objects.filter(participant=lead).delete()
    take()
    lead.delete()
    age(timedelta(hours=1))
    take()
    assert SnapshotState.objects.get().unexplained == []


def test_a_campaign_that_has_emptied_is_counted_empty(campaign: Campaign) -> None:
    lead = make_lead(campaign)
    take()
    lead.delete()
    age(timedelta(hours=1))
    take()
    assert Snapshot.objects.get(campaign=campaign).people == []


def test_yesterdays_today_is_nobody_now(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    assert everything().part(campaign, Audience.LEAD).today.joined == 3
    age(timedelta(days=1))
    part = everything().part(campaign, Audience.LEAD)
    assert (part.today.joined, part.tally.joined) == (0, 3)


def test_the_days_of_an_old_snapshot_move_on(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    kept = Snapshot.objects.get(campaign=campaign)
    (today, groups) = kept.days["lead"].popitem()
    kept.days["lead"] = {
        (datetime.fromisoformat(today) - timedelta(days=days)).date().isoformat(): groups for days in (1, 30)
    }
    kept.save(update_fields=["days"])
    days = count_campaign(campaign).leads_in_days()
    assert [day.groups.total() for day in days[-2:]] == [3, 0]
    assert sum(day.groups.total() for day in days) == 3


def test_hours_are_whole_and_the_current_one_is_last(campaign: Campaign) -> None:
    now = timezone.now()
    for hours in (0, 23, 25):
        lead = make_lead(campaign)
        Participant.objects.filter(pk=lead.pk).update(joined_at=now - timedelta(hours=hours))
    found = count_all().leads_in(Span.HOURS)
    assert len(found) == 24
    assert [hour.groups.total() for hour in found] == [1, *([0] * 22), 1]
    assert found[-1].groups[Group.WAITING] == 1


# When it is taken ----------------------------------------------------------------------------------------


def test_the_sweep_has_it_taken_when_there_is_none(campaign: Campaign) -> None:
    tasks.sweep()
    assert queued(SNAPSHOT) == 1
    tasks.take_snapshot()
    OrmQ.objects.all().delete()
    tasks.sweep()
    assert queued(SNAPSHOT) == 0


@pytest.mark.parametrize(
    ("ago", "took_ms", "is_due"), [(45, 5, False), (61, 5, True), (200, 10_000, False), (301, 10_000, True)]
)
def test_it_rests_thirty_times_as_long_as_it_takes(
    campaign: Campaign, ago: int, took_ms: int, is_due: bool
) -> None:
    take()
    age(timedelta(seconds=ago), took_ms=took_ms)
    queue_if_due()
    assert queued(SNAPSHOT) == int(is_due)


def test_taking_it_too_often_changes_nothing(campaign: Campaign) -> None:
    take()
    before = SnapshotState.objects.get().taken_at
    make_lead(campaign)
    assert take() == "not due, or another counts"
    assert SnapshotState.objects.get().taken_at == before


def test_two_at_once_are_one(campaign: Campaign) -> None:
    take()
    age(timedelta(hours=1))
    SnapshotState.objects.update(running_since=timezone.now())
    assert take() == "not due, or another counts"
    queue_if_due()
    assert queued(SNAPSHOT) == 0


def test_of_two_that_begin_together_one_counts(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    take()
    age(timedelta(hours=1))
    due = snapshot._due
    counted = []

    def both(now: datetime) -> SnapshotState | None:
        state = due(now)
        monkeypatch.setattr(snapshot, "_due", due)
        counted.append(take())
        return state

    monkeypatch.setattr(snapshot, "_due", both)
    counted.append(take())
    assert [text.startswith("1 campaigns counted") for text in counted] == [True, False]


def test_one_that_died_does_not_stand_in_the_way_for_ever(campaign: Campaign) -> None:
    SnapshotState.objects.update_or_create(
        pk=SnapshotState.ONLY, defaults={"running_since": timezone.now() - GIVEN_UP_AFTER}
    )
    take()
    assert SnapshotState.objects.get().taken_at is not None


def test_one_that_died_before_the_clock_was_set_back_does_not_either(campaign: Campaign) -> None:
    SnapshotState.objects.update_or_create(
        pk=SnapshotState.ONLY, defaults={"running_since": timezone.now() + timedelta(days=2)}
    )
    take()
    assert SnapshotState.objects.get().taken_at is not None


def test_one_that_fails_leaves_the_last_and_lets_the_next_try(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    take()
    before = age(timedelta(hours=1))

    def fail() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_count", fail)
        with pytest.raises(ZeroDivisionError):
            take()
    state = SnapshotState.objects.get()
    assert (state.taken_at, state.running_since) == (before, None)
    assert take().startswith("1 campaigns counted")


def test_a_campaign_deleted_meanwhile_harms_nobody(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = make_campaign()
    keep = snapshot._keep

    def late(*args: object, **values: object) -> None:
        gone.delete()
        keep(*args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "_keep", late)
    take()
    assert [one.campaign_id for one in Snapshot.objects.all()] == [campaign.pk]


def test_a_clock_set_back_does_not_stop_the_counting(campaign: Campaign) -> None:
    take()
    age(-timedelta(days=1))
    queue_if_due()
    assert queued(SNAPSHOT) == 1


def test_it_costs_the_same_for_few_and_for_many(campaign: Campaign) -> None:
    def cost() -> int:
        age(timedelta(hours=1))
        with CaptureQueriesContext(database) as queries:
            assert "counted" in take()
        return len(queries)

    make_lead(campaign)
    take()
    few = cost()
    for _ in range(20):
        make_lead(make_campaign())
    assert cost() == few


# Where pages get their numbers ---------------------------------------------------------------------------


def test_few_people_are_counted_at_once(campaign: Campaign) -> None:
    take()
    make_lead(campaign)
    assert states_of(campaign) == [("lead", "waiting", "queued", 1)]
    assert count_campaign(campaign).age.taken_at is None


def test_many_people_are_as_of_the_snapshot_and_read_no_person(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    stand(make_lead(campaign), State.CREATED, Reason.NEW)
    with CaptureQueriesContext(database) as queries:
        assert states_of(campaign) == [("lead", "waiting", "queued", 3)]
        assert sum(people.number for _, people in count_all().people) == 3
    reads = [query["sql"] for query in queries if "campaigns_participant" in query["sql"]]
    assert len(reads) == 2
    assert all(
        "LIMIT" in sql and "JOIN" not in sql.partition("campaigns_participant")[2] for sql in reads[1:]
    )


def test_a_small_campaign_among_many_people_is_counted_at_once(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    small = make_campaign()
    take()
    make_lead(small)
    assert [number for *_, number in states_of(small)] == [1]
    assert count_campaign(small).age.taken_at is None


def test_before_the_first_snapshot_nothing_is_claimed(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    assert count_campaign(campaign).age.is_missing
    assert everything().counted.age.is_missing
    assert everything().counted.leads_in(Span.DAYS)[-1].groups.total() == 0


def test_a_snapshot_of_another_release_is_not_read(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    Snapshot.objects.update(shape=SHAPE + 1, people=[["unknown"]])
    SnapshotState.objects.update(shape=SHAPE + 1)
    assert count_campaign(campaign).age.is_missing
    assert everything().counted.age.is_missing
    assert take().startswith("1 campaigns counted")


def test_it_is_stale_when_the_next_is_overdue(campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    for ago, is_stale in ((timedelta(minutes=6), False), (timedelta(minutes=8), True)):
        age(ago)
        assert count_campaign(campaign).age.is_stale == count_all().age.is_stale == is_stale
    age(timedelta(minutes=8), took_ms=20_000)
    assert interval(20_000) == timedelta(minutes=10)
    assert not count_all().age.is_stale


# What the pages say --------------------------------------------------------------------------------------


def both_pages(staff: Client, campaign: Campaign) -> list[str]:
    return [
        " ".join(staff.get(one).text.split()) for one in (reverse("admin:index"), page("overview", campaign))
    ]


def test_pages_say_how_old_their_numbers_are(staff: Client, campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    age(timedelta(minutes=3))
    for text in both_pages(staff, campaign):
        assert "Counted 3 minutes ago." in text
        assert "These numbers are old" not in text


def test_pages_say_nothing_of_an_age_where_they_count_at_once(staff: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    take()
    for text in both_pages(staff, campaign):
        assert "Counted" not in text


def test_pages_say_that_numbers_are_old(staff: Client, campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    take()
    age(timedelta(hours=2))
    for text in both_pages(staff, campaign):
        assert "These numbers are old" in text
        assert "Counted 2 hours ago." in text


def test_pages_say_that_nothing_was_counted_yet(staff: Client, campaign: Campaign, large: None) -> None:
    for _ in range(3):
        make_lead(campaign)
    for text in both_pages(staff, campaign):
        assert "The numbers are being counted" in text
        for claim in ("0 unexplained", "Nothing waits for you.", "No leads yet", "Nothing needs a person."):
            assert claim not in text
    assert 'data-label="Waiting"' not in both_pages(staff, campaign)[0]


def test_the_text_for_support_says_how_old_its_numbers_are(
    staff: Client, campaign: Campaign, large: None
) -> None:
    def text() -> str:
        return staff.get(reverse("admin:campaigns_campaign_intercom_help", args=[campaign.pk, "leads"])).text

    for _ in range(3):
        make_lead(campaign)
    assert "Not counted yet." in text()
    assert "Joined: " not in text()
    take()
    assert "Counted: " in text()
    assert "Joined: 3" in text()


@pytest.mark.parametrize("live", [True, False])
def test_a_workspace_says_when_somebody_was_last_written_and_who_waits_longest(
    staff: Client,
    campaign: Campaign,
    workspace: IntercomConnection,
    monkeypatch: pytest.MonkeyPatch,
    live: bool,
) -> None:
    def words() -> str:
        address = reverse("admin:integrations_intercomconnection_change", args=[workspace.pk])
        return " ".join(staff.get(address).text.split())

    monkeypatch.setattr(source, "LIVE_BELOW", 10_000 if live else 2)
    now = timezone.now()
    stand(make_lead(campaign), State.CREATED, Reason.NEW, settled_at=now - timedelta(days=2))
    stand(make_lead(campaign), State.HELD, Reason.HELD, owed_since=now - timedelta(days=4))
    assert ("Waiting longest" in words()) == live
    take()
    text = words()
    assert "<dd>2 days ago</dd>" in text
    assert f"<dd>4 days. {explain(Reason.HELD).what}" in text
    assert ("(Counted just now.)" in text) != live


def test_the_overview_says_when_somebody_was_last_written(staff: Client, campaign: Campaign) -> None:
    for days in (1, 3):
        settled_at = timezone.now() - timedelta(days=days)
        stand(make_lead(campaign), State.CREATED, Reason.NEW, settled_at=settled_at)
    stand(make_lead(campaign), State.SKIPPED, Reason.POLICY)
    assert "Last written to Intercom: 1\xa0day ago." in staff.get(page("overview", campaign)).text
