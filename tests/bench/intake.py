"""Webhooks: how fast they are taken in, against a bare view that stores one row; how soon they are used."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any

from integrations.intercom.webhooks import sign
from tests.bench.figures import Figure, Target, ratios
from tests.bench.setting import Setting, in_turn, say
from tests.bench.site import Database
from tests.processes.installation import ROOT, Installation, eventually

THREADS = 8
SECRET = "only-for-the-bench"
SHARE = Target(at_least=0.5)
SOON = Target(at_most=5)
PREPARE = (
    # Else the worker also sends what an earlier measure has left.
    "from tests.bench.backlog import clear; clear(); "
    "from integrations.models import IntercomConnection as C, WebhookReceipt as R; c = C.objects.get(); "
    f"c.webhook_secret = {SECRET!r}; c.save(); R.objects.all().delete(); print(c.uuid, c.workspace_id)"
)
LEFT = (
    "from integrations.models import WebhookReceipt as R; rows = R.objects.all(); "
    "print(rows.filter(state='new').count(), rows.count(), rows.filter(used_at=None).count())"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A web server of the product, and the private address of its one workspace."""

    port: int
    address: str
    workspace_id: str

    def load(self, path: str, *, count: int) -> float:
        """Notifications a second that many threads get answered, each over one connection that is kept."""
        since = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(partial(self._some, path, count // THREADS), range(THREADS)))
        return count / (time.perf_counter() - since)

    def _some(self, path: str, count: int, thread: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        for number in range(count):
            body = _body(self.workspace_id, name=f"{time.monotonic_ns()}-{thread}-{number}")
            headers = {"Content-Type": "application/json", "X-Hub-Signature": sign(body, secret=SECRET)}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        connection.close()


def measure(setting: Setting) -> Iterator[Figure]:
    for database in setting.databases:
        yield from _on(setting, database)


def _on(setting: Setting, database: Database) -> Iterator[Figure]:
    count = setting.size.backlog // THREADS * THREADS
    say(f"webhooks on {database.value}: {count} a round, {setting.size.rounds} rounds")
    installation = setting.site(database)
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    with _serving(installation) as server, installation.worker():
        paths = {"bare": "/bare/", "ours": server.address}
        for path in paths.values():
            server.load(path, count=THREADS)
        cases = [partial(_case, server, path, count, rates[name]) for name, path in paths.items()]
        in_turn(cases, rounds=setting.size.rounds)
        since = time.perf_counter()
        eventually(lambda: installation.python(LEFT).split()[0] == "0", within=60, what="every receipt used")
        emptied = time.perf_counter() - since
        _left, kept, unused = map(int, installation.python(LEFT).split())
    lost = count * setting.size.rounds + THREADS - kept
    setting.check(f"webhooks, {database.value}", found={"not kept": lost, "not looked at": unused})
    name = f"webhooks, {database.value}"
    yield Figure(f"{name}: taken in / bare view", ratios(rates["ours"], rates["bare"]), SHARE)
    yield Figure(f"{name}: a second", rates["ours"])
    yield Figure(f"{name}: all used, s after the last", [emptied], SOON)


def _case(server: Server, path: str, count: int, into: list[float]) -> None:
    into.append(server.load(path, count=count))


def _body(workspace_id: str, *, name: str) -> bytes:
    contact: dict[str, Any] = {
        "type": "contact",
        "id": f"stranger-{name}"[:64],
        "role": "user",
        "updated_at": 1_700_000_000,
    }
    contact["custom_attributes"] = {"plan": "Pro", **{f"attribute_{n}": "value" * 5 for n in range(30)}}
    data = {"type": "notification_event_data", "item": contact}
    whole = {"type": "notification_event", "app_id": workspace_id, "id": f"notif_{name}", "data": data}
    return json.dumps({**whole, "topic": "contact.user.updated", "created_at": 1_700_000_000}).encode()


@contextmanager
def _serving(installation: Installation) -> Iterator[Server]:
    """gunicorn with one process, as `supervise --web` runs it."""
    uuid, workspace_id = installation.python(PREPARE).split()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--bind", f"127.0.0.1:{port}", "--threads", str(THREADS), "--log-level", "error"]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", *options]
    env = installation.env | {"DJANGO_SETTINGS_MODULE": "tests.bench.intake_settings"}
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        eventually(lambda: _answers(port), within=30, what="the web server")
        yield Server(port, f"/webhooks/intercom/{uuid}/", workspace_id)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
