"""The report of a run: a Markdown table beside the CSV files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tests.soak.verdict import GROUPS, Line, growth

if TYPE_CHECKING:
    from tests.soak.run import Done
    from tests.soak.samples import Sample

SAID = 12
HEAD = ("figure", "first quarter", "last quarter", "ratio", "may be", "")


def text(done: Done, lines: Sequence[Line], *, title: str, machine: str, warm_up: float) -> str:
    warm = [sample for sample in done.samples if sample.at >= warm_up]
    parts = [
        f"# {title}",
        "",
        machine,
        "",
        f"{done.joined:,} leads joined, {done.faults} faults, {done.qualified} plans changed in Intercom.",
        f"Before them {done.earlier['campaigns_participant']:,} had joined, weeks ago.",
        f"{len(done.samples)} samples, judged from {warm_up:.0f} s on.",
        "",
        *(
            ["**Wrong at the end:**", *(f"- {line}" for line in done.wrong)]
            if done.wrong
            else [NOTHING_WRONG]
        ),
        "",
        _row(HEAD),
        _row(["---", *["---:"] * 3, "---", "---"]),
        *(_row(_cells(line)) for line in lines),
        "",
        *(f"- memory of the {group}: {_slope(warm, group):+.1f} MB an hour" for group in GROUPS),
        "",
        "What the product logged above INFO, most often first:",
        "",
        *(f"- {count} × {said}" for said, count in list(done.said.items())[:SAID]),
    ]
    return "\n".join(parts) + "\n"


NOTHING_WRONG = "Nobody was lost or doubled, nobody qualified who should not have, unexplained: 0."


def _slope(samples: Sequence[Sample], group: str) -> float:
    memory: Callable[[Sample], float] = lambda sample: sample.total(group, "pss") / 1024  # noqa: E731
    return growth(samples, memory)


def _cells(line: Line) -> list[str]:
    ratio = f"{line.ratio:.2f}" if line.first else ""
    return [
        line.name,
        _number(line.first),
        _number(line.last),
        ratio,
        line.limit,
        "" if line.good else "**MISSED**",
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
