"""The queue as workers see it, without processes: tasks are taken in the line's order, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integrations.services.broker import OrmBroker, group_of


def line() -> list[str]:
    """What waits, by group, who is next first."""
    return [group_of(package) for package in OrmBroker().waiting()]


def take() -> tuple[int, str, tuple[int, ...]] | None:
    """The next task as a worker gets it: its row, its group, its arguments; None where nothing waits."""
    taken = OrmBroker().dequeue() if OrmBroker().waiting() else None
    if not taken:
        return None
    row, package = taken[0]
    task = SignedPackage.loads(package)
    return row, task["group"], task["args"]


def serve(work: Callable[[int], str], *, most: int) -> Iterator[str]:
    """One worker that takes tasks as they come, at most so many; gives the group of each. Runs the drains."""
    for _ in range(most):
        taken = take()
        if taken is None:
            return
        row, group, ids = taken
        if group.startswith("drain-"):
            work(*ids)
        OrmQ.objects.filter(pk=row).delete()
        yield group
