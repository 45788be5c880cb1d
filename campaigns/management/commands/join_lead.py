"""Joins one lead, or all leads of a CSV file, to a campaign. Joining twice is joining once."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import importing, services
from campaigns.cleaning import TEXT_FIELDS
from campaigns.csvfile import CsvFile, UnreadableFile, text_of
from campaigns.importing import Outcome
from campaigns.management.help import TaughtCommand
from campaigns.models import Campaign

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

PROGRESS_EVERY = 1000


class Command(TaughtCommand):
    help = "Joins one lead, or all leads of a CSV file, to a campaign."
    examples = """\
examples:
  manage.py join_lead spring --email ana@example.com --first-name Ana --referrer rosa@example.com
  manage.py join_lead spring --email ana@example.com --custom plan=pro --custom seats=12
  manage.py join_lead spring --csv leads.csv
  gunzip -c leads.csv.gz | manage.py join_lead spring --csv -

The first line of a CSV file names the columns, of which only email has to be there:
  email,first_name,last_name,phone,company,source,referrer,custom.plan
  ana@example.com,Ana,Lima,,,Fair,rosa@example.com,pro

A referrer is a referral code or the email of somebody in the campaign. Booleans are yes or no, dates
YYYY-MM-DD. Bad lines are reported and left out; correct them and run the same file again: who is in
already stays as they are. The command ends with 1 if there was a bad line.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the campaign's short name")
        people = parser.add_mutually_exclusive_group(required=True)
        people.add_argument("--csv", metavar="FILE", help="a CSV file; - reads standard input")
        people.add_argument("--email")
        for name in TEXT_FIELDS[1:]:
            parser.add_argument(f"--{name.replace('_', '-')}", default="")
        parser.add_argument("--referrer", default="", metavar="CODE_OR_EMAIL")
        parser.add_argument("--custom", action="append", default=[], metavar="KEY=VALUE")

    def handle(self, *_args: Any, slug: str, csv: str | None, **options: Any) -> None:
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(_("There is no campaign called %(slug)s.") % {"slug": slug})
        if not campaign.is_open:
            raise CommandError(_("Campaign %(slug)s has ended.") % {"slug": slug})
        if csv is None:
            self._join_one(campaign, options)
            return
        if any(options[name] for name in (*TEXT_FIELDS[1:], "referrer", "custom")):
            raise CommandError(_("With --csv, everything about the people comes from the file."))
        self._join_file(campaign, name=csv)

    def _join_one(self, campaign: Campaign, options: dict[str, Any]) -> None:
        try:
            person = services.join_lead(
                campaign=campaign,
                referrer=_referrer(campaign, options["referrer"]),
                custom=_custom(campaign, options["custom"]),
                **{name: options[name] for name in TEXT_FIELDS},
            )
        except ValidationError as err:
            raise CommandError(importing.describe(err)) from err
        text = (
            _("Joined: Lead ID %(id)s, %(link)s")
            if person.newly_joined
            else _("Already in: Lead ID %(id)s, %(link)s")
        )
        self.stdout.write(text % {"id": person.pk, "link": person.referral_link})

    def _join_file(self, campaign: Campaign, *, name: str) -> None:
        counts: Counter[Outcome] = Counter()
        try:
            with text_of(_opened(name)) as file:
                for result in importing.import_leads(campaign, file=CsvFile(file)):
                    counts[result.outcome] += 1
                    self._report(result, counts=counts)
        except OSError as err:
            raise CommandError(_("%(name)s: %(error)s") % {"name": name, "error": err.strerror}) from err
        except UnreadableFile as err:
            raise CommandError(str(err)) from err
        self.stdout.write(_summary(counts))
        if bad := counts[Outcome.BAD]:
            text = ngettext("%(number)s line was left out.", "%(number)s lines were left out.", bad)
            raise CommandError(text % {"number": f"{bad:,}"})

    def _report(self, result: importing.Result, *, counts: Counter[Outcome]) -> None:
        if result.outcome is Outcome.BAD:
            text = _("line %(line)s: %(problem)s")
            self.stderr.write(text % {"line": result.line, "problem": result.problem})
        if counts.total() % PROGRESS_EVERY == 0:
            self.stderr.write(_summary(counts), style_func=str)


def _summary(counts: Counter[Outcome]) -> str:
    numbers = {
        "read": f"{counts.total():,}",
        **{outcome.value: f"{counts[outcome]:,}" for outcome in Outcome},
    }
    return _("%(read)s read: %(joined)s joined, %(already_in)s already in, %(bad)s bad") % numbers


def _opened(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def _referrer(campaign: Campaign, code_or_email: str) -> Any:
    return importing.find_referrer(campaign, code_or_email=code_or_email) if code_or_email else None


def _custom(campaign: Campaign, pairs: list[str]) -> dict[str, object]:
    texts = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise CommandError(_("“%(pair)s” is no custom value. Write KEY=VALUE.") % {"pair": pair})
        texts[key.strip()] = value
    return importing.custom_values(texts, kinds=importing.custom_kinds(campaign))
