"""Runs everything on this machine with a pretend Intercom, sends a first lead, and says what to click."""

from __future__ import annotations

import os
import threading
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.management.help import TaughtCommand
from integrations import demo
from integrations.logic.states import State
from integrations.processes import own_port, port_is_taken, web, worker
from integrations.services.explain import explain
from integrations.services.status import reason_now
from integrations.supervisor import Supervisor

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

STARTS_WITHIN = 30.0
SENDS_WITHIN = 20.0


class Command(TaughtCommand):
    help = "Run a demonstration with a pretend Intercom workspace."
    examples = """\
`make demo` prepares everything and calls this. Needs INTERCOM_SANDBOX=on and DEMO_PASSWORD.
"""
    failed = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="send the first lead, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD", "")
        if not settings.INTERCOM_SANDBOX or not password:
            raise CommandError(
                _("The demonstration needs INTERCOM_SANDBOX=on and DEMO_PASSWORD: use make demo.")
            )
        if port_is_taken(own_port()):
            text = _("Port %(port)d is in use. Choose another: make demo PORT=8010")
            raise CommandError(text % {"port": own_port()})
        supervisor = Supervisor([web(host="127.0.0.1", port=own_port()), worker()])
        guide = threading.Thread(
            target=self._guide, args=[supervisor, password, options["once"]], daemon=True
        )
        guide.start()
        supervisor.run()
        guide.join(timeout=5)
        if self.failed:
            raise CommandError(self.failed)

    def _guide(self, supervisor: Supervisor, password: str, once: bool) -> None:
        try:
            _wait_for_the_web_server()
            seeded = demo.seed(password=password)
            self._first_lead(seeded, failing_matters=once)
            self._tell(seeded, password=password)
        except Exception as err:  # noqa: BLE001  (whatever it is, a demonstration without a guide is none)
            self.failed = str(err)
            supervisor.stop()
        finally:
            connections.close_all()
        if once:
            supervisor.stop()

    def _first_lead(self, seeded: demo.Demo, *, failing_matters: bool) -> None:
        """Somebody may have played with the settings since the last time: then it says why, and goes on."""
        try:
            delivery, seconds = demo.prove(seeded, within=SENDS_WITHIN)
        except ValidationError as err:
            text = _("No lead could join: %(why)s") % {"why": " ".join(err.messages)}
        else:
            if delivery.state == State.CREATED:
                text = _("One lead has joined, and its contact is in the sandbox: that took %(seconds).1f s.")
                self.stdout.write("\n" + text % {"seconds": seconds})
                return
            why = explain(reason_now(delivery))
            text = _("A lead has joined, and is not in the sandbox: %(what)s %(next)s")
            text %= {"what": why.what, "next": why.next_step}
        if failing_matters:
            raise CommandError(text)
        self.stdout.write("\n" + self.style.WARNING(text))
        self.stdout.write(_("make clean-demo begins anew."))

    def _tell(self, seeded: demo.Demo, *, password: str) -> None:
        base = settings.PUBLIC_URL
        self.stdout.write(
            _(
                """
  1. Join as a lead:          %(join)s
  2. Log in:                  %(admin)s
                              as %(login)s with the password %(password)s
                              (as %(support)s with the same: may look, retry and pause)
  3. See the contact arrive:  %(sandbox)s
  4. Read the log:            %(log)s
  5. Join as %(known)s: that person is in the sandbox already, so they are skipped, and the log
     says why.
  6. Qualify a lead: open its contact in the sandbox, choose Edit, set plan to Pro, save. Within
     seconds it is Qualified: %(leads)s
  7. Set up a campaign yourself: %(own)s
     There choose Connect, then Use this workspace (if you have not done so before).

Stop with Ctrl-C. Everything is kept in var/; make clean-demo begins anew.
"""
            )
            % {
                "join": seeded.referrer.referral_link,
                "admin": base + reverse("admin:index"),
                "sandbox": base + reverse("sandbox:contacts"),
                "log": base + reverse("admin:integrations_delivery_changelist"),
                "login": demo.LOGIN,
                "password": password,
                "support": demo.SUPPORT_LOGIN,
                "known": demo.KNOWN_CUSTOMER,
                "leads": base + reverse("admin:campaigns_campaign_leads", args=[seeded.campaign.pk]),
                "own": base + reverse("admin:campaigns_campaign_crm", args=[seeded.untouched.pk]),
            }
        )
        self.stdout.flush()


def _wait_for_the_web_server() -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if _web_server_answers():
            return
        time.sleep(0.1)
    raise CommandError(_("The web server did not start; see the messages above."))


def _web_server_answers() -> bool:
    connection = HTTPConnection("127.0.0.1", own_port(), timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
