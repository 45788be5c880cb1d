"""The line in front of the workers: first come, first served; nobody stands in it twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from integrations.services import broker, queue
from integrations.services.queue import SWEEP, enqueue_drain, enqueue_receipts, unless_it_waits
from tests.integrations.line import line, take

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty() -> None:
    OrmQ.objects.all().delete()


def taken() -> str:
    found = take()
    assert found is not None
    return found[1]


def test_who_has_waited_longest_is_next_wherever_its_row_lies() -> None:
    """PostgreSQL puts new rows where old ones were deleted, and reads a table from its beginning."""
    for number in (1, 2, 3):
        enqueue_drain(number)
    rows = OrmQ.objects.order_by("pk")
    rows.filter(pk=rows[0].pk).update(lock=timezone.now())

    assert [taken(), taken(), taken()] == ["drain-2", "drain-3", "drain-1"]


def test_the_sweep_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        enqueue_drain(number)
    async_task(SWEEP, group="sweep")

    assert line() == ["sweep", "drain-1", "drain-2"]
    assert {SWEEP} == {broker.FIRST}


def test_what_a_worker_has_taken_is_nobody_elses_until_it_is_given_up() -> None:
    enqueue_drain(1)
    take()
    assert (line(), take()) == ([], None)
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))

    assert taken() == "drain-1"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> broker.OrmBroker:
    """What one cluster of two workers takes its tasks by."""
    monkeypatch.setattr(Conf, "WORKERS", 2)
    monkeypatch.setattr(Conf, "POLL", 0.0)
    return broker.OrmBroker()


def row_of(found: list[tuple[int, str]] | None) -> int:
    assert found
    return found[0][0]


def test_a_cluster_takes_no_more_than_it_has_workers(cluster: broker.OrmBroker) -> None:
    for number in (1, 2, 3):
        enqueue_drain(number)
    first = row_of(cluster.dequeue())
    row_of(cluster.dequeue())

    assert cluster.dequeue() is None
    assert line() == ["drain-3"]

    cluster.acknowledge(first)
    row_of(cluster.dequeue())

    assert line() == []


def test_what_one_cluster_leaves_another_takes(cluster: broker.OrmBroker) -> None:
    for number in (1, 2, 3):
        enqueue_drain(number)
    cluster.dequeue()
    cluster.dequeue()

    row_of(broker.OrmBroker().dequeue())

    assert line() == []


def test_a_task_that_died_with_its_worker_holds_no_place_for_ever(
    cluster: broker.OrmBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3, 4):
        enqueue_drain(number)
    row_of(cluster.dequeue())
    row_of(cluster.dequeue())
    monkeypatch.setattr(Conf, "TIMEOUT", -1)

    row_of(cluster.dequeue())

    assert line() == ["drain-4"]


def test_a_cluster_in_which_nothing_ends_shows_no_sign_of_life(
    cluster: broker.OrmBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs: list[int] = []
    monkeypatch.setattr(broker, "sign", lambda: signs.append(1))
    for number in (1, 2, 3):
        enqueue_drain(number)
    first = row_of(cluster.dequeue())
    row_of(cluster.dequeue())
    assert len(signs) == 2
    with monkeypatch.context() as later:
        later.setattr(Conf, "TIMEOUT", -1)
        third = row_of(cluster.dequeue())
    cluster.dequeue()
    assert len(signs) == 2

    cluster.acknowledge(first)  # which it had given up: that says nothing
    cluster.dequeue()
    assert len(signs) == 2
    cluster.acknowledge(third)
    cluster.dequeue()

    assert len(signs) == 3


def test_whoever_stands_in_line_does_not_queue_again() -> None:
    enqueue_drain(1)

    with unless_it_waits():
        enqueue_drain(1)
        enqueue_drain(2)
        enqueue_drain(2)

    assert line() == ["drain-1", "drain-2"]


def test_a_task_that_a_worker_has_taken_stands_in_line_no_more() -> None:
    """It may have found another drain at work, or died with its worker."""
    enqueue_drain(1)
    take()

    with unless_it_waits():
        enqueue_drain(1)

    assert line() == ["drain-1"]


def test_tasks_of_another_kind_do_not_count() -> None:
    enqueue_receipts()

    with unless_it_waits():
        enqueue_drain(1)

    assert line() == ["receipts", "drain-1"]


def test_the_line_is_read_once_even_while_it_is_empty() -> None:
    with CaptureQueriesContext(database) as queries, unless_it_waits():
        for number in range(5):
            enqueue_drain(number)
    reads = [one for one in queries.captured_queries if one["sql"].startswith("SELECT")]

    assert len(reads) == 1


def test_who_joins_reads_no_line() -> None:
    with CaptureQueriesContext(database) as queries:
        enqueue_drain(1)
        enqueue_drain(1)

    assert [one["sql"].split()[0] for one in queries.captured_queries] == ["INSERT", "INSERT"]


def test_what_no_longer_looks_back_is_forgotten() -> None:
    with unless_it_waits():
        enqueue_drain(1)
    enqueue_drain(1)

    assert line() == ["drain-1", "drain-1"]


def test_the_cluster_takes_tasks_in_this_order() -> None:
    assert isinstance(get_broker(), broker.OrmBroker)
    assert str(settings.Q_CLUSTER["broker_class"]).endswith(".OrmBroker")


class PretendRedis:
    """As much of a list in Redis as a queue needs."""

    def __init__(self) -> None:
        self.items: list[bytes] = []

    def lpush(self, _key: str, item: str) -> None:
        self.items.insert(0, item.encode())

    def rpush(self, _key: str, item: str) -> None:
        self.items.append(item.encode())

    def lrange(self, _key: str, _start: int, _end: int) -> list[bytes]:
        return self.items


def test_redis_keeps_the_same_order(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    redis = PretendRedis()
    settings.REDIS = {"host": "127.0.0.1", "port": 9}
    monkeypatch.setattr(broker.RedisBroker, "get_connection", staticmethod(lambda _list_key="": redis))
    in_redis = broker.RedisBroker()
    monkeypatch.setattr(queue, "_broker", lambda: in_redis)
    enqueue_drain(1)
    with unless_it_waits():
        enqueue_drain(1)
        enqueue_drain(2)
    async_task(SWEEP, group="sweep", broker=in_redis)

    assert [broker.group_of(one) for one in in_redis.waiting()] == ["sweep", "drain-1", "drain-2"]
