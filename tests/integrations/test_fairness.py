"""Many workspaces and few workers: everybody gets their turn, and nobody two of them. Counted in turns."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services import drain as drain_module
from integrations.services.drain import drain
from integrations.services.drain import slice as slice_module
from integrations.services.lease import Lease
from integrations.services.sweep import sweep
from integrations.services.wake import wake
from tests.integrations.line import line, serve, take
from tests.integrations.many import make_workspaces

pytestmark = pytest.mark.django_db

SLICE = 4
"""Leads that a turn can send."""
BACKLOGS = [60, *[12] * 4, *[1] * 15]
HUGE, WORKSPACES = 0, len(BACKLOGS)


class CountedSlice:
    """Sends a few leads at once, without Intercom: only the order of turns is on trial here."""

    joins = 0
    """How many join the same workspace while a turn goes on, each with a wake."""

    def __init__(self, lease: Lease) -> None:
        self._id = lease.connection_id

    def may_go_on(self) -> bool:
        return True

    def run(self) -> int:
        due = Delivery.objects.filter(settings__connection=self._id, state=State.WAITING)
        now = timezone.now()
        some = list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:SLICE])
        Delivery.objects.filter(pk__in=some).update(
            state=State.NOT_SENT, reason=Reason.CANCELLED, due_at=None, settled_at=now
        )
        if len(some) == SLICE:
            for _ in range(self.joins):
                wake(self._id)
        return len(some)


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All of them woken, the huge one first."""
    monkeypatch.setattr(drain_module, "Slice", CountedSlice)
    made = make_workspaces(BACKLOGS)
    OrmQ.objects.all().delete()
    for connection_id in made:
        wake(connection_id)
    return made


def turns(*, most: int, sweep_every: int = 0) -> list[str]:
    """The groups of the tasks that one worker serves; now and then a sweep comes by."""
    served: list[str] = []
    for group in serve(drain, most=most):
        served.append(group)
        if sweep_every and len(served) % sweep_every == 0:
            sweep()
    return [group for group in served if group.startswith("drain-")]


def test_everybody_has_their_first_turn_before_anybody_has_a_second(ids: list[int]) -> None:
    first_round = turns(most=WORKSPACES)

    assert sorted(first_round) == sorted(f"drain-{one}" for one in ids)


def test_who_hands_on_goes_to_the_end_of_the_line(ids: list[int]) -> None:
    turns(most=1)

    assert line()[-1] == f"drain-{ids[HUGE]}"
    assert len(line()) == WORKSPACES


def test_who_comes_while_the_others_are_at_it_waits_for_one_round_at_most(ids: list[int]) -> None:
    turns(most=WORKSPACES)
    busy = len(line())
    wake(ids[-1])

    assert f"drain-{ids[-1]}" in turns(most=busy + 1)


def test_joins_during_a_turn_give_nobody_a_second_place(
    ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CountedSlice, "joins", 10)

    served = Counter(turns(most=3 * WORKSPACES))

    assert served[f"drain-{ids[HUGE]}"] <= max(served[f"drain-{one}"] for one in ids[1:5]) + 15
    assert served[f"drain-{ids[HUGE]}"] == 60 // SLICE
    assert line() == []


def test_sweeps_do_not_lengthen_the_line_over_hours(ids: list[int]) -> None:
    longest = 0
    for _hour in range(3):
        for _minute in range(4):
            sweep()
            longest = max(longest, drains_in_line())
        turns(most=4)

    assert longest <= WORKSPACES


def drains_in_line() -> int:
    return sum(group.startswith("drain-") for group in line())


def test_two_chains_of_one_workspace_become_one(ids: list[int]) -> None:
    """A task that its worker holds in memory is nobody's the sweep can see: it queues a second."""
    OrmQ.objects.all().delete()
    IntercomConnection.objects.update(dirty=False)
    wake(ids[HUGE])
    first = take()
    sweep()
    assert first is not None
    assert line().count(f"drain-{ids[HUGE]}") == 1

    drain(ids[HUGE])

    assert line().count(f"drain-{ids[HUGE]}") == 1


def test_a_lost_task_is_made_up_for_by_the_next_sweep_whatever_the_line(ids: list[int]) -> None:
    OrmQ.objects.filter(pk=OrmQ.objects.order_by("pk")[7].pk).delete()
    assert f"drain-{ids[7]}" not in line()

    sweep()

    assert Counter(line())[f"drain-{ids[7]}"] == 1


def test_what_a_pause_held_up_goes_on_though_nobody_was_woken(
    ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause ends while a drain that has seen it is still at work: the wake that follows finds it dirty."""
    monkeypatch.undo()
    IntercomConnection.objects.filter(pk=ids[HUGE]).update(paused_at=timezone.now())
    OrmQ.objects.all().delete()

    def resumed(_slice: Any) -> None:
        monkeypatch.undo()
        IntercomConnection.objects.filter(pk=ids[HUGE]).update(paused_at=None)
        wake(ids[HUGE])

    monkeypatch.setattr(slice_module.Slice, "_finish", resumed)

    assert "handed on" in drain(ids[HUGE])
    assert line() == [f"drain-{ids[HUGE]}"]
