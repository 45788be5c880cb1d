"""From the join to the contact through a real, idle worker as it comes: SQLite, django-q2's ORM broker."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import child
from tests.bench.figures import Figure, Target, percentile
from tests.bench.setting import Setting, say
from tests.bench.site import Database
from tests.processes.installation import Installation, eventually

LATENCY = 0.15
API_TIME = 2 * LATENCY
"""A search and a create, one after the other."""

EVERY = 1.037
"""Seconds between joins: no multiple of the worker's polling, so that each meets it at another moment."""

P95 = Target(at_most=1.0 + API_TIME)
FORGET = "from tests.bench.backlog import clear; clear()"


def measure(setting: Setting) -> Iterator[Figure]:
    """The time ends when Intercom's answer to the create leaves it."""
    say(f"join to contact: {setting.size.contacts} joins, {EVERY} s apart")
    installation = setting.site(Database.SQLITE)
    installation.python(FORGET)
    setting.stub.reset(latency=LATENCY)
    with installation.worker():
        _wait_for_worker(setting, installation)
        setting.stub.reset(latency=LATENCY)
        joined = child.run_inside(installation, "joiner", setting.size.contacts, EVERY)["joined"]
        eventually(lambda: len(setting.stub.books().creates) > len(joined), what="every contact there")
    books = setting.stub.books()
    setting.check("join to contact", found={"created twice": books.doubled})
    times = [books.created_at[email] + LATENCY - began for email, began in joined.items()]
    yield Figure("join to contact, idle, SQLite: s", times)
    yield Figure("join to contact, idle, SQLite: p95 s", [percentile(times, 0.95)], P95)


def _wait_for_worker(setting: Setting, installation: Installation) -> None:
    installation.manage("join_lead", "spring", "--email", "early@example.com")
    eventually(lambda: bool(setting.stub.books().creates), what=installation.log.read_text())
