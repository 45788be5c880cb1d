"""Connects an Intercom workspace by its access token, or gives a known one a new token."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.intercom.errors import AuthError, ForbiddenError, IntercomError
from integrations.intercom.session import Session
from integrations.services.connect import Connected, connect_with_token, usable_regions

TEACH = """\
Where the token comes from: in Intercom's Developer Hub, open your app (or make one for your own workspace),
then Configure > Authentication > Access token.

The token is never an argument: those show up in the process list and in your shell's history.

  INTERCOM_ACCESS_TOKEN=... python manage.py connect_intercom
  python manage.py connect_intercom --region EU < token.txt
"""


class Command(BaseCommand):
    help = "Connect an Intercom workspace (or renew its token)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = TEACH
        parser.add_argument(
            "--region",
            default="US",
            type=str.upper,
            choices=usable_regions(),
            help="where the workspace's data lives (default: US)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        token = _token()
        try:
            with Session() as session:
                connected = connect_with_token(token, region=options["region"], session=session)
        except AuthError as err:
            raise CommandError(
                "Intercom does not accept this token. Copy it again from the Developer Hub, whole."
            ) from err
        except ForbiddenError as err:
            raise CommandError(
                "Intercom accepts the token but not what it asks for: the app needs the permissions to "
                "read and write users and to read data attributes."
            ) from err
        except IntercomError as err:
            raise CommandError(f"Intercom did not answer as expected ({err}). Try again later.") from err
        except ValueError as err:
            raise CommandError(f"INTERCOM_API_URL cannot be used: {err}.") from err
        self._tell(connected, asked=options["region"])

    def _tell(self, connected: Connected, *, asked: str) -> None:
        connection = connected.connection
        verb = "Connected" if connected.fresh else "Connected again"
        self.stdout.write(
            self.style.SUCCESS(f"{verb}: {connection.name or 'workspace'} ({connection.workspace_id})")
        )
        if connection.region != asked:
            self.stdout.write(f"Its data lives in region {connection.region}; that is what we use.")
        self.stdout.write(f"{connected.attributes} fields read. Next: settings_import for a campaign.")


def _token() -> str:
    token = os.environ.get("INTERCOM_ACCESS_TOKEN", "").strip()
    if not token and not sys.stdin.isatty():
        token = sys.stdin.read(10_000).strip()
    if not token:
        raise CommandError("No token. Set INTERCOM_ACCESS_TOKEN, or pipe the token into standard input.")
    if len(token.split()) != 1:
        raise CommandError("What came in is not one token: it has spaces or several lines.")
    return token
