"""How e-mail leaves: what cannot work is named at the start, and no password is repeated or given away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.mail import NONE, Mail, mail
from integrations.services.alerts import recipients

SECRET = "s3cr3t"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def read(monkeypatch: pytest.MonkeyPatch, value: str, default: str = "") -> Mail:
    monkeypatch.setenv("EMAIL_URL", value)
    return mail("EMAIL_URL", default)


@pytest.mark.parametrize("value", ["", "  "])
def test_unset_it_leaves_nowhere(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert read(monkeypatch, value).backend == NONE == recipients.NO_MAIL


def test_while_trying_things_out_it_goes_to_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, "", "consolemail://").backend == CONSOLE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            f"smtp+tls://us%40x.com:{SECRET}%2F@mail.x.com:2525",
            {
                "host": "mail.x.com",
                "port": 2525,
                "user": "us@x.com",
                "password": f"{SECRET}/",
                "use_tls": True,
            },
        ),
        ("smtp+tls://mail.x.com", {"port": 587, "use_tls": True, "use_ssl": False}),
        ("smtp+ssl://mail.x.com", {"port": 465, "use_tls": False, "use_ssl": True}),
        ("smtp://mail.x.com", {"port": 25, "use_tls": False, "user": "", "password": ""}),
        (f"smtp://us:{SECRET}@localhost:1025", {"port": 1025, "password": SECRET}),
    ],
)
def test_an_address_is_read(monkeypatch: pytest.MonkeyPatch, value: str, expected: dict[str, Any]) -> None:
    found = read(monkeypatch, value)
    assert found.backend == SMTP
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (f"mail.x.com:{SECRET}", "must begin with"),
        (f"https://us:{SECRET}@mail.x.com", "must begin with"),
        ("smtp+tls", "must begin with"),
        (f"filemail:///{SECRET}", "must begin with"),
        ("smtp+tls://", "names no server"),
        (f"smtp+tls://us:{SECRET}@:587", "names no server"),
        (f"smtp+tls://us:{SECRET}/x@mail.x.com:587", "cannot be read"),
        (f"smtp+tls://us:{SECRET}@mail.x.com:99999", "cannot be read"),
        (f"smtp+tls://us:{SECRET}@[::1", "cannot be read"),
        (f"smtp://us:{SECRET}@mail.x.com", "unencrypted"),
    ],
)
def test_what_cannot_work_is_named_without_the_password(
    monkeypatch: pytest.MonkeyPatch, value: str, part: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as failed:
        read(monkeypatch, value)
    assert str(failed.value).startswith("EMAIL_URL")
    assert part in str(failed.value)
    assert SECRET not in str(failed.value)
    assert failed.value.__suppress_context__ or failed.value.__context__ is None
