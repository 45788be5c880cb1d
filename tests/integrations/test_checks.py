"""System checks: each wrong combination of settings has an id, and good ones are silent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core import checks as django_checks
from pytest_django import Settings

from integrations import checks

QUEUE: dict[str, Any] = {"timeout": 60, "retry": 240, "queue_limit": 2, "workers": 2}
SQLITE = "django.db.backends.sqlite3"


def ids(found: list[django_checks.CheckMessage]) -> list[str]:
    assert all(message.hint for message in found)
    return [str(message.id) for message in found]


def test_the_settings_as_shipped_are_good() -> None:
    assert checks.queue_never_starts_a_task_twice() == []
    assert checks.redis_with_sqlite() == []
    assert checks.intercom_addresses() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"timeout": None}, ["integrations.E001"]),
        ({"timeout": 0}, ["integrations.E001"]),
        ({"retry": 120}, ["integrations.E002"]),
        ({"retry": 121}, []),
        ({"workers": 1}, []),
        ({"workers": 1, "retry": 180}, ["integrations.E002"]),
        ({"queue_limit": 8, "workers": 1}, ["integrations.E002"]),
    ],
)
def test_a_task_must_not_start_twice(
    settings: Settings, changed: dict[str, Any], expected: list[str]
) -> None:
    settings.Q_CLUSTER = {**QUEUE, **changed}
    assert ids(checks.queue_never_starts_a_task_twice()) == expected


@pytest.mark.parametrize(
    ("redis", "database", "expected"),
    [
        (None, {"ENGINE": SQLITE}, []),
        ({"host": "x"}, {"ENGINE": "django.db.backends.postgresql"}, []),
        ({"host": "x"}, {"ENGINE": SQLITE, "OPTIONS": {"transaction_mode": "IMMEDIATE"}}, []),
        (
            {"host": "x"},
            {"ENGINE": SQLITE, "OPTIONS": {"transaction_mode": "DEFERRED"}},
            ["integrations.E003"],
        ),
        ({"host": "x"}, {"ENGINE": SQLITE}, ["integrations.E003"]),
    ],
)
def test_redis_with_sqlite_needs_immediate_transactions(
    monkeypatch: pytest.MonkeyPatch, redis: Any, database: dict[str, Any], expected: list[str]
) -> None:
    # Django warns when its own DATABASES is replaced.
    settings = SimpleNamespace(REDIS=redis, DATABASES={"default": database})
    monkeypatch.setattr(checks, "settings", settings)
    assert ids(checks.redis_with_sqlite()) == expected


@pytest.mark.parametrize(
    ("version", "engine", "expected"),
    [
        ((3, 32, 3), SQLITE, ["integrations.E005"]),
        ((3, 33, 0), SQLITE, []),
        ((3, 45, 1), SQLITE, []),
        ((3, 32, 3), "django.db.backends.postgresql", []),
    ],
)
def test_an_old_sqlite_is_named(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], engine: str, expected: list[str]
) -> None:
    settings = SimpleNamespace(DATABASES={"default": {"ENGINE": engine}})
    monkeypatch.setattr(checks, "settings", settings)
    monkeypatch.setattr("integrations.checks.sqlite3.sqlite_version_info", version)
    assert ids(checks.sqlite_is_new_enough()) == expected


@pytest.mark.parametrize("name", ["INTERCOM_API_URL", "INTERCOM_APP_URL"])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", []),
        ("https://intercom.example", []),
        ("http://127.0.0.1:9", []),
        ("http://[::1]:9", []),
        ("http://intercom.example", ["integrations.E004"]),
        ("http://127.0.0.1.example", ["integrations.E004"]),
    ],
)
def test_tokens_do_not_travel_in_the_clear(
    settings: Settings, name: str, address: str, expected: list[str]
) -> None:
    setattr(settings, name, address)
    assert ids(checks.intercom_addresses()) == expected


@pytest.mark.parametrize(
    ("client", "secret", "expected"), [("a", "", 1), ("", "b", 1), ("a", "b", 0), ("", "", 0)]
)
def test_an_app_has_an_id_and_a_secret(settings: Settings, client: str, secret: str, expected: int) -> None:
    settings.INTERCOM_CLIENT_ID, settings.INTERCOM_CLIENT_SECRET = client, secret
    assert ids(checks.intercom_addresses()) == ["integrations.W001"] * expected


@pytest.mark.parametrize(("switched_on", "expected"), [(True, ["integrations.W002"]), (False, [])])
def test_the_sandbox_is_not_for_production(
    settings: Settings, switched_on: bool, expected: list[str]
) -> None:
    settings.INTERCOM_SANDBOX = switched_on
    assert ids(checks.sandbox_in_production()) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("http://127.0.0.1:8000", ["integrations.W003"]), ("https://leads.example", [])],
)
def test_referral_links_need_a_public_address(settings: Settings, address: str, expected: list[str]) -> None:
    settings.PUBLIC_URL = address
    assert ids(checks.public_url_in_production()) == expected


@pytest.mark.parametrize(
    ("backend", "expected"), [("dummy", ["integrations.W004"]), ("smtp", []), ("console", [])]
)
def test_alerts_need_a_mail_server(settings: Settings, backend: str, expected: list[str]) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert ids(checks.mail_in_production()) == expected


def registered(*, deploying: bool) -> set[str]:
    found = django_checks.registry.registry.get_checks(include_deployment_checks=deploying)
    return {getattr(check, "__name__", "") for check in found}


def test_the_checks_are_registered() -> None:
    everyday = registered(deploying=False)
    assert {"queue_never_starts_a_task_twice", "redis_with_sqlite", "intercom_addresses"} <= everyday
    only_deploying = registered(deploying=True) - everyday
    assert {"sandbox_in_production", "public_url_in_production", "mail_in_production"} <= only_deploying
