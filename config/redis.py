"""Reads where Redis is, and checks it. Repeats no value, like `config.env`: one may hold a password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env

IMPATIENT: dict[str, Any] = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 30,
}


def redis(name: str) -> dict[str, Any] | None:
    """Keyword arguments for redis-py's client, or None when the variable is not set.

    Short time-outs and no retries: a web request must never wait for a broker that is down
    (redis-py's own ten retries take seconds). Raises ImproperlyConfigured.
    """
    value = env.text(name)
    if not value:
        return None
    try:
        return _options(value)
    except (ValueError, TypeError):
        raise ImproperlyConfigured(
            f"{name} must look like redis://host:6379/0 (or rediss://… with TLS, or unix:///path)."
        ) from None


def _options(value: str) -> dict[str, Any]:
    # Imported here: an installation without Redis need not load its client.
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.connection import SSLConnection, parse_url
    from redis.retry import Retry

    options = dict(parse_url(value))  # type: ignore[no-untyped-call]
    # What it says to a pool of connections has other names when said to a client.
    with_tls = options.pop("connection_class", None) is SSLConnection
    options |= {"ssl": with_tls, "unix_socket_path": options.pop("path", None)}
    if not options["unix_socket_path"] and "db" not in options and urlsplit(value).path.strip("/"):
        raise ValueError("db")
    options |= IMPATIENT | {"retry": Retry(NoBackoff(), 0)}
    # Connects to nobody yet, but knows its options.
    Redis(**options).close()
    return options
