"""Reads the environment and checks it: each wrong or missing value is named, with what to do.

Knows nothing of Django's settings; `config.settings` calls it and only it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from pathlib import Path

env = environ.Env()

MAKE_KEYS = "`python -m config.newenv` prints fresh ones"


def read_file(base: Path) -> None:
    """Adds the variables of the file named by ENV_FILE (default: .env); the environment's own win.

    Raises ImproperlyConfigured when ENV_FILE names a file that is not there.
    """
    named = os.environ.get("ENV_FILE")
    path = base / (named or ".env")
    if named and not path.exists():
        raise ImproperlyConfigured(f"ENV_FILE names {named}, and there is no such file.")
    if path.exists():
        environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    return cast("str", env.str(name, default=default)).strip()


def secret(name: str) -> str:
    """A value that has no default, and must be long enough to be one."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Put it into the environment or .env; {MAKE_KEYS}.")
    if len(value) < 32:
        raise ImproperlyConfigured(f"{name} is shorter than 32 characters; {MAKE_KEYS}.")
    return value


def switch(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes on or off.")


def number(name: str, *, default: int, at_least: int, at_most: int) -> int:
    value = text(name)
    if not value:
        return default
    try:
        parsed = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a whole number.") from None
    if not at_least <= parsed <= at_most:
        raise ImproperlyConfigured(f"{name} is {parsed}; it takes a number from {at_least} to {at_most}.")
    return parsed


def url(name: str, default: str = "") -> str:
    """An http or https address without a trailing slash, or "" where it may be left out."""
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        wrong = bool(value) and (parts.scheme not in {"http", "https"} or not parts.hostname)
    except ValueError:
        wrong = True
    if wrong:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes an address such as https://example.com.")
    return value


def words(name: str) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()]


def encryption_keys(name: str) -> list[str]:
    """Fernet keys, newest first: the first encrypts, all decrypt."""
    keys = words(name)
    if not keys:
        raise ImproperlyConfigured(f"{name} is not set: tokens are stored encrypted. {MAKE_KEYS}.")
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name}: key {position} of {len(keys)} is not a Fernet key "
                f"(32 bytes in URL-safe base64); {MAKE_KEYS}."
            ) from None
    return keys


def database(name: str, default: str) -> dict[str, Any]:
    """Django's settings for one database: SQLite or PostgreSQL, tuned for a web and a worker process."""
    value = text(name) or default
    try:
        config = dict(environ.Env.db_url_config(value))
    except Exception as err:  # django-environ raises whatever the bad part of the address makes it raise
        raise ImproperlyConfigured(f"{name} cannot be read as a database address.") from err
    engine = config.get("ENGINE", "")
    if engine == "django.db.backends.sqlite3":
        return config | SQLITE
    if engine == "django.db.backends.postgresql":
        return config | POSTGRESQL
    raise ImproperlyConfigured(f"{name} must begin with sqlite:/// or postgres://.")


SQLITE: dict[str, Any] = {
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        # A writer waits for the other writer instead of failing; readers never wait (WAL).
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
# Persistent connections, and never psycopg's pool: it breaks under qcluster's fork.
POSTGRESQL: dict[str, Any] = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def redis(name: str) -> dict[str, Any] | None:
    """Keyword arguments for redis-py, or None when the variable is not set.

    Short time-outs and no retries: a web request must never wait for a broker that is down
    (redis-py's own ten retries take seconds).
    """
    value = text(name)
    if not value:
        return None
    from redis.backoff import NoBackoff
    from redis.connection import parse_url
    from redis.retry import Retry

    try:
        options = dict(parse_url(value))  # type: ignore[no-untyped-call]
    except ValueError:
        raise ImproperlyConfigured(f"{name} must look like redis://host:6379/0.") from None
    return {
        **options,
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": 0.5,
        "socket_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 30,
    }
