"""Seals secrets for the database and opens them again. The first key seals; every key opens."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadableError(Exception):
    """None of FIELD_ENCRYPTION_KEYS opens the stored secret."""


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def seal(secret: str) -> str:
    """The secret encrypted under the newest key; "" for ""."""
    return _keys().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """The secret, or "" for "". Raises SecretUnreadableError."""
    return _opened(sealed, _keys().decrypt)


def unseal_often(sealed: str) -> str:
    """`unseal` for what each request needs: the latest are remembered in this process, by their sealed text.

    Another secret, or another key, is another text; so nothing that was replaced is ever given.
    """
    return _remembered(sealed, tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=64)
def _remembered(sealed: str, _keys: tuple[str, ...]) -> str:
    return unseal(sealed)


def reseal(sealed: str) -> str:
    """The same secret under the newest key, or "" for "". Raises SecretUnreadableError."""
    return _opened(sealed, _keys().rotate)


def _opened(sealed: str, work: Callable[[bytes], bytes]) -> str:
    if not sealed:
        return ""
    try:
        return work(sealed.encode()).decode()
    except InvalidToken:
        raise SecretUnreadableError("no key in FIELD_ENCRYPTION_KEYS opens this secret") from None
