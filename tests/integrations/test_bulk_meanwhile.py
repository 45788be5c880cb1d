"""An order for many means those who stood so when the page that asks was shown: what came later is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import BulkOrder, Delivery, Pace, SyncSettings
from integrations.services import repair
from integrations.services.bulk_orders import drafts, rounds
from integrations.services.bulk_orders.chosen import Chosen
from integrations.services.bulk_orders.left import left_so_far
from integrations.services.bulk_orders.orders import give
from integrations.services.repair_rules import Command
from tests.integrations.bulk import a_minute_later, drafted, ids_of, not_sent, order, states
from tests.integrations.crowds import stand
from tests.integrations.flow_fixtures import owed

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.bulk_orders.drafts import Draft

pytestmark = pytest.mark.django_db


def let_it_end(made: BulkOrder) -> BulkOrder:
    for _ in range(10):
        a_minute_later()
        rounds.carry_on()
    made.refresh_from_db()
    assert made.finished_at is not None
    return made


def test_who_was_called_off_since_is_not_sent_after_all() -> None:
    not_sent(30)
    made = order(pace=Pace.CAREFUL)
    last = ids_of()[-1]
    repair.send_again([last])
    assert repair.cancel([last]) == [last]

    made = let_it_end(made)

    assert Delivery.objects.get(pk=last).state == State.NOT_SENT
    assert (made.total, made.done) == (30, 29)
    assert left_so_far(made) == ["1 had moved on in the meantime."]


def test_who_begins_to_match_later_was_never_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """They joined before the order, and failed after it."""
    monkeypatch.setattr(drafts, "MOST_NAMED", 5)
    campaign = not_sent(40)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    people = list(campaign.participants.order_by("pk"))
    for person in people[::2]:
        stand(person, State.NEEDS_ATTENTION, Reason.REJECTED, settings=tab)
    made = order(query={"outcome": "needs_attention"}, pace=Pace.CAREFUL)
    for person in people[1::2]:
        stand(person, State.NEEDS_ATTENTION, Reason.REJECTED, settings=tab)

    made = let_it_end(made)

    assert (made.total, made.done) == (20, 20)


def test_whom_somebody_has_sent_since_is_not_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "BATCH", 10)
    monkeypatch.setattr("integrations.services.bulk_orders.orders.IN_A_REQUEST", 0)
    campaign = not_sent(20)
    last = campaign.participants.order_by("pk").last()
    assert last is not None
    repair.send_again(ids_of())
    made = order(Command.CANCEL)
    assert made.done == 10
    (row,) = Delivery.objects.filter(participant=last).values_list("pk", flat=True)
    repair.cancel([row])
    repair.send_again([row])

    made = let_it_end(made)

    assert Delivery.objects.get(pk=row).state == State.WAITING
    assert made.done == 19


# Since the page that asks was shown -----------------------------------------------------------------------


def confirm(one: Draft) -> BulkOrder:
    made = give(one, pace=Pace.AT_ONCE, with_sample=False, user=None)
    assert made is not None
    return made


def test_who_is_called_off_while_somebody_reads_the_question_is_not_sent() -> None:
    campaign = not_sent(4)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    for person in campaign.participants.all():
        stand(person, State.NEEDS_ATTENTION, Reason.REJECTED, settings=tab)
    one = drafted(Command.SEND_AGAIN, Chosen(ids=tuple(ids_of())))
    first = ids_of()[0]
    repair.cancel([first])

    made = confirm(one)

    assert states() == [State.NOT_SENT, *[State.WAITING] * 3]
    assert (made.total, made.done) == (4, 3)
    assert left_so_far(made) == ["1 had moved on in the meantime."]


def test_who_is_sent_while_somebody_reads_the_question_is_not_called_off() -> None:
    campaign = not_sent(2)
    for person in campaign.participants.all():
        stand(person, State.HELD, Reason.HELD)
    one = drafted(Command.CANCEL, Chosen(ids=tuple(ids_of())))
    repair.send_again(ids_of()[:1])

    made = confirm(one)

    assert states() == [State.WAITING, State.NOT_SENT]
    assert made.done == 1


def test_what_was_taken_back_meanwhile_is_not_written_anew() -> None:
    campaign = not_sent(2)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    for person in campaign.participants.all():
        stand(person, State.UPDATED, Reason.EXISTS, settings=tab)
    one = drafted(Command.SEND_PRESENT, Chosen(ids=tuple(ids_of())))
    first = campaign.participants.order_by("pk")[0]
    stand(first, State.UPDATED, Reason.UNDONE, settings=tab)

    made = confirm(one)

    assert owed(first).reason == Reason.UNDONE
    assert (made.done, left_so_far(made)) == (1, ["1 had moved on in the meantime."])


def test_the_same_holds_for_those_found_by_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_NAMED", 2)
    not_sent(4)
    one = drafted(Command.SEND_AGAIN, Chosen(query={"outcome": "not_sent"}))
    first = ids_of()[0]
    repair.send_again([first])
    repair.cancel([first])

    made = confirm(one)

    assert states() == [State.NOT_SENT, *[State.WAITING] * 3]
    assert left_so_far(made) == ["1 had moved on in the meantime."]


def test_whoever_the_worker_sent_meanwhile_is_told_as_sent() -> None:
    campaign = not_sent(4)
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    one = drafted(Command.SEND_AGAIN, Chosen(ids=tuple(ids_of())))
    there, leaving, *_others = campaign.participants.order_by("pk")
    stand(there, State.CREATED, Reason.NEW, settings=tab)
    stand(leaving, State.SENDING, Reason.SENDING, settings=tab)

    made = confirm(one)

    assert (made.total, made.done) == (4, 2)
    assert left_so_far(made) == [
        "1 person is in Intercom by now: it went before this order came.",
        "1 person has just left for Intercom; the answer is still to come.",
    ]


def test_who_is_called_off_under_the_order_s_hands_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at whose turn it is, and the lock."""
    not_sent(2)
    one = drafted(Command.SEND_AGAIN, Chosen(ids=tuple(ids_of())))
    send = repair.ORDERS[Command.SEND_AGAIN]

    def called_off_before(ids: list[int], *, seen_at: datetime | None = None) -> list[int]:
        Delivery.objects.filter(pk=ids[0]).update(settled_at=timezone.now())
        return send(ids, seen_at=seen_at)

    monkeypatch.setattr(rounds, "ORDERS", {Command.SEND_AGAIN: called_off_before})

    assert confirm(one).done == 1
    assert states() == [State.NOT_SENT, State.WAITING]
