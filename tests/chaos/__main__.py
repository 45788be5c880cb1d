"""The command: many storms in a row, each with a seed of its own, and a table of how they went."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

# Before anything of the product is imported.
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from integrations.logic.states import State  # noqa: E402
from tests.chaos.driver import OrderError  # noqa: E402
from tests.chaos.run import Done, run, seed_from_environment  # noqa: E402

STATES = (State.CREATED, State.UPDATED, State.SKIPPED, State.NEEDS_ATTENTION)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every lead of every storm is as it must be, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="how many storms")
    parser.add_argument("--first", type=int, default=seed_from_environment(), help="the first seed")
    options = parser.parse_args(arguments)
    _row(["seed", "seconds", "calls", *STATES, ""])
    wrong = [_storm(seed) for seed in range(options.first, options.first + options.seeds)]
    sys.stdout.write("\n\n".join(["", *filter(None, wrong)]))
    return int(any(wrong))


def _storm(seed: int) -> str:
    """One line of the table; returns what was wrong."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        try:
            done = run(seed, folder=Path(folder))
        except (AssertionError, OrderError) as err:
            _row([str(seed), *[""] * (2 + len(STATES)), "WRONG"])
            return f"seed {seed}: {err}"
    _row(_cells(done))
    return ""


def _cells(done: Done) -> list[str]:
    numbers = [str(done.states.get(state, 0)) for state in STATES]
    return [str(done.seed), f"{done.seconds:.0f}", str(done.calls), *numbers, "as it must be"]


def _row(cells: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{cell:>16}" for cell in cells) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
