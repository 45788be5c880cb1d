"""Reads how e-mail is sent, and checks it. Repeats no value, like `config.env`: one may hold a password."""

from __future__ import annotations

from dataclasses import dataclass

import environ
from django.core.exceptions import ImproperlyConfigured

from config import env

NONE = "django.core.mail.backends.dummy.EmailBackend"
CONSOLE = "consolemail"
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 587, "smtp+ssl": 465}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Mail:
    """The values of Django's settings of the same names."""

    backend: str = NONE
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False


def mail(name: str, default: str = "") -> Mail:
    """How e-mail leaves: by SMTP, to the console, or (not set) not at all.

    Raises ImproperlyConfigured for an address that names no server, or would give a password away.
    """
    value = env.text(name, default)
    if not value:
        return Mail()
    scheme = value.partition("://")[0]
    if scheme not in {*PORTS, CONSOLE} or "://" not in value:
        raise ImproperlyConfigured(
            f"{name} must begin with smtp+tls://, smtp+ssl:// or smtp:// (or be consolemail://, for trying)."
        )
    try:
        found = environ.Env.email_url_config(value)
        host, port = found["EMAIL_HOST"] or "", found["EMAIL_PORT"] or PORTS.get(scheme, 25)
    except Exception:  # noqa: BLE001  (django-environ raises whatever the bad part makes it raise)
        raise ImproperlyConfigured(
            f"{name} cannot be read: smtp+tls://user:password@host:587, with special characters as %40."
        ) from None
    if scheme != CONSOLE and not host:
        raise ImproperlyConfigured(f"{name} names no server: smtp+tls://user:password@host:587.")
    password = found["EMAIL_HOST_PASSWORD"] or ""
    if scheme == "smtp" and password and host not in LOOPBACK:
        raise ImproperlyConfigured(f"{name} would send its password unencrypted: use smtp+tls://.")
    return Mail(
        backend=found["EMAIL_BACKEND"],
        host=host,
        port=port,
        user=found["EMAIL_HOST_USER"] or "",
        password=password,
        use_tls=found.get("EMAIL_USE_TLS", False),
        use_ssl=found.get("EMAIL_USE_SSL", False),
    )
