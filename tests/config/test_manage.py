"""manage.py as somebody meets it whose settings are wrong: one sentence, and a status that says so."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cr3t-that-nobody-may-see"


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs manage.py with good settings but for those given."""
    return run([sys.executable, str(ROOT / "manage.py"), *arguments], **variables)


def run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    good = {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "x" * 50,
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": "sqlite://:memory:",
    }
    variables = kept | good | variables
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("FIELD_ENCRYPTION_KEYS", SECRET),
        ("DATABASE_URL", f"mysql://user:{SECRET}@host/name"),
        ("REDIS_URL", f"http://:{SECRET}@host"),
        ("LOG_LEVEL", "LOUD"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("ENV_FILE", "missing.env"),
    ],
)
def test_a_wrong_setting_is_one_sentence(name: str, value: str) -> None:
    done = manage("check", **{name: value})
    (line,) = done.stderr.splitlines()
    assert line.startswith("Wrong setting: ")
    assert name in line
    assert SECRET not in done.stdout + done.stderr
    assert done.returncode == 1


def test_a_command_of_ours_says_it_as_well() -> None:
    done = manage("sync_status", WORKERS="many")
    assert done.stderr == "Wrong setting: WORKERS is 'many'; it takes a whole number.\n"


def test_a_migration_that_fails_is_not_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "taken.sqlite3"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE campaigns_campaign (id integer)")
    done = manage("migrate", DATABASE_URL=f"sqlite:///{file}")
    assert done.returncode == 1
    assert "has `migrate` been run" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("`migrate` did not go through: table ")


def test_good_settings_are_checked_without_a_complaint() -> None:
    done = manage("check")
    assert (done.returncode, done.stderr) == (0, "")


CODE_OF_ANOTHER = """
import os, pathlib

def refused(*_):
    raise PermissionError

os.mkdir, pathlib.Path.is_dir = refused, lambda path: False
import config.settings
"""


def test_code_that_the_service_may_not_write_to_is_enough() -> None:
    done = run([sys.executable, "-c", CODE_OF_ANOTHER], DATABASE_URL="postgres:///leads")
    assert (done.returncode, done.stderr) == (0, "")
