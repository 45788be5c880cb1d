"""What the processes of an installation take, read from /proc (Linux)."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from tests.soak.samples import Process

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
GROUPS = {"qcluster": "worker", "gunicorn": "web", "supervise": "supervisor"}


def below(root: int) -> list[Process]:
    """A process and all that come of it. One that ends meanwhile is left out."""
    found = []
    for pid in _family(root):
        with contextlib.suppress(OSError, ValueError):
            found.append(_read(pid))
    return found


def _family(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parents.setdefault(int(_stat(int(path.name))[1]), []).append(int(path.name))
    family = [root]
    for pid in family:
        family += sorted(parents.get(pid, []))
    return family


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may itself hold spaces and brackets: state, parent, …"""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _read(pid: int) -> Process:
    stat = _stat(pid)
    command = (PROC / str(pid) / "cmdline").read_text()
    memory = (PROC / str(pid) / "smaps_rollup").read_text()
    return Process(
        pid=pid,
        group=next((group for word, group in GROUPS.items() if word in command), "other"),
        rss=_kilobytes("Rss", memory),
        pss=_kilobytes("Pss", memory),
        threads=int(stat[17]),
        files=len(list((PROC / str(pid) / "fd").iterdir())),
        cpu=sum(map(int, stat[11:15])) / TICKS,
    )


def _kilobytes(name: str, text: str) -> int:
    found = re.search(rf"^{name}: +(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
