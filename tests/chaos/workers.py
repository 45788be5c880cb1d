"""The worker processes of an installation, to be killed and started again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes.installation import Installation


class Workers:
    """At most one cluster, in a process group of its own. For a `with`, which kills it at the end."""

    def __init__(self, site: Installation) -> None:
        self._site = site
        self._running = contextlib.ExitStack()
        self._cluster: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        self._cluster = self._running.enter_context(self._site.worker())

    def kill(self) -> None:
        """kill -9, all of them."""
        self._running.close()
        self._cluster = None

    def kill_one(self, *, rng: random.Random) -> None:
        """kill -9, one of them: a worker, or what looks after the workers."""
        members = self._members()
        if members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(members), signal.SIGKILL)

    def _members(self) -> list[int]:
        """The living processes of the group, on systems with /proc."""
        if self._cluster is None:
            return []
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            pid = int(path.name)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) == self._cluster.pid:
                    found.append(pid)
        return sorted(found)
