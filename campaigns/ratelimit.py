"""Holds back a client that joins too many people at once. Never blocks anybody because it is itself broken.

Counts are kept in Redis when there is one, else in the memory of each web process.
"""

from __future__ import annotations

import ipaddress
import logging
from functools import lru_cache

import redis
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

logger = logging.getLogger(__name__)

# An office behind one address may sign up together; a program goes on and on.
LIMITS: list[RateLimitItem] = parse_many("5 per minute; 20 per 10 minutes")
RETRY_AFTER = 600
"""Seconds after which a held-back client may surely try again."""


def allowed(request: HttpRequest) -> bool:
    """Counts one join for the client's address and says whether it may go on.

    A client without an address, and every client while the storage is down, may.
    """
    client = client_address(request)
    return not client or _gate().allows(client)


def client_address(request: HttpRequest) -> str:
    """The client's address; for IPv6 its /64 network, all of which one client owns. "" if unknown.

    Behind a proxy of ours it is the last hop of X-Forwarded-For: earlier ones are the client's word.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rsplit(",", 1)[-1]
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


class Gate:
    """The limits and where their counts are kept; knows whether the storage works."""

    def __init__(self, storage: MemoryStorage | RedisStorage) -> None:
        self._limiter = MovingWindowRateLimiter(storage)
        self._broken = False

    def allows(self, client: str) -> bool:
        try:
            # The short window first: who is held back there does not use up the long one.
            held_back = any(not self._limiter.hit(limit, "join", client) for limit in LIMITS)
        except (StorageError, redis.RedisError, OSError):
            if not self._broken:
                logger.exception("The rate limit of the join page is off: its storage does not answer.")
            self._broken = True
            return True
        self._broken = False
        return not held_back


@lru_cache(maxsize=1)
def _gate() -> Gate:
    if not settings.REDIS:
        return Gate(MemoryStorage())
    # A person waits for this answer: give up soon.
    pool = redis.Redis(**{**settings.REDIS, "socket_timeout": 0.5}).connection_pool
    return Gate(RedisStorage("redis://", connection_pool=pool, wrap_exceptions=True))
