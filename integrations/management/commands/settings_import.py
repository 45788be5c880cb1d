"""Takes a campaign's panel from JSON: all of it, or nothing and every error."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.logic.states import Reason
from integrations.management.commands.settings_export import campaign_by_slug
from integrations.models import SyncSettings
from integrations.services.attributes import ensure_marks, missing_marks
from integrations.services.explain import explain
from integrations.services.settings import SettingsError, connection_of, held_tabs, import_document, parse

if TYPE_CHECKING:
    from campaigns.models import Campaign

MOST_BYTES = 1_000_000

TEACH = """\
  python manage.py settings_import spring spring.json
  python manage.py settings_import spring - < spring.json

The smallest file that works:

  {"leads": {"action": "create_lead",
             "field_map": [{"data_type": "dynamic", "from": "lead.email", "to": "email"}]}}

A section that is left out stays as it was. Incomplete settings are taken: leads then wait, and the answer
says what is missing. README.md describes the whole format.
"""


class Command(BaseCommand):
    help = "Set a campaign's Intercom settings from JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = TEACH
        parser.add_argument("slug", metavar="SLUG", help="the campaign's short name")
        parser.add_argument("file", metavar="FILE", help="a JSON file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_by_slug(options["slug"])
        try:
            changed = import_document(campaign, parse(_read(options["file"])))
        except SettingsError as err:
            lines = "\n".join(f"  {line}" for line in err.errors)
            raise CommandError(f"Nothing was changed. What is wrong:\n{lines}") from None
        for tab in changed:
            self.stdout.write(self.style.SUCCESS(f"{tab}: saved"))
        if not changed:
            self.stdout.write("Nothing to change: the settings say this already.")
        self._create_marks(campaign)
        self._tell_what_holds(campaign)

    def _create_marks(self, campaign: Campaign) -> None:
        """`"marks": true` needs three attributes in the workspace."""
        connection = connection_of(campaign)
        marking = SyncSettings.objects.filter(campaign=campaign, duplicate_policy__marks=True)
        if connection is None or not marking.exists() or not missing_marks(connection):
            return
        try:
            with Session() as session:
                results = ensure_marks(connection, session=session)
        except IntercomError as err:
            self.stderr.write(
                f"The attributes that mark a contact as referred could not be created now ({err}). "
                "Leads go without them; import the same file again to try once more."
            )
            return
        for result in results:
            if result.created:
                self.stdout.write(f"Created in Intercom: {result.name}")
            elif not result.available:
                why = result.refusal or "it is archived, of another type or not writable"
                self.stderr.write(f"Not available in Intercom: {result.name} ({why}). Leads go without it.")

    def _tell_what_holds(self, campaign: Campaign) -> None:
        for tab, reason in held_tabs(campaign).items():
            if reason and reason is not Reason.SWITCHED_OFF:
                sentence = explain(reason)
                self.stdout.write(self.style.WARNING(f"{tab}: {sentence.what} {sentence.next_step}".rstrip()))


def _read(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if name == "-" else _read_file(Path(name))
        if len(raw) > MOST_BYTES:
            raise CommandError("The file is larger than a megabyte: that is no settings file.")
        return raw.decode("utf-8-sig")
    except OSError as err:
        raise CommandError(f"{name} cannot be read: {err.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{name} is not UTF-8 text.") from None


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
