"""Nobody who joins waits for a drain or for a broker that hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction

from integrations.models import IntercomConnection
from integrations.services import queue
from integrations.services.lease import acquire
from integrations.services.queue import BrokerSilentError, enqueue_drain
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import set_panel


@pytest.mark.django_db(transaction=True)
def test_a_join_and_its_wake_do_not_wait_for_a_drain_in_the_middle_of_a_transaction(
    connection: IntercomConnection,
) -> None:
    if database.vendor != "postgresql":
        pytest.skip("on SQLite there is one writer at a time")
    campaign = make_campaign()
    set_panel(campaign)
    IntercomConnection.objects.update(dirty=False)
    renewed, done = threading.Event(), threading.Event()

    def hold() -> None:
        lease = acquire(connection.pk)
        assert lease is not None
        with transaction.atomic():
            lease.renew()
            renewed.set()
            done.wait(timeout=60)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert renewed.wait(timeout=30)
        with database.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")  # whoever waits for the drain fails here
        make_lead(campaign)
        connection.refresh_from_db()
        assert connection.dirty
    finally:
        done.set()
        holder.join()
        database.close()


@pytest.mark.django_db
def test_a_transaction_that_its_process_left_behind_is_ended_by_the_server() -> None:
    if database.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    with database.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("20s",)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[list[str]]:
    """A Redis broker that fails, and each time that it was asked."""
    calls: list[str] = []

    def fails(task: str, *_args: Any, **_options: Any) -> None:
        calls.append(task)
        raise TimeoutError

    settings.REDIS = {"host": "127.0.0.1", "port": 9}
    monkeypatch.setattr(queue, "async_task", fails)
    monkeypatch.setattr(queue, "_silent_since", None)
    queue._broker.cache_clear()
    yield calls
    queue._broker.cache_clear()


def test_a_broker_that_has_just_failed_is_not_asked_by_the_next_join(asked: list[str]) -> None:
    with pytest.raises(TimeoutError):
        enqueue_drain(1)

    with pytest.raises(BrokerSilentError):
        enqueue_drain(1)

    assert len(asked) == 1


def test_after_a_while_it_is_asked_again(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "REST", 0.0)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            enqueue_drain(1)

    assert len(asked) == 2


def test_redis_gets_no_longer_than_a_third_of_a_second(asked: list[str]) -> None:
    assert asked == []

    options = queue._broker().connection.connection_pool.connection_kwargs

    assert options["socket_timeout"] == options["socket_connect_timeout"] == 0.3
