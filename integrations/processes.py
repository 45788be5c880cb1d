"""The processes of an installation: the worker (django-q2's cluster) and the web server."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import urlsplit

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from integrations.services.heartbeat import SIGN_FILE, last_beat
from integrations.supervisor import HANGS_AFTER, Child


def worker() -> Child:
    """Silent when no worker anywhere runs a task any more, or when this one takes none off the line: one that
    hangs while others work would else be a machine less, for good."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
    # Without a name from the start, and open as long as the supervisor lives: nothing is left behind.
    sign, path = mkstemp()
    Path(path).unlink()

    def silent_for() -> float:
        return max(_workers_silent_for(), time.time() - os.fstat(sign).st_mtime)

    return Child("worker", command, silent_for=silent_for, env={SIGN_FILE: str(sign)}, files=[sign])


def web(*, host: str, port: int) -> Child:
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{host}:{port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", "8"]
    # gunicorn's control socket would be one more door, in a home that the service may not have.
    quiet = ["--log-level", "warning", "--no-control-socket"]
    return Child("web", [*command, *quiet])


def own_port() -> int:
    """The port of PUBLIC_URL: where an installation without a proxy in front listens."""
    parts = urlsplit(settings.PUBLIC_URL)
    return parts.port or (443 if parts.scheme == "https" else 80)


def is_migrated() -> bool:
    """Whether every migration has been applied: a worker on an older database would fail at each task."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def port_is_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens there; a web server started on it would die and be started again for ever."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _workers_silent_for() -> float:
    close_old_connections()
    beat = last_beat()
    return (timezone.now() - beat).total_seconds() if beat else HANGS_AFTER
