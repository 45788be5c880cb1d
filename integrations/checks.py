"""System checks for settings that would bite later, each with an id and a hint."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from integrations.services.alerts.recipients import can_mail

OLDEST_SQLITE = (3, 33, 0)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def connect() -> None:
    checks.register(queue_never_starts_a_task_twice, "integrations")
    checks.register(redis_with_sqlite, "integrations")
    checks.register(sqlite_is_new_enough, "integrations")
    checks.register(intercom_addresses, "integrations")
    checks.register(sandbox_in_production, "integrations", deploy=True)
    checks.register(public_url_in_production, "integrations", deploy=True)
    checks.register(mail_in_production, "integrations", deploy=True)


def queue_never_starts_a_task_twice(**_: Any) -> list[CheckMessage]:
    """django-q2 counts `retry` from the moment a task is taken off the queue, its wait in memory included."""
    queue: dict[str, Any] = settings.Q_CLUSTER
    timeout, retry = queue.get("timeout"), queue.get("retry", 60)
    if not timeout:
        return [Error("Q_CLUSTER has no timeout.", hint="Set timeout=60.", id="integrations.E001")]
    least = timeout * (1 + queue.get("queue_limit", 1) / queue.get("workers", 1))
    if retry > least:
        return []
    hint = f"Set retry above timeout * (1 + queue_limit / workers), here {least:.0f}."
    return [Error("Q_CLUSTER's retry is so short that tasks start twice.", hint=hint, id="integrations.E002")]


def redis_with_sqlite(**_: Any) -> list[CheckMessage]:
    """With deferred transactions, several clusters fire a schedule two to four times."""
    database = settings.DATABASES["default"]
    if not settings.REDIS or database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    if database.get("OPTIONS", {}).get("transaction_mode") == "IMMEDIATE":
        return []
    hint = "Set transaction_mode to IMMEDIATE, or use PostgreSQL."
    return [
        Error("A Redis broker with SQLite fires schedules several times.", hint=hint, id="integrations.E003")
    ]


def sqlite_is_new_enough(**_: Any) -> list[CheckMessage]:
    """Rows are changed by an UPDATE with a FROM. https://www.sqlite.org/lang_update.html#update_from"""
    sqlite = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    if not sqlite or sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return []
    hint = "Use a newer Python, or PostgreSQL."
    text = f"SQLite {sqlite3.sqlite_version} is too old: {'.'.join(map(str, OLDEST_SQLITE))} is needed."
    return [Error(text, hint=hint, id="integrations.E005")]


def intercom_addresses(**_: Any) -> list[CheckMessage]:
    """A token must not travel in the clear, unless it stays on this machine."""
    found: list[CheckMessage] = []
    for name in ("INTERCOM_API_URL", "INTERCOM_APP_URL"):
        parts = urlsplit(getattr(settings, name))
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            hint = "Use https, or an address on this machine."
            found.append(Error(f"{name} would send tokens unencrypted.", hint=hint, id="integrations.E004"))
    if bool(settings.INTERCOM_CLIENT_ID) != bool(settings.INTERCOM_CLIENT_SECRET):
        hint = "Both come from the same page of Intercom's Developer Hub."
        text = "Only one of INTERCOM_CLIENT_ID and INTERCOM_CLIENT_SECRET is set."
        found.append(Warning(text, hint=hint, id="integrations.W001"))
    return found


def sandbox_in_production(**_: Any) -> list[CheckMessage]:
    if not settings.INTERCOM_SANDBOX:
        return []
    hint = "Unset INTERCOM_SANDBOX: leads sent to the sandbox never reach Intercom."
    return [Warning("The sandbox is switched on.", hint=hint, id="integrations.W002")]


def public_url_in_production(**_: Any) -> list[CheckMessage]:
    if urlsplit(settings.PUBLIC_URL).hostname not in LOOPBACK:
        return []
    hint = "Set PUBLIC_URL to the address people use: referral links are made of it."
    return [Warning("PUBLIC_URL is an address of this machine only.", hint=hint, id="integrations.W003")]


def mail_in_production(**_: Any) -> list[CheckMessage]:
    if can_mail():
        return []
    hint = "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587."
    return [Warning("Alerts cannot be mailed: no mail server is set.", hint=hint, id="integrations.W004")]
