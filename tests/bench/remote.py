"""The bench's side of its stand-in for Intercom: starts it, sets it, reads its books."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from tests.bench.server import BOOKS
from tests.processes.installation import ROOT


@dataclass(frozen=True, slots=True)
class Books:
    """What the stand-in saw since its last reset; times are Unix seconds of a call's arrival."""

    calls: Mapping[str, int]
    creates: Mapping[str, int]
    created_at: Mapping[str, float]
    windows: Mapping[int, tuple[int, int]]

    @property
    def total(self) -> int:
        return sum(self.calls.values())

    @property
    def doubled(self) -> int:
        """Emails that were created more than once."""
        return sum(1 for times in self.creates.values() if times > 1)


@dataclass(frozen=True, slots=True)
class Stub:
    """A running stand-in, at the base URL `url`."""

    url: str

    def reset(self, *, latency: float = 0.0, limit: int = 0) -> None:
        """Empties the books. `latency` in seconds before each answer; `limit` in calls in ten seconds."""
        _control("PUT", self.url, {"latency": latency, "limit": limit})

    def books(self) -> Books:
        told = _control("GET", self.url, None)
        windows = {int(number): (taken, refused) for number, (taken, refused) in told["windows"].items()}
        return Books(told["calls"], told["creates"], told["created_at"], windows)


def _control(method: str, url: str, order: Mapping[str, float] | None) -> Any:
    with requests.Session() as http:
        http.trust_env = False
        return http.request(method, url + BOOKS, json=order, timeout=30).json()


@contextlib.contextmanager
def running_stub() -> Iterator[Stub]:
    """A stand-in in a process of its own, until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Stub(f"http://127.0.0.1:{json.loads(process.stdout.readline())}")
        finally:
            process.terminate()
