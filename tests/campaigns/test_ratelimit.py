"""Who is held back, and that nobody is when the counting is broken."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from time_machine import travel

from campaigns.ratelimit import allowed, client_address

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


def post(address: str = "192.0.2.1", **headers: str) -> HttpRequest:
    return RequestFactory().post("/r/X", REMOTE_ADDR=address, headers=headers)


def test_sixth_join_in_a_minute_is_held_back() -> None:
    assert [allowed(post()) for _ in range(6)] == [True] * 5 + [False]


def test_other_clients_go_on() -> None:
    for _ in range(6):
        allowed(post())
    assert allowed(post("192.0.2.2"))


def test_client_goes_on_after_a_minute_but_not_for_ever() -> None:
    with travel(1_700_000_000, tick=False) as clock:
        answers = []
        for _ in range(5):
            answers += [allowed(post()) for _ in range(5)]
            clock.shift(61)
        assert answers == [True] * 20 + [False] * 5
        clock.shift(600)
        assert allowed(post())


def test_ipv6_clients_are_counted_by_their_network() -> None:
    for number in range(5):
        allowed(post(f"2001:db8::{number}"))
    assert not allowed(post("2001:db8::ffff"))
    assert allowed(post("2001:db8:1::1"))


@pytest.mark.parametrize("address", ["", "unix:", "nonsense"])
def test_client_without_an_address_is_not_held_back(address: str) -> None:
    assert all(allowed(post(address)) for _ in range(10))


def test_forwarded_address_is_not_believed_without_a_proxy(settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = None
    assert client_address(post(**{"X-Forwarded-For": "198.51.100.7"})) == "192.0.2.1"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("10.9.9.9, 198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_behind_a_proxy_the_last_hop_counts(settings: Settings, header: str, address: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client_address(post(**{"X-Forwarded-For": header})) == address


def test_storage_that_is_down_holds_nobody_back_and_is_logged_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS = {"host": "127.0.0.1", "port": 1, "socket_connect_timeout": 0.2}
    with caplog.at_level(logging.ERROR, logger="campaigns.ratelimit"):
        assert all(allowed(post()) for _ in range(8))
    assert len(caplog.records) == 1
