"""Looks at processes by way of /proc. Ends none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One living process."""

    pid: int
    state: str
    parent: int
    group: int
    threads: int


def processes() -> dict[int, Process]:
    """All that live, by their ids; zombies do not."""
    found = (_read(path) for path in Path("/proc").glob("[0-9]*/stat"))
    return {one.pid: one for one in found if one is not None and one.state != "Z"}


def children(pid: int, *, among: dict[int, Process]) -> list[int]:
    """In the order in which they were started, as far as ids tell."""
    return sorted(one.pid for one in among.values() if one.parent == pid)


def of_group(group: int) -> Iterator[Process]:
    return (one for one in processes().values() if one.group == group)


def _read(path: Path) -> Process | None:
    with contextlib.suppress(OSError):
        # The name in brackets may hold anything; the fields are counted from behind it.
        pid, _, rest = path.read_text().partition(" (")
        fields = rest.rpartition(") ")[2].split()
        return Process(int(pid), fields[0], int(fields[1]), int(fields[2]), int(fields[17]))
    return None
