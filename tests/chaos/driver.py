"""Gives orders to a process inside an installation (see `inside`) and reads its answers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.processes.installation import ROOT, Installation

INSIDE = "tests.chaos.inside"


class OrderError(Exception):
    """An order failed in there; the text is its traceback."""


class Driver:
    """One process inside; carries out one order after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, order: str, *arguments: Any) -> None:
        """Gives an order without waiting for the end of it; `answer` must follow."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([order, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """What came of the oldest order without an answer. Raises OrderError."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise OrderError("the process inside the installation has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise OrderError(answer["error"])
        return answer["value"]

    def do(self, order: str, *arguments: Any) -> Any:
        self.send(order, *arguments)
        return self.answer()


@contextlib.contextmanager
def driver(site: Installation, *, inside: str = INSIDE) -> Iterator[Driver]:
    """A process inside the installation that runs the `main` of a module; it ends with the block."""
    start = f"from {inside} import main; main()"
    with (
        site.log.open("a") as log,
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", start],
            cwd=ROOT,
            env=site.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield Driver(process)
        finally:
            process.kill()
