"""The command: long storms in a row, each with a seed of its own, and a table of how they went."""

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

from django.conf import settings  # noqa: E402

from integrations.logic.states import State  # noqa: E402
from tests.chaos.long.run import Done, run  # noqa: E402
from tests.chaos.long.servers import MissingError, postgres_programs, redis_program  # noqa: E402
from tests.chaos.run import seed_from_environment  # noqa: E402

STATES = (State.CREATED, State.UPDATED, State.SKIPPED, State.NEEDS_ATTENTION)
HEADS = (
    *("seed", "leads", "seconds", "calls", "429s", "killed", "restarted", "restarts by supervisors"),
    *("stopped", "taken over", "joins tried again", "tasks left", *STATES, "findings"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every lead of every storm is as it must be, 1 when not, 2 when a program is missing."""
    parser = argparse.ArgumentParser(prog="make chaos ARGS=…", description=__doc__)
    parser.add_argument("--seed", type=int, default=seed_from_environment(), help="of the first storm")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="how many storms")
    parser.add_argument("--leads", type=int, default=5000, metavar="N", help="how many join in each")
    parser.add_argument("--broker", choices=["database", "redis"], default="database")
    options = parser.parse_args(arguments)
    with_redis = options.broker == "redis"
    try:
        postgres_programs()
        if with_redis:
            redis_program()
    except MissingError as err:
        sys.stderr.write(f"{err}\n")
        return 2
    storms = range(options.seed, options.seed + options.runs)
    done = [_storm(seed, leads=options.leads, with_redis=with_redis) for seed in storms]
    if len(done) > 1:
        _table(done)
    return int(any(one.findings for one in done))


def _storm(seed: int, *, leads: int, with_redis: bool) -> Done:
    evidence = settings.VAR_DIR / "chaos" / f"seed-{seed}"
    sys.stdout.write(f"seed {seed}, {leads:,} leads:\n")
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        # PostgreSQL's own user must get to its folder in here.
        folder.chmod(0o755)
        done = run(seed, leads=leads, with_redis=with_redis, folder=folder, evidence=evidence)
    if done.findings:
        sys.stdout.write("\n".join([*done.findings, f"evidence: {evidence}", ""]))
    _table([done])
    return done


def _table(done: Sequence[Done]) -> None:
    columns = [_cells(one) for one in done]
    for head, *cells in zip(HEADS, *columns, strict=True):
        sys.stdout.write(f"{head:<26}" + "".join(f"{cell:>12}" for cell in cells) + "\n")
    sys.stdout.flush()


def _cells(done: Done) -> list[str]:
    numbers = [done.calls, done.refused, done.killed, done.restarted, done.supervised]
    numbers += [done.stops, done.takeovers, done.tried_again, done.queued]
    numbers += [done.states.get(state, 0) for state in STATES]
    first = [str(done.seed), f"{done.leads:,}", f"{done.seconds:.0f}"]
    return [*first, *(f"{number:,}" for number in numbers), str(len(done.findings))]


if __name__ == "__main__":
    sys.exit(main())
