"""A backlog and nothing else, made in a process that then ends, so that its memory is nobody's."""

from __future__ import annotations

from tests.bench import backlog
from tests.bench.child import tell


def main(count: int) -> None:
    """So many leads who are due."""
    backlog.clear()
    backlog.fill(count)
    tell({})
