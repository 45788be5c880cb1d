"""The HTTP front: keep-alive, many callers, several processes on one file, and a clean end."""

from __future__ import annotations

import ast
import http.client
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import requests

from integrations.sandbox.control import Fault, Sandbox
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.store import Store
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

ROOT = Path(__file__).resolve().parents[3]
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
WITH_DJANGO = {"urls.py", "views.py", "pages.py", "display.py", "told.py", "forms.py", "editing.py"}


def create(url: str, email: str) -> requests.Response:
    return requests.post(f"{url}/contacts", json={"email": email}, headers=HEADERS, timeout=30)


def test_connection_is_kept_alive(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("GET", "/me", headers=HEADERS)
        assert connection.getresponse().read()
    assert connection.sock is socket
    connection.close()


def test_refused_body_is_still_read_so_that_the_next_request_is_understood(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        bad = session.post(f"{sandbox.url}/contacts", data=b"x" * 5000, headers=HEADERS, timeout=5)
        assert bad.status_code == 400
        assert session.get(f"{sandbox.url}/me", headers=HEADERS, timeout=5).status_code == 200


def test_only_one_of_many_simultaneous_users_is_created(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: create(sandbox.url, "ana@example.com").status_code, range(16)))
    assert sorted(answers) == [200, *[409] * 15]
    assert len(sandbox.creations(WORKSPACE)) == 1


def test_end_cuts_a_stall_short(tmp_path: Path) -> None:
    begun = time.monotonic()
    with running_sandbox(tmp_path / "s.sqlite3") as sandbox:
        sandbox.add_workspace(WORKSPACE, token=TOKEN)
        sandbox.add_fault(WORKSPACE, Fault(acts=True, stall_after=60))
        connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
        connection.request("GET", "/me", headers=HEADERS)
        time.sleep(0.2)
    connection.close()
    assert time.monotonic() - begun < 5


def serve(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "integrations.sandbox.server", "--file", str(path), "--port", "0"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_several_processes_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    processes = [serve(path), serve(path)]
    try:
        urls = [process.stdout.readline().strip() for process in processes if process.stdout]
        assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", url) for url in urls)
        sandbox = Sandbox(path)
        sandbox.add_workspace(WORKSPACE, token=TOKEN)
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(create, urls[n % 2], f"a{n // 2}@example.com") for n in range(40)]
        statuses = sorted(job.result().status_code for job in jobs)
        assert statuses == [200] * 20 + [409] * 20
        assert len(sandbox.contacts(WORKSPACE)) == 20
        assert len(sandbox.calls(WORKSPACE)) == 40
        sandbox.close()
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_store_opened_before_a_fork_works_in_the_child(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "s.sqlite3")
    child = os.fork()
    if child == 0:
        try:
            sandbox.add_workspace("child001")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    sandbox.add_workspace("parent01")
    assert set(sandbox.workspaces()) == {"child001", "parent01"}
    sandbox.close()


def test_failed_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    try:
        with store.transaction() as db:
            db.execute("INSERT INTO tokens(token, workspace) VALUES ('x', 'y')")
            raise RuntimeError
    except RuntimeError:
        pass
    with store.snapshot() as db:
        assert db.execute("SELECT count(*) FROM tokens").fetchone()[0] == 0
    store.close()


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def test_vendor_imports_nothing_of_the_product_and_its_core_no_framework() -> None:
    for path in (ROOT / "integrations" / "sandbox").glob("*.py"):
        for name in imports_of(path):
            first = name.partition(".")[0]
            assert first not in {"campaigns", "config", "requests"}, (path.name, name)
            assert first != "integrations" or name.startswith("integrations.sandbox"), (path.name, name)
            assert first != "django" or path.name in WITH_DJANGO, (path.name, name)
