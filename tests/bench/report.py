"""The report: a Markdown table, kept as text and as JSON, beside what the last run of the same size found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.figures import Figure

HEAD = ("figure", "median", "min", "max", "target", "", "before")


@dataclass(frozen=True, slots=True)
class Report:
    """One run. `started_at` is aware; `before` are the medians of an earlier run, by the figure's name."""

    started_at: datetime
    quick: bool
    machine: Mapping[str, str]
    figures: Sequence[Figure]
    wrong: Sequence[str]
    before: Mapping[str, float]

    def text(self) -> str:
        kind = "quick" if self.quick else "full"
        machine = "; ".join(f"{name} {value}" for name, value in self.machine.items())
        lines = [f"# Bench of {self.started_at:%Y-%m-%d %H:%M} ({kind})", "", machine, ""]
        lines += [_row(HEAD), _row(["---", *["---:"] * 4, "---", "---:"])]
        lines += [_row(self._cells(figure)) for figure in self.figures]
        if self.wrong:
            lines += ["", "**Wrong:**", *(f"- {line}" for line in self.wrong)]
        return "\n".join(lines) + "\n"

    def _cells(self, figure: Figure) -> list[str]:
        before = self.before.get(figure.name)
        return [
            figure.name,
            *(_number(value) for value in (figure.median, min(figure.values), max(figure.values))),
            str(figure.target or ""),
            figure.verdict.value,
            "" if before is None else _number(before),
        ]

    def save(self, folder: Path) -> Path:
        """Writes the .json and the .md; returns the path of the .md."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.started_at:%Y-%m-%dT%H%M%S}.json"
        figures = [
            {
                "name": figure.name,
                "values": list(figure.values),
                "median": figure.median,
                "target": str(figure.target or ""),
                "verdict": figure.verdict.value,
            }
            for figure in self.figures
        ]
        kept = {
            "started_at": self.started_at.isoformat(),
            "quick": self.quick,
            "machine": dict(self.machine),
            "figures": figures,
            "wrong": list(self.wrong),
        }
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        text = path.with_suffix(".md")
        text.write_text(self.text())
        return text


def medians_before(folder: Path, *, quick: bool) -> dict[str, float]:
    """For each figure its last median in a run of the same size; a run may have measured only some."""
    medians: dict[str, float] = {}
    for path in sorted(folder.glob("*.json")):
        kept = json.loads(path.read_text())
        if kept["quick"] == quick:
            medians |= {figure["name"]: figure["median"] for figure in kept["figures"]}
    return medians


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.3g}" if value < 1 else f"{value:.2f}"
