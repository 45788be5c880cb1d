"""Runs the worker, and the web server if asked, and keeps them alive."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from campaigns.management.help import TaughtCommand
from integrations.processes import is_migrated, port_is_taken, web, worker
from integrations.supervisor import Supervisor

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

HIGHEST_PORT = 65_535


class Command(TaughtCommand):
    help = "Run the worker (and the web server) and keep them alive."
    examples = """\
examples:
  manage.py supervise                            the worker alone (any number of machines)
  manage.py supervise --web                      worker and web server, on 127.0.0.1:8000
  manage.py supervise --web --bind 0.0.0.0:8000  the same, reachable from other machines

A worker that ended, or has shown no sign of life for three minutes, is killed with all its processes and
started again; no lead is lost by that. Stop with Ctrl-C or SIGTERM (to this process alone): what is being
sent is finished first. A second one stops at once.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--web", action="store_true", help="run the web server too")
        parser.add_argument("--bind", default="127.0.0.1:8000", type=address, metavar="HOST:PORT")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not is_migrated():
            raise CommandError(_("The database is not ready: run manage.py migrate first."))
        children = [worker()]
        if options["web"]:
            host, port = options["bind"]
            if port_is_taken(port):
                raise CommandError(
                    _("Port %(port)d is in use. Choose another: --bind, or make run PORT=8010.")
                    % {"port": port}
                )
            children.append(web(host=host, port=port))
            text = _("Listening on %(host)s:%(port)d; people reach it at %(url)s (PUBLIC_URL).")
            self.stdout.write(text % {"host": host, "port": port, "url": settings.PUBLIC_URL})
        Supervisor(children).run()


def address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises ArgumentTypeError."""
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= HIGHEST_PORT:
        raise ArgumentTypeError(_("“%(text)s” is not HOST:PORT, such as 127.0.0.1:8000") % {"text": text})
    return host, int(port)
