"""Where Redis is: an address that is none is named, and every other is one that a client can be made of."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection

from config.redis import redis

SECRET = "s3cr3t-that-nobody-may-see"


@pytest.mark.parametrize(
    "value",
    [
        "somewhere",
        f"http://:{SECRET}@host",
        f"redis://:{SECRET}@host:port/0",
        f"redis://:{SECRET}@host/zero",
        f"redis://:{SECRET}@host/0?unknown=1",
        f"rediss://:{SECRET}@host/0?ssl_unknown=1",
        f"redis://:{SECRET}@host?socket_timeout=long",
        "redis://[::1",
    ],
)
def test_a_redis_address_must_be_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(ImproperlyConfigured, match=r"^NAME must look like redis://host:6379/0 ") as failed:
        redis("NAME")
    assert SECRET not in str(failed.value)
    assert failed.value.__suppress_context__


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("redis://host:6380/2", Connection),
        ("redis://host", Connection),
        ("redis://host?db=2", Connection),
        ("rediss://user:word@host:6380/2", SSLConnection),
        ("rediss://host?ssl_cert_reqs=none", SSLConnection),
        ("unix:///run/redis.sock?db=2", UnixDomainSocketConnection),
    ],
)
def test_a_client_can_be_made_of_every_kind_of_address(
    monkeypatch: pytest.MonkeyPatch, value: str, kind: type
) -> None:
    monkeypatch.setenv("NAME", value)
    found = redis("NAME")
    assert found is not None
    with Redis(**found) as client:
        assert isinstance(client.connection_pool.make_connection(), kind)


def test_redis_is_never_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "redis://host:6380/2?socket_timeout=60")
    found = redis("NAME")
    assert found is not None
    assert (found["host"], found["port"], found["db"]) == ("host", 6380, 2)
    assert (found["socket_connect_timeout"], found["socket_timeout"]) == (0.5, 5)


def test_no_redis_is_no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", " ")
    assert redis("NAME") is None
