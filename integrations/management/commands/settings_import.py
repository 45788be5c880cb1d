"""Takes a campaign's panel from JSON: all of it, or nothing and every error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from campaigns.management.help import TaughtCommand
from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.logic.states import Reason
from integrations.management.lookup import campaign_by_slug
from integrations.models import SecretUnreadableError, SyncSettings
from integrations.services.attributes import ensure_marks, missing_marks
from integrations.services.explain import explain
from integrations.services.settings import (
    SettingsError,
    connection_of,
    held_tabs,
    import_document,
    missing_parts,
    parse,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from campaigns.models import Campaign
    from integrations.services.attributes import MarkResult

MOST_BYTES = 1_000_000


class Command(TaughtCommand):
    help = "Set a campaign's Intercom settings from JSON."
    examples = """\
examples:
  manage.py settings_import spring spring.json
  manage.py settings_import spring - < spring.json

The smallest file that works:
  {"leads": {"action": "create_lead",
             "field_map": [{"data_type": "dynamic", "from": "lead.email", "to": "email"}]}}

A section that is left out stays as it was. Incomplete settings are taken: leads then wait, and the answer
says what is missing. If anything is wrong, nothing is changed. README.md describes the whole format.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the campaign's short name")
        parser.add_argument("file", metavar="FILE", help="a JSON file; - reads standard input")

    def handle(self, *_args: Any, slug: str, file: str, **_options: Any) -> None:
        campaign = campaign_by_slug(slug)
        try:
            changed = import_document(campaign, parse(_read(file)))
        except SettingsError as err:
            lines = "".join(f"\n  {line}" for line in err.errors)
            raise CommandError(_("Nothing was changed. What is wrong:") + lines) from None
        for tab in changed:
            self.stdout.write(self.style.SUCCESS(_("%(tab)s: saved") % {"tab": tab}))
        if not changed:
            self.stdout.write(_("Nothing to change: the settings say this already."))
        self._create_marks(campaign)
        self._tell_what_is_missing(campaign)

    def _create_marks(self, campaign: Campaign) -> None:
        """`"marks": true` needs three attributes in the workspace."""
        connection = connection_of(campaign)
        marking = SyncSettings.objects.filter(campaign=campaign, duplicate_policy__marks=True)
        if connection is None or not marking.exists() or not missing_marks(connection):
            return
        try:
            with Session() as session:
                results = ensure_marks(connection, session=session)
        except (IntercomError, SecretUnreadableError, ValueError) as err:
            text = _(
                "The attributes that mark a contact as referred could not be created now (%(error)s). "
                "Leads go without them; import the same file again to try once more."
            )
            self.stderr.write(text % {"error": err})
            return
        for result in results:
            self._tell_mark(result)

    def _tell_mark(self, result: MarkResult) -> None:
        if result.created:
            self.stdout.write(_("Created in Intercom: %(name)s") % {"name": result.name})
        elif not result.available:
            why = result.refusal or _("it is archived, of another type or not writable")
            text = _("Not available in Intercom: %(name)s (%(why)s). Leads go without it.")
            self.stderr.write(text % {"name": result.name, "why": why})

    def _tell_what_is_missing(self, campaign: Campaign) -> None:
        for tab, reason in held_tabs(campaign).items():
            if reason and reason is not Reason.SWITCHED_OFF:
                sentence = explain(reason)
                self.stdout.write(self.style.WARNING(f"{tab}: {sentence.what} {sentence.next_step}".rstrip()))
        for line in missing_parts(campaign):
            self.stdout.write(_("Missing: %(what)s") % {"what": line})


def _read(name: str) -> str:
    """The text of a file. Raises CommandError for what is no text, or far too much of it."""
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if name == "-" else _read_file(Path(name))
        if len(raw) > MOST_BYTES:
            raise CommandError(_("%(name)s is larger than a megabyte: no settings file is.") % {"name": name})
        return raw.decode("utf-8-sig")
    except OSError as err:
        text = _("%(name)s cannot be read: %(error)s.")
        raise CommandError(text % {"name": name, "error": err.strerror}) from None
    except UnicodeDecodeError:
        raise CommandError(_("%(name)s is not UTF-8 text.") % {"name": name}) from None


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
