"""The command: picks the long measures, and runs them against one stand-in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.bench import setting
from tests.bench.long import clusters, fairness, leads, pages
from tests.bench.long.size import QUICK, LongSize
from tests.bench.running import Measure, chosen, report
from tests.bench.setting import say
from tests.bench.site import server_version

NAMES = ("backlog", "clusters", "fairness", "pages")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything is as it should be, or no PostgreSQL server answers; else 1."""
    options = _options(arguments)
    if server_version() is None:
        say("left out: no PostgreSQL server answers (DATABASE_URL names one)")
        return 0
    size = _size(options)
    kind, rounds = ("long, quick", setting.QUICK) if options.quick else ("long", setting.FULL)
    made = report(chosen(_measures(size), options.only), kind=kind, size=rounds)
    return 1 if made.wrong or made.missed else 0


def _measures(size: LongSize) -> Mapping[str, Measure]:
    """After fairness there are a hundred workspaces more; the pages leave Django set up in this process."""
    made = (leads.measure(size), clusters.measure(size), fairness.measure, pages.measure(size))
    return dict(zip(NAMES, made, strict=True))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.long", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller in everything: whether it works at all")
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}"
    )
    parser.add_argument("--many", type=int, metavar="LEADS", help="backlog: of the large one")
    parser.add_argument("--small", type=int, metavar="PEOPLE", help="pages: of the small crowd")
    parser.add_argument("--large", type=int, metavar="PEOPLE", help="pages: of the large crowd")
    parser.add_argument(
        "--questions", default="", metavar="WORDS", help="pages: those that have these in their name"
    )
    return parser.parse_args(arguments)


def _size(options: argparse.Namespace) -> LongSize:
    usual = QUICK if options.quick else LongSize()
    return replace(
        usual,
        many=options.many or usual.many,
        small=options.small or usual.small,
        large=options.large or usual.large,
        questions=options.questions,
    )


if __name__ == "__main__":
    sys.exit(main())
