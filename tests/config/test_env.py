"""What is wrong in the environment is named, with what to do, and no secret is repeated."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.newenv import new_env

SECRET = "s3cr3t-that-nobody-may-see"


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The message for a value of the variable NAME."""

    def message(read: Callable[..., Any], value: str | None, **options: Any) -> str:
        if value is None:
            monkeypatch.delenv("NAME", raising=False)
        else:
            monkeypatch.setenv("NAME", value)
        with pytest.raises(ImproperlyConfigured) as failed:
            read("NAME", **options)
        assert SECRET not in str(failed.value)
        assert failed.value.__suppress_context__ or failed.value.__context__ is None
        return str(failed.value)

    return message


def set_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NAME", value)


@pytest.mark.parametrize(
    ("value", "what"), [(None, "is not set"), ("", "is not set"), ("  ", "is not set"), (SECRET, "shorter")]
)
def test_a_secret_must_be_there_and_long(refused: Callable[..., str], value: str | None, what: str) -> None:
    message = refused(env.secret, value)
    assert message.startswith("NAME")
    assert what in message
    assert "python -m config.newenv" in message


def test_replaced_secrets_are_several_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    set_name(monkeypatch, f" {'x' * 40}, {'y' * 40},")
    assert env.secrets("NAME") == ["x" * 40, "y" * 40]
    set_name(monkeypatch, "")
    assert env.secrets("NAME") == []


@pytest.mark.parametrize("value", [SECRET, f"{'x' * 40},{SECRET}"])
def test_each_replaced_secret_must_be_long(refused: Callable[..., str], value: str) -> None:
    assert refused(env.secrets, value) == "NAME: each key takes at least 32 characters."


@pytest.mark.parametrize("read", [env.text, env.secret, env.words, env.email, env.url, env.encryption_keys])
def test_bytes_that_are_no_text_are_refused(refused: Callable[..., str], read: Callable[..., Any]) -> None:
    """As a terminal with another character set sends them."""
    assert refused(read, os.fsdecode(SECRET.encode() * 2 + b"\xfc")) == "NAME is not UTF-8 text."


def test_a_secret_may_begin_with_a_dollar_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    set_name(monkeypatch, "$" + "x" * 40)
    assert env.secret("NAME") == "$" + "x" * 40


@pytest.mark.parametrize("value", ["maybe", "2", "an"])
def test_a_switch_takes_on_or_off(refused: Callable[..., str], value: str) -> None:
    assert refused(env.switch, value) == f"NAME is {value!r}; it takes on or off."


@pytest.mark.parametrize(
    ("value", "expected"), [("ON", True), ("1", True), ("no", False), ("off", False), ("", True)]
)
def test_a_switch_is_read_in_several_spellings(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    set_name(monkeypatch, value)
    assert env.switch("NAME", default=True) is expected


@pytest.mark.parametrize(
    ("value", "what"),
    [("many", "whole number"), ("1.5", "whole number"), ("0", "from 1 to 9"), ("10", "from 1 to 9")],
)
def test_a_number_is_whole_and_within_its_limits(refused: Callable[..., str], value: str, what: str) -> None:
    assert what in refused(env.number, value, default=1, at_least=1, at_most=9)


def test_an_enormous_number_is_refused_without_a_traceback(refused: Callable[..., str]) -> None:
    assert "whole number" in refused(env.number, "9" * 5000, default=1, at_least=1, at_most=9)


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "ftp://example.com",
        "https://",
        "https://[::1",
        "https://example.com:port",
        "https://example.com:99999",
        "https://example.com/?a=b",
        f"https://user:{SECRET}@example.com",
        f"postgres://user:{SECRET}@host/name",
        "https://exa mple.com",
        "https://ü.example",
    ],
)
def test_an_address_must_be_one(refused: Callable[..., str], value: str) -> None:
    message = refused(env.url, value)
    assert message.startswith("NAME")
    assert "https://example.com" in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://example.com/", "https://example.com"),
        ("http://[::1]:8000/app//", "http://[::1]:8000/app"),
        ("", "https://default.example"),
    ],
)
def test_an_address_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    set_name(monkeypatch, value)
    assert env.url("NAME", "https://default.example") == expected


@pytest.mark.parametrize("value", ["LOUD", "10"])
def test_a_log_level_must_be_known(refused: Callable[..., str], value: str) -> None:
    assert "DEBUG, INFO" in refused(env.level, value, default="INFO")


@pytest.mark.parametrize("value", ["Mars/Olympus", "../../etc/passwd", "/etc", "Europe"])
def test_a_time_zone_must_be_known(refused: Callable[..., str], value: str) -> None:
    assert "Europe/Berlin" in refused(env.time_zone, value, default="UTC")


