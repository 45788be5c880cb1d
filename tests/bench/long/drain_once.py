"""One drain of a backlog that is there already, and the memory it takes, in a process of its own."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench import backlog
from tests.bench.child import tell

STATUS = Path("/proc/self/status")


def main(count: int, within: float) -> None:  # keyword arguments do not travel to a child
    """Tells the process's MB of memory, before and at its peak, and how many of so many are not created.

    Raises TimeoutError after `within` seconds.
    """
    before = _megabytes("VmRSS")
    backlog.drain_all(within=within)
    peak = _megabytes("VmHWM")
    tell({"before": before, "peak": peak, "not_created": backlog.not_created(count)})


def _megabytes(name: str) -> float:
    """Linux only. Not getrusage: its peak is that of the parent too."""
    told = re.search(rf"^{name}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert told is not None, name
    return int(told[1]) / 1024
