"""What is measured, one sample after the other, and the CSV files that keep it. Judges nothing."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one time. Memory in kB; `cpu` in seconds since its start, with its ended children's."""

    pid: int
    group: str
    rss: int
    pss: int
    threads: int
    files: int
    cpu: float


@dataclass(frozen=True, slots=True)
class Table:
    """`size` in bytes, indexes and all."""

    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything at one time. `at` in seconds since the first lead; latencies in seconds.

    `joined` are those since the beginning. `latencies` are of the leads that were created since the sample
    before and met no fault, `faulted` of those that did; `pages` of what was asked since.
    `yardstick` is how long the same bit of work took: what the machine itself was worth meanwhile.
    """

    at: float
    joined: int
    open: int
    queued: int
    connections: int
    processes: Sequence[Process]
    tables: Mapping[str, Table]
    latencies: Sequence[float]
    faulted: Sequence[float]
    pages: Mapping[str, Sequence[float]]
    yardstick: Sequence[float]

    def groups(self) -> list[str]:
        return sorted({process.group for process in self.processes})

    def total(self, group: str, what: str) -> float:
        """The sum of one column over the processes of a group."""
        return float(sum(getattr(process, what) for process in self.processes if process.group == group))


@dataclass(slots=True)
class Books:
    """The samples so far, each written down as it comes: a run that is cut off keeps its figures."""

    folder: Path
    samples: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._write("processes.csv", [_process(sample.at, one) for one in sample.processes])
        self._write(
            "tables.csv",
            [
                {"at": f"{sample.at:.0f}", "table": name, "rows": table.rows, "bytes": table.size}
                for name, table in sample.tables.items()
            ],
        )
        self._write("samples.csv", [_line(sample)])

    def _write(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        path = self.folder / name
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else [])
            if fresh:
                writer.writeheader()
            writer.writerows(rows)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def _process(at: float, process: Process) -> dict[str, object]:
    own = {name: getattr(process, name) for name in ("pid", "group", "rss", "pss", "threads", "files", "cpu")}
    return {"at": f"{at:.0f}", **own}


def _line(sample: Sample) -> dict[str, object]:
    groups = {
        f"{group} {what}": sample.total(group, what)
        for group in ("supervisor", "worker", "web")
        for what in ("pss", "files", "threads", "cpu")
    }
    pages = {f"{name} p50": f"{quantile(times, 0.5):.3f}" for name, times in sample.pages.items()}
    return {
        "at": f"{sample.at:.0f}",
        "joined": sample.joined,
        "open": sample.open,
        "queued": sample.queued,
        "connections": sample.connections,
        "latency p50": f"{quantile(sample.latencies, 0.5):.3f}",
        "latency p95": f"{quantile(sample.latencies, 0.95):.3f}",
        "faulted": len(sample.faulted),
        "faulted p50": f"{quantile(sample.faulted, 0.5):.3f}",
        "faulted p95": f"{quantile(sample.faulted, 0.95):.3f}",
        **pages,
        "yardstick": f"{quantile(sample.yardstick, 0.5):.4f}",
        **groups,
    }
