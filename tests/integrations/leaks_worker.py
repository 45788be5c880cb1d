"""Tasks as a worker of django-q2 runs them, with the rows that it keeps of them."""

from __future__ import annotations

import queue
from multiprocessing import Value
from typing import Any
from unittest.mock import patch

from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.monitor import monitor
from django_q.tasks import async_task
from django_q.worker import worker


def run(task: str, *ids: int) -> None:
    """One task of ours, in this process; what else is queued is forgotten."""
    OrmQ.objects.all().delete()
    async_task(f"integrations.tasks.{task}", *ids, group=task)
    (queued,) = OrmQ.objects.all()
    todo: Any = queue.Queue()
    done: Any = queue.Queue()
    for one in (queued.task, "STOP"):
        todo.put(one)
    # A real worker has a connection of its own; this one is the test's, with its transaction.
    with (
        patch("django_q.worker.close_old_django_connections"),
        patch("django_q.monitor.close_old_django_connections"),
    ):
        worker(todo, done, Value("f", -1))
        done.put("STOP")
        monitor(done, broker=get_broker())
