"""Counts where everybody stands: for each campaign, and in all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaigns.management.help import TaughtCommand
from integrations.logic.states import Outcome
from integrations.services.alerts.listing import what_is_wrong
from integrations.services.explain import explain
from integrations.services.status import Tally, tallies, total
from integrations.services.waiting_room import waiting_room

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.core.management.base import CommandParser

    from integrations.logic.states import Reason
    from integrations.services.waiting_room import Waiting

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
--check is for cron and monitors: says nothing and ends with 0 while all is well; else says what is wrong
(nothing is being sent, or an alert that stands) and ends with 1.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--json", action="store_true", help="print JSON")
        how.add_argument("--check", action="store_true", help="end with 1 when something is wrong")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["check"]:
            self._check()
            return
        parts = tallies()
        whole = total(parts)
        if options["json"]:
            campaigns = {slug: part.as_json() for slug, part in parts.items()}
            self.stdout.write(json.dumps({"campaigns": campaigns, "total": whole.as_json()}, indent=2))
        elif not parts:
            self.stdout.write(_("No campaigns yet. Begin with: manage.py create_campaign SLUG --name NAME"))
        else:
            self._table(parts | ({_("in all"): whole} if len(parts) > 1 else {}))
            self._waiting(waiting_room())
            self._attention(whole.attention)
            self._unexplained(whole.unexplained)

    def _check(self) -> None:
        if found := what_is_wrong():
            raise CommandError("\n".join(found), returncode=1)

    def _table(self, parts: Mapping[str, Tally]) -> None:
        title = _("campaign")
        width = max(len(name) for name in (*parts, title))
        heads = [_("joined"), *(str(head) for head in COLUMNS.values()), _("unexplained")]
        self.stdout.write("  ".join([title.ljust(width), *heads]))
        for name, part in parts.items():
            numbers = [part.joined, *(part.outcomes[column] for column in COLUMNS), part.unexplained]
            cells = [str(number).rjust(len(head)) for number, head in zip(numbers, heads, strict=True)]
            self.stdout.write("  ".join([name.ljust(width), *cells]))

    def _waiting(self, groups: Sequence[Waiting]) -> None:
        for group in groups:
            text = ngettext(
                "%(campaign)s: %(number)d person waits since %(since)s",
                "%(campaign)s: %(number)d people wait, the longest since %(since)s",
                group.number,
            )
            words = text % {
                "campaign": group.campaign,
                "number": group.number,
                "since": date_format(localtime(group.oldest), "DATETIME_FORMAT"),
            }
            self._explained(words, group.reason, until=group.ends_at)

    def _attention(self, reasons: Counter[Reason]) -> None:
        for reason, number in reasons.most_common():
            text = ngettext("%(number)d person needs attention", "%(number)d people need attention", number)
            self._explained(text % {"number": number}, reason)

    def _explained(self, words: str, reason: Reason, *, until: datetime | None = None) -> None:
        sentence = explain(reason)
        line = f"{words}: {sentence.what} {sentence.next_step}".rstrip()
        if until is not None:
            time = date_format(localtime(until), "DATETIME_FORMAT")
            line += " " + _("(The next goes on at %(time)s.)") % {"time": time}
        self.stdout.write(line)

    def _unexplained(self, number: int) -> None:
        if number:
            text = ngettext(
                "%(number)d person is unexplained: the next sweep, within two minutes, finds them.",
                "%(number)d people are unexplained: the next sweep, within two minutes, finds them.",
                number,
            )
            self.stdout.write(self.style.WARNING(text % {"number": number}))