@pytest.mark.parametrize("value", [None, "", " , "])
def test_encryption_keys_must_be_there(refused: Callable[..., str], value: str | None) -> None:
    assert "stored encrypted" in refused(env.encryption_keys, value)


@pytest.mark.parametrize("wrong", [SECRET, SECRET * 2, "é" * 44])
def test_a_wrong_encryption_key_is_counted_not_shown(refused: Callable[..., str], wrong: str) -> None:
    message = refused(env.encryption_keys, f"{Fernet.generate_key().decode()},{wrong}")
    assert message.startswith("NAME: key 2 of 2 is not a Fernet key")
    assert wrong not in message


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (f"mysql://user:{SECRET}@host/name", "must begin with"),
        (f"user:{SECRET}@host/name", "must begin with"),
        ("somewhere", "must begin with"),
        ("sqlite:/relative", "must begin with"),
        ("sqlite:///", "names no file"),
        (f"postgres://user:{SECRET}@host", "names no database"),
        (f"postgres://user:{SECRET}@host/", "names no database"),
        (f"postgres://user:{SECRET}@host:port/name", "cannot be read"),
        (f"postgres://user:{SECRET}@[::1/name", "cannot be read"),
    ],
)
def test_a_database_address_must_be_one(refused: Callable[..., str], value: str, what: str) -> None:
    assert what in refused(env.database, value, default="sqlite:///x")


def test_postgresql_keeps_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    set_name(monkeypatch, "postgresql://ana:p%40ss@db.example:5433/leads?sslmode=require")
    found = env.database("NAME", "")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == (
        "ana",
        "p@ss",
        "db.example",
        5433,
    )
    assert found["OPTIONS"] == {
        "sslmode": "require",
        "options": "-c idle_in_transaction_session_timeout=20000",
    }
    assert found["CONN_HEALTH_CHECKS"] is True


def test_what_the_address_asks_of_the_server_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    own = "-c%20idle_in_transaction_session_timeout%3D60000"
    set_name(monkeypatch, f"postgres://ana@db.example/leads?options={own}")
    options = env.database("NAME", "")["OPTIONS"]["options"]
    assert options.split("-c ")[1:] == [
        "idle_in_transaction_session_timeout=20000 ",
        "idle_in_transaction_session_timeout=60000",
    ]


def test_the_address_may_say_how_long_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    set_name(monkeypatch, "postgres://ana@db.example/leads?CONN_MAX_AGE=0&DISABLE_SERVER_SIDE_CURSORS=True")
    found = env.database("NAME", "")
    assert (found["CONN_MAX_AGE"], found["DISABLE_SERVER_SIDE_CURSORS"]) == (0, True)
    assert found["CONN_HEALTH_CHECKS"] is True


def test_sqlite_lets_a_writer_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAME", raising=False)
    found = env.database("NAME", "sqlite:////data/a b.sqlite3")
    assert found["NAME"] == "/data/a b.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ENV_FILE", "missing.env")
    with pytest.raises(ImproperlyConfigured, match=r"ENV_FILE names missing\.env"):
        env.read_file(tmp_path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (f"DEBUG=on\nSECRET KEY={SECRET}".encode(), "line 2"),
        (f"NAME = {SECRET}".encode(), "line 1"),
        (SECRET.encode(), "line 1"),
        (b"NAME=\xff", "UTF-8"),
        (f"A=1\nNAME={SECRET}\0".encode(), "line 2"),
    ],
)
def test_a_line_that_is_no_setting_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    content: bytes,
    what: str,
) -> None:
    monkeypatch.delenv("ENV_FILE", raising=False)
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=what) as failed:
        env.read_file(tmp_path)
    assert SECRET not in str(failed.value) + "".join(capfd.readouterr())


def test_a_folder_is_no_settings_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ENV_FILE", ".")
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env.read_file(tmp_path)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ENV_FILE", raising=False)
    monkeypatch.setenv("NAME", "environment")
    monkeypatch.setenv("OTHER", "")
    monkeypatch.delenv("OTHER")
    (tmp_path / ".env").write_text("# ours\n\nNAME=file\nexport OTHER='from file'\n")
    env.read_file(tmp_path)
    assert (env.text("NAME"), env.text("OTHER")) == ("environment", "from file")


def test_no_file_is_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ENV_FILE", raising=False)
    monkeypatch.setenv("NAME", "as before")
    env.read_file(tmp_path)
    assert env.text("NAME") == "as before"


def test_fresh_keys_are_taken_as_they_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in new_env().splitlines():
        name, _sign, value = line.partition("=")
        monkeypatch.setenv(name, value)
    assert len(env.encryption_keys("FIELD_ENCRYPTION_KEYS")) == 1
    assert len(env.secret("SECRET_KEY")) >= env.SHORTEST_SECRET


def test_fresh_keys_are_never_the_same() -> None:
    assert not set(new_env().splitlines()) & set(new_env().splitlines())
