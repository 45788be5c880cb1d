"""The command: picks the measures, and runs them against one stand-in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from tests.bench import alone, contact, intake, join, pace, rivals, throughput
from tests.bench.running import Measure, chosen, report
from tests.bench.setting import FULL, QUICK

MEASURES: Mapping[str, Measure] = {
    "server": alone.measure,
    "ceiling": throughput.ceiling,
    "latency": throughput.latency,
    "rivals": rivals.measure,
    "join": join.measure,
    "contact": contact.measure,
    "intake": intake.measure,
    "pace": pace.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0, also when a target is missed; 1 when a lead was lost or sent twice, or a measure failed."""
    options = _options(arguments)
    kind, size = ("quick", QUICK) if options.quick else ("full", FULL)
    made = report(chosen(MEASURES, options.only), kind=kind, size=size)
    return 1 if made.wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller backlog, no rate limit")
    parser.add_argument(
        "--only", action="append", choices=MEASURES, metavar="NAME", help=f"one of {', '.join(MEASURES)}"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
