"""Counts where everybody stands: for each campaign, and in all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaigns.management.help import TaughtCommand
from integrations.logic.states import Outcome
from integrations.services.explain import explain
from integrations.services.status import Tally, tallies, total

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

    from django.core.management.base import CommandParser

    from integrations.logic.states import Reason

COLUMNS = {
    Outcome.CREATED: gettext_lazy("created"),
    Outcome.UPDATED: gettext_lazy("updated"),
    Outcome.SKIPPED: gettext_lazy("skipped"),
    Outcome.NOT_SENT: gettext_lazy("not sent"),
    Outcome.WAITING: pgettext_lazy("people", "waiting"),
    Outcome.NEEDS_ATTENTION: gettext_lazy("needs attention"),
}


class Command(TaughtCommand):
    help = "Count where everybody who joined stands."
    examples = """\
  joined = created + updated + skipped + not sent + waiting + needs attention + unexplained

Unexplained people joined without leaving a trace here (a row put in by hand, say); the next sweep, at most
a minute and a half away, gives them a line.

--json is for scripts: {"campaigns": {SLUG: {...}}, "total": {...}}
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        parts = tallies()
        whole = total(parts)
        if options["json"]:
            campaigns = {slug: part.as_json() for slug, part in parts.items()}
            self.stdout.write(json.dumps({"campaigns": campaigns, "total": whole.as_json()}, indent=2))
        elif not parts:
            self.stdout.write(_("No campaigns yet. Begin with: manage.py create_campaign SLUG --name NAME"))
        else:
            self._table(parts | ({_("in all"): whole} if len(parts) > 1 else {}))
            self._reasons(whole.waiting, _waiting)
            self._reasons(whole.attention, _attention)
            self._unexplained(whole.unexplained)

    def _table(self, parts: Mapping[str, Tally]) -> None:
        title = _("campaign")
        width = max(len(name) for name in (*parts, title))
        heads = [_("joined"), *(str(head) for head in COLUMNS.values()), _("unexplained")]
        self.stdout.write("  ".join([title.ljust(width), *heads]))
        for name, part in parts.items():
            numbers = [part.joined, *(part.outcomes[column] for column in COLUMNS), part.unexplained]
            cells = [str(number).rjust(len(head)) for number, head in zip(numbers, heads, strict=True)]
            self.stdout.write("  ".join([name.ljust(width), *cells]))

    def _reasons(self, reasons: Counter[Reason], words: Callable[[int], str]) -> None:
        for reason, number in reasons.most_common():
            sentence = explain(reason)
            self.stdout.write(f"{words(number)}: {sentence.what} {sentence.next_step}".rstrip())

    def _unexplained(self, number: int) -> None:
        if number:
            text = ngettext(
                "%(number)d person is unexplained: the next sweep, within two minutes, finds them.",
                "%(number)d people are unexplained: the next sweep, within two minutes, finds them.",
                number,
            )
            self.stdout.write(self.style.WARNING(text % {"number": number}))


def _waiting(number: int) -> str:
    return ngettext("%(number)d person waits", "%(number)d people wait", number) % {"number": number}


def _attention(number: int) -> str:
    text = ngettext("%(number)d person needs attention", "%(number)d people need attention", number)
    return text % {"number": number}
