"""The stage: PostgreSQL, a pretend Intercom as a process, and the product as `supervise --web` runs it."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from integrations.sandbox.control import Sandbox
from tests.bench.site import postgresql
from tests.processes.installation import ROOT, Installation, eventually
from tests.soak import past, proc, setting
from tests.soak.database import Database
from tests.soak.pages import Visitor
from tests.soak.vendor import DOUBT, WORKSPACE, Vendor

STOPS_WITHIN = 120.0
ANSWERS_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that plays. `root` is the supervisor's process id; `log` takes what the product says."""

    site: Installation
    root: int
    vendor: Vendor
    database: Database
    visitor: Visitor

    @property
    def log(self) -> Path:
        return self.site.log


@contextlib.contextmanager
def stage(folder: Path, *, earlier: int) -> Iterator[Stage]:
    """Set up, with so many people of earlier weeks, running and quiet. At the end everything is stopped and
    the database dropped."""
    url = f"http://127.0.0.1:{_free_port()}"
    password = secrets.token_hex(8)
    with contextlib.ExitStack() as stack:
        vendor = Vendor(stack.enter_context(_sandbox(folder / "sandbox.sqlite3")))
        address = stack.enter_context(postgresql())
        site = Installation(_environment(address, url=url, api=vendor.sandbox.url), folder / "product.log")
        token = vendor.open()
        path = setting.prepare(site, token=token, password=password)
        vendor.sandbox.subscribe(f"{url}{path}", setting.WEBHOOK_SECRET, workspace=WORKSPACE)
        database = stack.enter_context(contextlib.closing(Database(address)))
        with _supervised(site, url=url):
            eventually(lambda: _answers(url), within=ANSWERS_WITHIN, what="the web server")
            past.join_few(site, vendor, database)
        past.make_many(site, vendor, database, people=earlier)
        database.begin()
        process = stack.enter_context(_supervised(site, url=url))
        eventually(lambda: _answers(url), within=ANSWERS_WITHIN, what="the web server")
        visitor = Visitor(url, login=setting.LOGIN, password=password)
        yield Stage(site, process.pid, vendor, database, stack.enter_context(contextlib.closing(visitor)))


@contextlib.contextmanager
def joining(site: Installation, *, rate: float) -> Iterator[subprocess.Popen[str]]:
    """The process in which leads join; `end_joining` ends it well."""
    code = f"from tests.soak.joining import main; main({setting.SLUG!r}, {rate})"
    with (
        site.log.open("a") as log,
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
            cwd=ROOT,
            env=site.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def end_joining(process: subprocess.Popen[str]) -> int:
    """How many have joined."""
    out, _ = process.communicate(timeout=STOPS_WITHIN)
    return int(out)


def _environment(database: str, *, url: str, api: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_hex(32),
        "FIELD_ENCRYPTION_KEYS": setting.fresh_key(),
        "DATABASE_URL": database,
        "PUBLIC_URL": url,
        "INTERCOM_API_URL": api,
        "INTERCOM_SEARCH_LAG": str(DOUBT),
        "LOG_LEVEL": "WARNING",
    }


@contextlib.contextmanager
def _supervised(site: Installation, *, url: str) -> Iterator[subprocess.Popen[bytes]]:
    bind = url.removeprefix("http://")
    with site.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "supervise", "--web", "--bind", bind],
            cwd=ROOT,
            env=site.env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """As systemd does: asked, waited for, and what is left then is killed, groups of their own and all."""
    family = [one.pid for one in proc.below(process.pid)]
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOPS_WITHIN)
    if process.poll() is None:
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def _sandbox(path: Path) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "integrations.sandbox.server", "--file", str(path), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with contextlib.closing(Sandbox(path, url=process.stdout.readline().strip())) as sandbox:
                yield sandbox
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        time.sleep(0.3)
        return False
