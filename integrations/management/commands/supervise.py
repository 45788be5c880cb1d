"""Runs the worker, and the web server if asked, and keeps them alive."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from integrations.processes import web, worker
from integrations.supervisor import Supervisor

TEACH = """\
  python manage.py supervise                            the worker alone (any number of machines)
  python manage.py supervise --web                      worker and web server, on 127.0.0.1:8000
  python manage.py supervise --web --bind 0.0.0.0:8000  the same, reachable from other machines

A worker that ended, or has shown no sign of life for three minutes, is killed with all its processes and
started again; no lead is lost by that. Stop with Ctrl-C or SIGTERM (to this process alone): what is being
sent is finished first. A second one stops at once.
"""


class Command(BaseCommand):
    help = "Run the worker (and the web server) and keep them alive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = TEACH
        parser.add_argument("--web", action="store_true", help="run the web server too")
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")

    def handle(self, *args: Any, **options: Any) -> None:
        children = [worker()]
        if options["web"]:
            host, _, port = options["bind"].rpartition(":")
            children.append(web(host=host, port=int(port)))
        Supervisor(children).run()
