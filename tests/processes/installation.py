"""An installation of its own: a database, real worker processes, and the public commands to drive it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
PANEL = {
    "leads": {
        "action": "create_lead",
        "field_map": [
            {"data_type": "dynamic", "from": "lead.email", "to": "email"},
            {"data_type": "dynamic", "from": "lead.full_name", "to": "name"},
        ],
    }
}


@dataclass
class Installation:
    """`env` is the environment of its processes; `log` takes the worker's output."""

    env: dict[str, str]
    log: Path

    def manage(self, *arguments: str, text: str = "") -> str:
        """One management command; its standard output. Fails the test when the command does."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, code: str) -> str:
        """A few lines inside the installation, for what no public command does."""
        return self.manage("shell", "--verbosity", "0", "-c", code)

    def set_up(self, *, token: str, action: str = "create_lead") -> None:
        self.manage("migrate", "--verbosity", "0")
        self.manage("connect_intercom", text=token)
        self.manage("create_campaign", "spring", "--name", "Spring")
        panel = {"leads": {**PANEL["leads"], "action": action}}
        self.manage("settings_import", "spring", "-", text=json.dumps(panel))

    def total(self) -> dict[str, Any]:
        total: dict[str, Any] = json.loads(self.manage("sync_status", "--json"))["total"]
        return total

    @contextlib.contextmanager
    def worker(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A running cluster (or what `command` names) in a process group of its own; killed at the end."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *(command or ["qcluster"])],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """kill -9, the children too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def eventually(true: Callable[[], bool], *, within: float = 30.0, what: str = "") -> None:
    """Waits for something to become true; fails the test after `within` seconds."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {within} s: {what}")


@contextlib.contextmanager
def new_database(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database: beside DATABASE_URL's on PostgreSQL, else a file."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'installation.sqlite3'}"
        return
    name = f"installation_{uuid.uuid4().hex[:12]}"
    server = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as control:
        control.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            control.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextlib.contextmanager
def installation(tmp_path: Path, *, intercom_url: str, **extra: str) -> Iterator[Installation]:
    with new_database(tmp_path) as database:
        env = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "only-for-tests-" + "y" * 40,
            "FIELD_ENCRYPTION_KEYS": os.environ["FIELD_ENCRYPTION_KEYS"],
            "DATABASE_URL": database,
            "INTERCOM_API_URL": intercom_url,
            "INTERCOM_SEARCH_LAG": "2",
            **extra,
        }
        yield Installation(env, tmp_path / "worker.log")
