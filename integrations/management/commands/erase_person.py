"""Erases a person on request, as the page does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from campaigns.management.help import TaughtCommand
from campaigns.text import normalized_email, refuse_unstorable
from integrations.services.keeping.erasing import ask
from integrations.services.keeping.keeping_words import numbers, told
from integrations.services.keeping.person import counted, person_of

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(TaughtCommand):
    help = (
        "Erase a person: everything that is held of them here and, if asked for, their contacts in Intercom."
    )
    examples = """\
Examples:
  manage.py erase_person --email ana@example.com --dry-run
  manage.py erase_person --email ana@example.com --delete-in-intercom
  echo ana@example.com | manage.py erase_person --email -

There is no way back. While something about the person is on its way to Intercom the request is kept, and a
worker carries it out within minutes. Deleting in Intercom is done by a worker too, and is tried until it is
done; /admin/integrations/erasures/ shows how it went. Without --delete-in-intercom the contact stays there.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--email",
            required=True,
            help="whose; - reads it from standard input, which no process list shows",
        )
        parser.add_argument(
            "--delete-in-intercom",
            action="store_true",
            help="delete their contacts there too: those that we know of, and what is just on its way",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what there is")

    def handle(self, *_args: Any, email: str, **options: Any) -> None:
        email = _spelled(sys.stdin.readline() if email == "-" else email)
        person = person_of(email)
        found = counted(person)
        if not found and not person.contacts:
            self.stdout.write(_("Nothing is held of this person."))
            return
        for one in numbers(found):
            self.stdout.write(f"{one.kind}: {one.number}")
        if options["dry_run"]:
            self.stdout.write(_("Nothing was erased: that is what would be."))
            return
        delete_in = person.workspaces if options["delete_in_intercom"] else ()
        self.stdout.write(told(ask(email, user=None, delete_in=delete_in)))


def _spelled(text: str) -> str:
    """Raises CommandError for what is no email."""
    email = normalized_email(text)
    try:
        refuse_unstorable(email)
    except ValidationError:
        email = ""
    if "@" not in email:
        raise CommandError(_("Say whose: --email ana@example.com, or --email - and the email as input."))
    return email
