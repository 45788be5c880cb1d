"""The environment: any value of any variable makes settings that make sense, or one clear error."""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from hypothesis import event, given
from hypothesis import strategies as st
from redis import Redis

from config import env
from tests.fuzz.strange import TEXTS, raw
from tests.fuzz.trying import examples

SETTINGS = str(Path(__file__).resolve().parents[2] / "config" / "settings.py")
NEEDED = {
    "SECRET_KEY": "only-for-tests-" + "x" * 40,
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "ENV_FILE": os.devnull,
}
NAMES = (
    *(
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "FIELD_ENCRYPTION_KEYS",
        "DEBUG",
        "DATABASE_URL",
        "REDIS_URL",
        "PUBLIC_URL",
    ),
    *("ALLOWED_HOSTS", "BEHIND_PROXY", "INTERCOM_CLIENT_ID", "INTERCOM_CLIENT_SECRET", "INTERCOM_API_URL"),
    *("INTERCOM_APP_URL", "INTERCOM_SEARCH_LAG", "INTERCOM_SANDBOX", "INTERCOM_SANDBOX_FILE", "EMAIL_URL"),
    *("SOURCE_SYSTEM_NAME", "SUPPORT_EMAIL", "DEFAULT_FROM_EMAIL", "KEEP_PAYLOADS_DAYS", "TIME_ZONE"),
    *("KEEP_ATTEMPTS_DAYS", "LOG_LEVEL", "WORKERS", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS"),
)
NEARLY = (
    *("postgres://u:p@h:5432/n", "postgres://u:p@h:x/n", "postgres://[::1/n", "postgres://h/n?options=%zz"),
    *(
        "sqlite:///",
        "sqlite:///x?y=1",
        "sqlite://:memory:",
        "redis://h:x/0",
        "redis://h:6379/x",
        "rediss://h",
    ),
    *("https://x.com:99999", "https://[::1", "http://", "https://ü.com", "https://x.com/ä", "HTTPS://X.COM"),
    *(
        "smtp://u:p@h:x",
        "smtp+tls://[h",
        "smtp+tls://u%zz@h",
        "consolemail://",
        "Europe/Berlin",
        "../UTC",
        "UTC\n",
    ),
    *(
        "unix:///x?db=9",
        "redis://h?socket_timeout=x",
        "redis://h?unknown=1",
        "postgres://h/n?port=x",
        "$SECRET",
    ),
)
values = (st.sampled_from(TEXTS + NEARLY) | st.text(st.characters(codec=None), max_size=20)).map(
    # What an operating system can hold: no NUL, and half characters only for bytes that are no UTF-8.
    lambda text: (
        os.fsdecode(text.replace("\0", "").encode("utf-8", "replace"))
        + ("\udcff" if "\ud800" in text else "")
    )
)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({**NEEDED, **variables})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def check(found: Mapping[str, Any]) -> None:
    """Every text can be shown and signed with, and what is used later can be used."""
    for value in found.values():
        if isinstance(value, str):
            value.encode()
    assert found["DATABASES"]["default"]["NAME"]
    assert found["PUBLIC_URL"].isprintable()
    if found["REDIS"]:
        Redis(**found["REDIS"]).connection_pool.make_connection()


def load(variables: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The settings, or what is wrong with the environment."""
    with environment(variables):
        try:
            return runpy.run_path(SETTINGS), ""
        except ImproperlyConfigured as error:
            return {}, str(error)


@examples(40)
@given(variables=st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=2))
def test_any_value_is_used_or_named_in_one_clear_line(variables: dict[str, str]) -> None:
    found, wrong = load(variables)
    event("used" if found else "refused")
    if found:
        check(found)
    else:
        assert len(wrong.splitlines()) == 1
        assert any(name in wrong for name in variables)
        wrong.encode()


@examples(25)
@given(
    content=raw
    | st.sampled_from(NAMES).flatmap(lambda name: raw.map(lambda value: f"{name}=".encode() + value))
)
def test_any_file_is_read_or_its_line_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "env"
    path.write_bytes(content)
    with environment({"ENV_FILE": str(path)}):
        try:
            env.read_file(tmp_path)
            wrong = ""
        except ImproperlyConfigured as error:
            wrong = str(error)
    assert not wrong or str(path) in wrong
