"""Runs measures one after the other and keeps the report: what both commands have in common."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import machine
from tests.bench.figures import Figure
from tests.bench.remote import running_stub
from tests.bench.report import Report, medians_before
from tests.bench.setting import Setting, Size, say
from tests.bench.site import Database, server_version
from tests.processes.installation import ROOT

REPORTS = ROOT / "var" / "bench"
Measure = Callable[[Setting], Iterator[Figure]]


def report(measures: Mapping[str, Measure], *, kind: str, size: Size) -> Report:
    """Measures, prints and keeps; `kind` is what only reports of the same kind are compared with."""
    started_at, postgresql = datetime.now(UTC).astimezone(), server_version()
    # Before anything runs: it tells the load of the machine.
    machine_now = machine.describe(postgresql=postgresql)
    databases = tuple(Database) if postgresql is not None else (Database.SQLITE,)
    with _setting(size, databases=databases) as setting:
        figures = measured(measures, setting)
        wrong = setting.wrong
    machine_now["load at the end"] = machine.load()
    made = Report(started_at, kind, machine_now, figures, wrong, medians_before(REPORTS, kind=kind))
    path = made.save(REPORTS)
    sys.stdout.write(made.text())
    say(f"\nkept as {path.relative_to(ROOT)}")
    return made


def measured(measures: Mapping[str, Measure], setting: Setting) -> list[Figure]:
    """The figures of all. One that fails is told among what is wrong, and costs nobody else's figures."""
    figures: list[Figure] = []
    for name, measure in measures.items():
        try:
            figures += measure(setting)
        except Exception as err:  # noqa: BLE001
            say(traceback.format_exc())
            setting.wrong.append(f"{name}: not measured: {type(err).__name__}: {err}")
    return figures


def chosen(measures: Mapping[str, Measure], only: Sequence[str] | None) -> dict[str, Measure]:
    """Those of these names, in the order in which they always run; all without a name."""
    return {name: measure for name, measure in measures.items() if not only or name in only}


@contextmanager
def _setting(size: Size, *, databases: tuple[Database, ...]) -> Iterator[Setting]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stub = stack.enter_context(running_stub())
        yield Setting(size, stub, databases, folder, stack)
