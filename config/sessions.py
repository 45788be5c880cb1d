"""Sessions in the database, of which nothing is looked up by what can't be the key of one."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS

LENGTH = 32


class SessionStore(db.SessionStore):
    """A cookie may hold anything at all, and PostgreSQL fails at a NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and len(key or "") == LENGTH and set(key or "") <= set(VALID_KEY_CHARS)
