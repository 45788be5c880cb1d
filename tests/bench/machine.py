"""Names the machine and the versions: a figure without them means nothing."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from pathlib import Path

import django

CPUINFO = Path("/proc/cpuinfo")


def describe(*, postgresql: str | None) -> dict[str, str]:
    """What a reader must know of where the figures come from."""
    return {
        "CPU": _cpu(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(terse=True),
        "load before": load(),
        "Python": platform.python_version(),
        "Django": django.get_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": postgresql or "no server answered",
    }


def load() -> str:
    """Of the last minute: what else ran shows before a bench begins, and how hard it was while it ran."""
    return f"{os.getloadavg()[0]:.1f}"


def _cpu() -> str:
    if CPUINFO.exists():
        told = re.search(r"model name\s*:\s*(.+)", CPUINFO.read_text())
        if told:
            return told[1]
    return platform.processor() or platform.machine()
