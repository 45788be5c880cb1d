"""The report: a Markdown table, kept as text and as JSON, beside what the last run of the same kind found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.figures import Figure, Verdict

HEAD = ("figure", "median", "min", "max", "target", "", "before", "note")


@dataclass(frozen=True, slots=True)
class Report:
    """One run. `started_at` is aware; `before` are the medians of an earlier run, by the figure's name.

    `kind` says what was run and how much of it: only runs of one kind are compared.
    """

    started_at: datetime
    kind: str
    machine: Mapping[str, str]
    figures: Sequence[Figure]
    wrong: Sequence[str]
    before: Mapping[str, float]

    @property
    def missed(self) -> list[Figure]:
        """What did not reach its target."""
        return [figure for figure in self.figures if figure.verdict is Verdict.MISSED]

    def text(self) -> str:
        machine = "; ".join(f"{name} {value}" for name, value in self.machine.items())
        lines = [f"# Bench of {self.started_at:%Y-%m-%d %H:%M} ({self.kind})", "", machine, ""]
        lines += [_row(HEAD), _row(["---", *["---:"] * 4, "---", "---:", "---"])]
        lines += [_row(self._cells(figure)) for figure in self.figures]
        if self.missed:
            lines += ["", "**Missed:**", *(f"- {figure.name}" for figure in self.missed)]
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
            figure.note,
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
                "note": figure.note,
            }
            for figure in self.figures
        ]
        kept = {
            "started_at": self.started_at.isoformat(),
            "kind": self.kind,
            "machine": dict(self.machine),
            "figures": figures,
            "wrong": list(self.wrong),
        }
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        text = path.with_suffix(".md")
        text.write_text(self.text())
        return text


def medians_before(folder: Path, *, kind: str) -> dict[str, float]:
    """For each figure its last median in a run of the same kind; a run may have measured only some."""
    medians: dict[str, float] = {}
    for path in sorted(folder.glob("*.json")):
        kept = json.loads(path.read_text())
        if kept.get("kind") == kind:
            medians |= {figure["name"]: figure["median"] for figure in kept["figures"]}
    return medians


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.3g}" if value < 1 else f"{value:.2f}"
