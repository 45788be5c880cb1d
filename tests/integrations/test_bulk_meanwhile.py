"""An order for many means those who stood so when it was given: what came later is somebody's newer word."""

from __future__ import annotations

import pytest

from integrations.logic.states import Reason, State
from integrations.models import BulkOrder, Delivery, Pace, SyncSettings
from integrations.services import repair
from integrations.services.bulk_orders import drafts, rounds
from integrations.services.bulk_orders.left import left_so_far
from integrations.services.repair_rules import Command
from tests.integrations.bulk import a_minute_later, ids_of, not_sent, order
from tests.integrations.crowds import stand

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
