"""The command: plays for so many minutes, judges, prints and keeps the report in var/soak."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

# Before anything of the product is imported.
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from tests.bench import machine  # noqa: E402
from tests.bench.setting import say  # noqa: E402
from tests.bench.site import server_version  # noqa: E402
from tests.processes.installation import ROOT  # noqa: E402
from tests.soak import report  # noqa: E402
from tests.soak.past import FEW, PEOPLE  # noqa: E402
from tests.soak.run import run  # noqa: E402
from tests.soak.verdict import judge  # noqa: E402

REPORTS = ROOT / "var" / "soak"
WARM_UP = 0.15
"""Of the whole run, at most LONGEST_WARM_UP seconds."""

LONGEST_WARM_UP = 300.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing grew and everybody ended well, or no PostgreSQL server answers; else 1."""
    options = _options(arguments)
    version = server_version()
    if version is None:
        say("left out: no PostgreSQL server answers (DATABASE_URL names one)")
        return 0
    # Whoever ends it by SIGTERM wants everything stopped and the database dropped all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    told = "; ".join(f"{name} {value}" for name, value in machine.describe(postgresql=version).items())
    began = datetime.now(UTC).astimezone()
    folder = REPORTS / f"{began:%Y-%m-%dT%H%M%S}"
    folder.mkdir(parents=True)
    done = run(folder, minutes=options.minutes, rate=options.rate, earlier=max(options.earlier, FEW))
    warm_up = min(options.minutes * 60 * WARM_UP, LONGEST_WARM_UP)
    lines = judge(done.samples, warm_up=warm_up, earlier=done.earlier)
    title = f"Soak of {began:%Y-%m-%d %H:%M}: {options.minutes:g} minutes, {options.rate:g} leads a second"
    text = report.text(done, lines, title=title, machine=told, warm_up=warm_up)
    (folder / "report.md").write_text(text)
    sys.stdout.write(text)
    say(f"\nkept in {folder.relative_to(ROOT)}")
    return int(bool(done.wrong) or not all(line.good for line in lines))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=3.0, metavar="LEADS", help="leads a second")
    parser.add_argument(
        "--earlier", type=int, default=PEOPLE, metavar="PEOPLE", help="who joined in the weeks before"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
