"""Counts where everybody stands: for each campaign, and in all."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from integrations.logic.states import Outcome, Reason
from integrations.services.explain import explain
from integrations.services.status import Tally, tallies, total

TEACH = """\
  joined = created + updated + skipped + not sent + waiting + needs attention + unexplained

Unexplained people joined without leaving a trace here (a row put in by hand, say); the next sweep, at most
a minute and a half away, gives them a line. --json is for scripts:
{"campaigns": {SLUG: {...}}, "total": {...}}.
"""

COLUMNS = (
    Outcome.CREATED,
    Outcome.UPDATED,
    Outcome.SKIPPED,
    Outcome.NOT_SENT,
    Outcome.WAITING,
    Outcome.NEEDS_ATTENTION,
)


class Command(BaseCommand):
    help = "Count where everybody who joined stands."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = TEACH
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = tallies()
        whole = total(parts)
        if options["json"]:
            document = {
                "campaigns": {slug: part.as_json() for slug, part in parts.items()},
                "total": whole.as_json(),
            }
            self.stdout.write(json.dumps(document, indent=2))
            return
        if not parts:
            self.stdout.write("No campaigns yet. Begin with: manage.py create_campaign SLUG --name NAME")
            return
        self._table(parts | ({"in all": whole} if len(parts) > 1 else {}))
        self._reasons(whole)

    def _table(self, parts: dict[str, Tally]) -> None:
        width = max(len(slug) for slug in (*parts, "campaign"))
        heads = ["joined", *(column.value.replace("_", " ") for column in COLUMNS), "unexplained"]
        self.stdout.write("  ".join(["campaign".ljust(width), *heads]))
        for slug, part in parts.items():
            numbers = [part.joined, *(part.outcomes[column] for column in COLUMNS), part.unexplained]
            cells = [str(number).rjust(len(head)) for number, head in zip(numbers, heads, strict=True)]
            self.stdout.write("  ".join([slug.ljust(width), *cells]))

    def _reasons(self, whole: Tally) -> None:
        for title, reasons in (("Waiting", whole.waiting), ("Needs attention", whole.attention)):
            for reason, number in reasons.most_common():
                sentence = explain(Reason(reason))
                self.stdout.write(f"{title}, {number}: {sentence.what} {sentence.next_step}".rstrip())
