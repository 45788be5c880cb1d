"""The command: picks the measures, runs them against one stand-in, prints and keeps the report."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import alone, contact, join, machine, pace, throughput
from tests.bench.figures import Figure
from tests.bench.remote import running_stub
from tests.bench.report import Report, medians_before
from tests.bench.setting import FULL, QUICK, Setting, say
from tests.bench.site import Database, server_version
from tests.processes.installation import ROOT

REPORTS = ROOT / "var" / "bench"
MEASURES: dict[str, Callable[[Setting], Iterator[Figure]]] = {
    "server": alone.measure,
    "ceiling": throughput.ceiling,
    "latency": throughput.latency,
    "join": join.measure,
    "contact": contact.measure,
    "pace": pace.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0, also when a target is missed; 1 when a lead was lost or sent twice."""
    options = _options(arguments)
    started_at, postgresql = datetime.now(UTC).astimezone(), server_version()
    machine_now = machine.describe(postgresql=postgresql)
    figures, wrong = _measured(options, with_postgresql=postgresql is not None)
    before = medians_before(REPORTS, quick=options.quick)
    report = Report(started_at, options.quick, machine_now, figures, wrong, before)
    path = report.save(REPORTS)
    sys.stdout.write(report.text())
    say(f"\nkept as {path.relative_to(ROOT)}")
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller backlog, no rate limit")
    parser.add_argument(
        "--only", action="append", choices=MEASURES, metavar="NAME", help=f"one of {', '.join(MEASURES)}"
    )
    return parser.parse_args(arguments)


def _measured(options: argparse.Namespace, *, with_postgresql: bool) -> tuple[list[Figure], list[str]]:
    databases = tuple(Database) if with_postgresql else (Database.SQLITE,)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stub = stack.enter_context(running_stub())
        size = QUICK if options.quick else FULL
        setting = Setting(size, stub, databases, folder, stack)
        figures: list[Figure] = []
        for name, measure in MEASURES.items():
            if not options.only or name in options.only:
                figures += measure(setting)
        return figures, setting.wrong


if __name__ == "__main__":
    sys.exit(main())
