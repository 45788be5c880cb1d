"""One order for many: who is meant, at what pace, whom it leaves alone, and how it stops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core import signing
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import BulkOrder, Delivery, Pace, SettingsRevision, SyncSettings
from integrations.services import repair
from integrations.services.bulk_orders import drafts, forecast, rounds
from integrations.services.bulk_orders.chosen import Chosen, people
from integrations.services.bulk_orders.drafts import Draft, seal, unseal
from integrations.services.bulk_orders.forecast import Forecast
from integrations.services.bulk_orders.left import left_by_forecast, left_so_far
from integrations.services.bulk_orders.offers import offers
from integrations.services.bulk_orders.orders import give, go_on, stop
from integrations.services.bulk_orders.words import so_far, what_now
from integrations.services.log.wanted import Wanted
from integrations.services.outcomes import Group
from integrations.services.repair_rules import Command
from integrations.services.sweep import sweep
from integrations.services.tabs import load_tabs
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.bulk import a_minute_later, drafted, ids_of, make_order, not_sent, order, states
from tests.integrations.crowds import stand
from tests.integrations.flow_fixtures import Intercom, owed, set_panel
from tests.integrations.panel import make_workspace

pytestmark = pytest.mark.django_db

NOT_SENT = {"outcome": "not_sent"}


def foresee(command: Command, chosen: Chosen | None = None) -> Forecast:
    tabs = load_tabs(now=timezone.now())
    whom = people(chosen or Chosen(ids=tuple(ids_of())), tabs=tabs)
    return forecast.forecast(command, whom, tabs=tabs)


def boss() -> User:
    return User.objects.create_user("boss")


# Who is meant


def test_few_are_named_and_nobody_else_is_meant_later() -> None:
    campaign = not_sent(3)
    one = drafted(Command.SEND_AGAIN, Chosen(query=NOT_SENT))
    later = not_sent(2)

    give(one, pace=Pace.AT_ONCE, with_sample=False, user=None)

    assert one.chosen == Chosen(ids=tuple(ids_of(campaign)))
    assert states(campaign) == [State.WAITING] * 3
    assert states(later) == [State.NOT_SENT] * 2


def test_many_are_found_again_by_the_filter_up_to_the_last_one_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_NAMED", 2)
    campaign = not_sent(3)
    one = drafted(Command.SEND_AGAIN, Chosen(query=NOT_SENT))
    later = not_sent(2)

    made = give(one, pace=Pace.AT_ONCE, with_sample=False, user=None)

    assert made is not None
    assert (made.query, made.ids, made.total, made.done) == (NOT_SENT, [], 3, 3)
    assert states(campaign) == [State.WAITING] * 3
    assert states(later) == [State.NOT_SENT] * 2


def test_those_who_leave_the_filter_by_the_order_do_not_shift_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafts, "MOST_NAMED", 2)
    monkeypatch.setattr(rounds, "BATCH", 2)
    campaign = not_sent(7)

    made = order(query=NOT_SENT)

    assert (made.done, made.left_alone) == (7, {})
    assert states(campaign) == [State.WAITING] * 7


def test_a_filter_that_makes_no_sense_is_for_nobody() -> None:
    not_sent(2)
    one = drafted(Command.SEND_AGAIN, Chosen(query={"from": "the other day"}))

    assert give(one, pace=Pace.AT_ONCE, with_sample=False, user=None) is None
    assert BulkOrder.objects.count() == 0


def test_nobody_chosen_is_nobody() -> None:
    campaign = not_sent(2)

    assert people(Chosen(), tabs={}).count() == 0
    assert people(Chosen(ids=tuple(ids_of(campaign))), tabs={}).count() == 2
    assert people(Chosen(version=12345), tabs={}).count() == 0


def test_an_order_whose_tab_is_gone_ends_without_touching_anybody() -> None:
    campaign = not_sent(2)
    made = make_order(up_to=10**9, next_at=timezone.now())

    rounds.carry_on()

    made.refresh_from_db()
    assert made.finished_at is not None
    assert states(campaign) == [State.NOT_SENT] * 2


def test_a_version_means_those_last_written_under_it() -> None:
    campaign = not_sent(3)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    first, second, _third = (owed(one) for one in campaign.participants.order_by("pk"))
    Delivery.objects.filter(pk=first.pk).update(settings=tab, settings_revision=1)
    Delivery.objects.filter(pk=second.pk).update(settings=tab, settings_revision=2)
    version = SettingsRevision.objects.get(settings=tab, number=1)

    assert list(people(Chosen(version=version.pk), tabs={})) == [first]


# The draft


def test_a_draft_comes_back_as_it_was() -> None:
    not_sent(2)
    one = drafted(Command.SEND_AGAIN, Chosen(query=NOT_SENT))
    back = unseal(seal(one))

    assert back is not None
    assert (back.token, back.command, back.chosen, back.up_to) == (
        one.token,
        one.command,
        one.chosen,
        one.up_to,
    )
    assert back.made_at == one.made_at
    assert not back.is_stale


@pytest.mark.parametrize(
    "text",
    ["", "x", "x:y:z", "\x00", "é" * 10_000, signing.dumps({"command": "cancel"})],
    ids=["nothing", "a letter", "parts", "a zero byte", "long", "sealed for something else"],
)
def test_what_nobody_sealed_is_no_draft(text: str) -> None:
    assert unseal(text) is None


def test_a_draft_of_an_order_that_is_no_more_is_no_draft() -> None:
    sealed = signing.dumps({"command": "explode"}, salt=drafts.SALT)
    assert unseal(sealed) is None


def test_a_draft_gets_stale() -> None:
    one = drafted(Command.SEND_AGAIN, Chosen())
    old = Draft(one.token, one.command, one.chosen, one.up_to, made_at=timezone.now() - timedelta(minutes=61))
    assert old.is_stale
    assert not one.is_stale


# Giving it


def test_confirming_twice_makes_one_order() -> None:
    campaign = not_sent(3)
    one = drafted(Command.SEND_AGAIN, Chosen(ids=tuple(ids_of(campaign))))

    first = give(one, pace=Pace.AT_ONCE, with_sample=False, user=None)
    repair.cancel(ids_of(campaign))
    again = give(one, pace=Pace.AT_ONCE, with_sample=False, user=None)

    assert first == again
    assert BulkOrder.objects.count() == 1
    assert states(campaign) == [State.NOT_SENT] * 3


def test_everybody_goes_to_intercom(intercom: Intercom) -> None:
    campaign = not_sent(3)

    made = order()
    intercom.drain()

    assert states(campaign) == [State.CREATED] * 3
    assert len(intercom.contacts()) == 3
    assert made.finished_at is not None


def test_each_story_says_who_ordered_it() -> None:
    not_sent(3)
    user = boss()
    made = order(user=user)

    entries = LogEntry.objects.filter(user=user)
    assert {one.object_id for one in entries} == {str(pk) for pk in ids_of()}
    assert {one.change_message for one in entries} == {
        f"Send (again) (together with others, order {made.pk})"
    }


def test_whom_it_did_not_touch_has_no_order_in_the_story() -> None:
    campaign = not_sent(2)
    sent = stand(make_lead(campaign), State.CREATED)
    user = boss()

    order(user=user)

    assert not LogEntry.objects.filter(object_id=str(sent.pk)).exists()
    assert LogEntry.objects.filter(user=user).count() == 2


def test_an_order_of_somebody_who_is_gone_goes_on() -> None:
    campaign = not_sent(15)
    user = boss()
    order(pace=Pace.CAREFUL, user=user)
    user.delete()
    a_minute_later()

    sweep()

    assert states(campaign) == [State.WAITING] * 15


def test_cancelling_for_many_keeps_no_pace_and_takes_no_sample() -> None:
    campaign = not_sent(0)
    for _ in range(12):
        make_lead(campaign)

    made = order(Command.CANCEL, pace=Pace.CAREFUL, with_sample=True)

    assert states(campaign) == [State.NOT_SENT] * 12
    assert (made.done, made.sample, made.per_minute) == (12, 0, Pace.AT_ONCE)
    assert made.finished_at is not None


@pytest.mark.parametrize("command", list(repair.ORDERS))
def test_every_order_can_be_given_for_many(command: Command) -> None:
    not_sent(2)
    made = order(command)
    assert made.finished_at is not None
    assert made.done + sum(made.left_alone.values()) == 2
    assert so_far(made)
    assert not what_now(made)
    assert bool(left_so_far(made)) is bool(made.left_alone)


# Whom it leaves alone


def test_whom_it_does_not_fit_any_more_is_left_alone_and_counted() -> None:
    campaign = not_sent(3)
    first, *_others = campaign.participants.order_by("pk")
    stand(first, State.UPDATED)

    made = order()

    assert (made.total, made.done, made.left_alone) == (3, 2, {"": 1})
    assert owed(first).state == State.UPDATED
    assert left_so_far(made) == ["1 person stays as they are: this does not fit where they stand."]


def test_whom_no_order_could_bring_to_intercom_is_counted_by_the_reason() -> None:
    not_sent(2)
    switched_off = not_sent(3, action="nothing")

    made = order()

    assert (made.done, made.left_alone) == (2, {Reason.SWITCHED_OFF: 3})
    assert states(switched_off) == [State.NOT_SENT] * 3
    assert "3 people cannot be sent. The campaign's settings say Nothing to action" in left_so_far(made)[0]


def test_who_moved_on_between_two_rounds_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_NAMED", 2)
    campaign = not_sent(14)
    made = order(query=NOT_SENT, pace=Pace.CAREFUL)
    repair.send_again(ids_of(campaign)[-2:])
    a_minute_later()
    rounds.carry_on()

    made.refresh_from_db()
    assert (made.total, made.done) == (14, 12)
    assert left_so_far(made) == ["2 had moved on in the meantime."]


def test_one_that_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = not_sent(1)
    make_order(command="explode", ids=ids_of(campaign), next_at=timezone.now(), up_to=10**9)
    good = make_order(ids=ids_of(campaign), next_at=timezone.now(), up_to=10**9)

    assert rounds.carry_on() == 1

    good.refresh_from_db()
    assert good.finished_at is not None
    assert BulkOrder.objects.get(command="explode").finished_at is None


# The pace


def test_a_careful_order_goes_on_minute_by_minute() -> None:
    not_sent(25)
    made = order(pace=Pace.CAREFUL)
    numbers = [made.done]
    for _ in range(3):
        sweep()
        a_minute_later()
        sweep()
        made.refresh_from_db()
        numbers.append(made.done)

    assert numbers == [10, 20, 25, 25]
    assert made.finished_at is not None
    assert made.done == 25


def test_the_pace_counts_those_who_go_and_not_those_left_alone() -> None:
    campaign = not_sent(30)
    for person in campaign.participants.order_by("pk")[:15]:
        stand(person, State.CREATED)

    made = order(pace=Pace.CAREFUL)

    assert (made.done, made.left_alone) == (10, {"": 15})


def test_a_round_that_runs_out_of_time_does_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "BATCH", 2)
    not_sent(6)
    made = make_order(ids=ids_of(), total=6, up_to=10**9, per_minute=Pace.AT_ONCE, next_at=timezone.now())

    assert rounds.let_go(made.pk, seconds=-1) == 2


def test_after_everybody_was_looked_at_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "BATCH", 2)
    not_sent(4)
    made = order()
    assert made.finished_at is not None
    assert rounds.carry_on() == 0


# The sample


def test_ten_go_first_and_the_others_wait_for_an_answer() -> None:
    not_sent(30)
    made = order(with_sample=True)
    a_minute_later()
    sweep()

    made.refresh_from_db()
    assert (made.done, len(made.sample_ids)) == (10, 10)
    assert made.asked_at is not None
    assert made.finished_at is None
    assert states().count(State.WAITING) == 10


def test_after_the_answer_the_others_follow() -> None:
    not_sent(30)
    made = order(with_sample=True)
    user = boss()

    assert go_on(made.pk, user=user)

    made.refresh_from_db()
    assert (made.done, made.answered_by) == (30, user)
    assert made.finished_at is not None
    assert len(made.sample_ids) == 10


def test_a_sample_is_of_those_who_go() -> None:
    campaign = not_sent(30)
    for person in campaign.participants.order_by("pk")[:12]:
        stand(person, State.CREATED)

    made = order(with_sample=True)

    assert (made.done, made.left_alone) == (10, {"": 12})
    assert made.asked_at is not None


def test_nobody_is_asked_when_the_sample_was_everybody() -> None:
    campaign = not_sent(20)
    for person in campaign.participants.order_by("pk")[10:]:
        stand(person, State.CREATED)

    made = order(with_sample=True)
    rounds.carry_on()

    assert go_on(made.pk, user=None) is (made.finished_at is None)
    made.refresh_from_db()
    assert made.done == 10
    assert made.finished_at is not None


def test_no_sample_of_ten_from_ten() -> None:
    not_sent(10)
    assert order(with_sample=True).finished_at is not None


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    not_sent(25)
    made = order(pace=Pace.CAREFUL)
    assert not go_on(made.pk, user=None)
    made.refresh_from_db()
    assert (made.done, made.answered_at) == (10, None)


def test_answering_twice_keeps_the_pace() -> None:
    not_sent(50)
    made = order(with_sample=True, pace=Pace.CAREFUL)
    assert go_on(made.pk, user=None)
    assert not go_on(made.pk, user=None)
    made.refresh_from_db()
    assert made.done == 20


def test_a_sample_that_was_stopped_does_not_go_on() -> None:
    not_sent(25)
    made = order(with_sample=True)
    assert stop(made.pk, user=None)
    assert not go_on(made.pk, user=None)
    assert states().count(State.WAITING) == 10


# Stopping


def test_stopped_it_goes_no_further() -> None:
    not_sent(25)
    made = order(pace=Pace.CAREFUL)
    user = boss()

    assert stop(made.pk, user=user)
    a_minute_later()
    sweep()

    made.refresh_from_db()
    assert (made.done, made.stopped_by, made.finished_at) == (10, user, None)
    assert states().count(State.NOT_SENT) == 15


def test_what_has_ended_cannot_be_stopped() -> None:
    not_sent(2)
    made = order()
    assert not stop(made.pk, user=None)
    assert not stop(12345, user=None)
    made.refresh_from_db()
    assert made.stopped_at is None


# The forecast


def test_a_forecast_tells_who_goes_who_cannot_and_who_stays() -> None:
    not_sent(3)
    not_sent(2, action="nothing")
    stand(make_lead(not_sent(0)), State.CREATED)

    found = foresee(Command.SEND_AGAIN)

    assert (found.matching, found.fitting, found.going, found.unfit) == (6, 5, 3, 1)
    assert found.nowhere == {Reason.SWITCHED_OFF: 2}
    assert found.first_time == 3
    assert len(left_by_forecast(Command.SEND_AGAIN, found)) == 2


def test_a_forecast_keeps_its_word() -> None:
    not_sent(3)
    not_sent(2, action="nothing")
    make_lead(make_campaign())
    stand(make_lead(not_sent(0)), State.SKIPPED, Reason.POLICY, contact_id="c")
    found = {command: foresee(command) for command in repair.ORDERS}

    for command, foreseen in found.items():
        made = repair.ORDERS[command](ids_of())
        assert len(made) == foreseen.going, command
        if made:
            break


def test_who_joined_before_their_tab_was_saved_counts_by_the_tab_there_is_now() -> None:
    make_workspace()
    campaign = make_campaign()
    make_lead(campaign)
    assert foresee(Command.SEND_AGAIN).nowhere == {Reason.SWITCHED_OFF: 1}
    set_panel(campaign)
    assert foresee(Command.SEND_AGAIN).going == 1


def test_counting_stops_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "COUNTED", 2)
    not_sent(5)
    found = foresee(Command.SEND_AGAIN, Chosen(query={}))
    assert (found.matching, found.going, found.unfit) == (3, 3, None)


@pytest.mark.parametrize(("number", "suggested"), [(50, False), (51, True)])
def test_a_sample_is_suggested_for_more_than_fifty_first_times(number: int, suggested: bool) -> None:
    assert Forecast(number, number, number, first_time=number).suggests_sample is suggested


def test_who_was_tried_before_is_no_first_time() -> None:
    not_sent(3)
    Delivery.objects.update(attempts=1)
    assert foresee(Command.SEND_AGAIN).first_time == 0


# What the log offers


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        (Wanted(group=Group.NOT_SENT), Command.SEND_AGAIN),
        (Wanted(group=Group.NEEDS_ATTENTION), Command.SEND_AGAIN),
        (Wanted(group=Group.NEEDS_ATTENTION, reason=Reason.ARCHIVED), Command.RESTORE_AND_UPDATE),
        (Wanted(group=Group.SKIPPED), Command.UPDATE_ANYWAY),
        (Wanted(group=Group.WAITING), Command.RETRY_NOW),
        (Wanted(group=Group.WAITING, reason=Reason.HELD), Command.SEND_AGAIN),
        (Wanted(), Command.SEND_AGAIN),
    ],
)
def test_the_log_offers_what_people_most_likely_came_for(wanted: Wanted, first: Command) -> None:
    assert offers(wanted)[0] is first


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(group=Group.UNEXPLAINED),
        Wanted(group=Group.WAITING, reason=Reason.SENDING),
        Wanted(group=Group.WAITING, reason=Reason.UNCERTAIN),
        Wanted(wrong={"from": "never"}),
    ],
)
def test_where_no_order_fits_none_is_offered(wanted: Wanted) -> None:
    assert offers(wanted) == []


@pytest.mark.parametrize("group", [None, *Group])
def test_what_is_offered_can_be_ordered_for_many(group: Group | None) -> None:
    assert set(offers(Wanted(group=group))) <= repair.ORDERS.keys()
