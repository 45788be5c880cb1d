"""Connects an Intercom workspace by its access token, or gives a known one a new token."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.management.help import TaughtCommand
from integrations.intercom.errors import AuthError, ForbiddenError, IntercomError
from integrations.intercom.session import Session
from integrations.models import Region
from integrations.pretence import listen_to_sandbox
from integrations.services.answer_words import status_in_words
from integrations.services.client import base_url
from integrations.services.connect import Connected, connect_with_token, usable_regions

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

LONGEST_TOKEN = 1000


class Command(TaughtCommand):
    help = "Connect an Intercom workspace (or renew its token)."
    examples = """\
Where the token comes from: in Intercom's Developer Hub, open your app (or make one for your own workspace),
then Configure > Authentication > Access token.

The token is never an argument: those show up in the process list and in your shell's history.

examples:
  manage.py connect_intercom                         asks for the token, and does not show it
  manage.py connect_intercom --region EU < token.txt

Scripts may set INTERCOM_ACCESS_TOKEN instead.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--region",
            default="US",
            type=str.upper,
            choices=usable_regions(),
            help="where the workspace's data lives (default: US); SANDBOX too where INTERCOM_SANDBOX is on",
        )

    def handle(self, *_args: Any, region: str, **_options: Any) -> None:
        connected = _connect(_token(), region=region)
        listen_to_sandbox(connected.connection)
        connection = connected.connection
        named = {"name": connection.name or _("workspace"), "id": connection.workspace_id}
        text = (
            _("Connected: %(name)s (%(id)s)") if connected.fresh else _("Connected again: %(name)s (%(id)s)")
        )
        self.stdout.write(self.style.SUCCESS(text % named))
        if connection.region != region:
            text = _("Its data lives in region %(region)s; that is what we use.")
            self.stdout.write(text % {"region": connection.region})
        number = connected.attributes
        self.stdout.write(
            ngettext("%(number)d field read.", "%(number)d fields read.", number) % {"number": number}
        )
        if connected.fresh:
            self.stdout.write(_("Next: manage.py settings_import for a campaign."))
        else:
            self.stdout.write(_("What has waited for it goes on by itself."))


def _connect(token: str, *, region: str) -> Connected:
    try:
        with Session() as session:
            return connect_with_token(token, region=region, session=session)
    except AuthError as err:
        text = _("Intercom does not accept this token. Copy it again from the Developer Hub, whole.")
        raise CommandError(text) from err
    except ForbiddenError as err:
        text = _(
            "Intercom accepts the token but not what it asks for: the app needs the permissions to read and "
            "write users and to read data attributes."
        )
        raise CommandError(text) from err
    except IntercomError as err:
        if region == Region.SANDBOX:
            text = _(
                "The sandbox does not answer at %(host)s: %(why)s. The web server serves it: start that, or "
                "start it again if INTERCOM_SANDBOX was set since. Nothing was changed."
            )
            raise CommandError(text % {"host": base_url(region), "why": _why(err)}) from err
        text = _("%(host)s did not answer as Intercom should: %(why)s. Nothing was changed; try again.")
        raise CommandError(text % {"host": base_url(region), "why": _why(err)}) from err
    except ValueError as err:
        text = _("The address of Intercom's API cannot be used (%(error)s): look at INTERCOM_API_URL.")
        raise CommandError(text % {"error": err}) from err


def _why(error: IntercomError) -> str:
    status = error.exchange.status if error.exchange else None
    if status is None:
        return _("no answer came, so see whether it runs, and at this address")
    return status_in_words(status)


def _token() -> str:
    """From INTERCOM_ACCESS_TOKEN, else from standard input. Messages never repeat what came in."""
    token = os.environ.get("INTERCOM_ACCESS_TOKEN", "").strip() or _piped()
    if not token:
        text = _("No token. Set INTERCOM_ACCESS_TOKEN, or pipe the token into standard input.")
        raise CommandError(text)
    if len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        text = _("What came in is not one token: it has spaces, several lines or strange characters.")
        raise CommandError(text)
    return token


def _piped() -> str:
    if sys.stdin.isatty():
        return getpass(_("Access token (it is not shown): ")).strip()
    try:
        return sys.stdin.read(LONGEST_TOKEN * 2).strip()
    except UnicodeDecodeError:
        raise CommandError(_("What came in is not text.")) from None
