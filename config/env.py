"""Reads the environment and checks it: each wrong or missing value is named, with what to do.

Knows nothing of Django's settings; `config.settings` calls it and only it. No message repeats a value that
may hold a secret.
"""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from pathlib import Path

MAKE_KEYS = "`python -m config.newenv` prints fresh ones"
SHORTEST_SECRET = 32
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SWITCH = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
LINE = re.compile(r"(export )?[A-Za-z_0-9]+=.*|\s*(#.*)?")


def read_file(base: Path) -> None:
    """Adds the variables of the file named by ENV_FILE (default: .env); the environment's own win.

    Raises ImproperlyConfigured when ENV_FILE names a file that is not there, or a line is no NAME=value.
    """
    named = os.environ.get("ENV_FILE")
    path = base / (named or ".env")
    if not path.exists():
        if named:
            raise ImproperlyConfigured(f"ENV_FILE names {named}, and there is no such file.")
        return
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise ImproperlyConfigured(f"{path} cannot be read as UTF-8 text ({type(err).__name__}).") from None
    for number, line in enumerate(content.splitlines(), start=1):
        # Said here without the line: django-environ would log it, and it may hold a secret.
        if not LINE.fullmatch(line) or "\0" in line:
            raise ImproperlyConfigured(f"{path}, line {number}: write NAME=value, with no space before =.")
    environ.Env.read_env(io.StringIO(content))


def text(name: str, default: str = "") -> str:
    """The value without spaces around it; a variable that is set to nothing counts as not set.

    Raises ImproperlyConfigured for bytes that are no UTF-8: no page could show them.
    """
    # django-environ would take a value that begins with $ for the name of another variable.
    value = os.environ.get(name, "").strip()
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ImproperlyConfigured(f"{name} is not UTF-8 text.") from None
    return value or default


def secret(name: str) -> str:
    """A value that has no default, and must be long enough to be one."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Put it into the environment or .env; {MAKE_KEYS}.")
    if len(value) < SHORTEST_SECRET:
        raise ImproperlyConfigured(f"{name} is shorter than {SHORTEST_SECRET} characters; {MAKE_KEYS}.")
    return value


def secrets(name: str) -> list[str]:
    """Secrets between commas, each long enough to be one; none where the variable is not set."""
    values = words(name)
    if any(len(value) < SHORTEST_SECRET for value in values):
        raise ImproperlyConfigured(f"{name}: each key takes at least {SHORTEST_SECRET} characters.")
    return values


def switch(name: str, *, default: bool = False) -> bool:
    """On or off, in several spellings."""
    value = text(name).lower()
    if value and value not in SWITCH:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes on or off.")
    return SWITCH.get(value, default)


def number(name: str, *, default: int, at_least: int, at_most: int) -> int:
    """A whole number within limits."""
    value = text(name)
    if not value:
        return default
    try:
        parsed = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a whole number.") from None
    if not at_least <= parsed <= at_most:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a number from {at_least} to {at_most}.")
    return parsed


def url(name: str, default: str = "") -> str:
    """An http or https address without a trailing slash, or "" where it may be left out."""
    value = text(name, default).rstrip("/")
    if value and not _is_address(value):
        raise ImproperlyConfigured(f"{name} takes an address such as https://example.com, without ? or #.")
    return value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        # A browser names a host with other letters in its other spelling (xn--…), so no other would be met.
        right = parts.scheme in {"http", "https"} and host and host.isascii() and parts.port != 0
    except ValueError:
        return False
    return bool(right) and not set(value) & set(" ?#@") and value.isprintable()


def email(name: str) -> str:
    """One email address, or "" where it may be left out."""
    value = text(name)
    if value and not re.fullmatch(r"[^\s@,<>?&]+@[^\s@,<>?&]+", value):
        raise ImproperlyConfigured(f"{name} takes one email address, such as help@example.com.")
    return value


def words(name: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def level(name: str, default: str) -> str:
    """The name of a log level."""
    value = text(name, default).upper()
    if value not in LEVELS:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes one of {', '.join(LEVELS)}.")
    return value


def time_zone(name: str, default: str) -> str:
    """A name from the time zone database."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a name such as Europe/Berlin.") from None
    return value


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
    value = text(name, default)
    if not value.startswith(DATABASE_SCHEMES):
        raise ImproperlyConfigured(f"{name} must begin with sqlite:/// or postgres://.")
    try:
        config = dict(environ.Env.db_url_config(value))
    except Exception:  # noqa: BLE001  (django-environ raises whatever the bad part makes it raise)
        raise ImproperlyConfigured(f"{name} cannot be read as a database address.") from None
    if config.get("ENGINE") == "django.db.backends.sqlite3":
        if value == "sqlite:///":
            # In memory that would be, of each process its own.
            raise ImproperlyConfigured(f"{name} names no file: sqlite:////path/to/file.")
        return config | SQLITE
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database: postgres://user:password@host/name.")
    # What the address itself asks for (CONN_MAX_AGE=0, sslmode=require, options=…) is last, so that it wins.
    asked = dict(config.get("OPTIONS", {}))
    asked["options"] = f"{LEFT_BEHIND} {asked.get('options', '')}".strip()
    return POSTGRESQL | config | {"OPTIONS": asked}


DATABASE_SCHEMES = ("sqlite:///", "sqlite://:memory:", "postgres://", "postgresql://")
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
# A worker that is stopped or lost in the middle of a transaction would hold its locks for hours.
LEFT_BEHIND = "-c idle_in_transaction_session_timeout=20000"
