"""All that people and machines get to see of a scene in which everything went wrong, place by place."""

from __future__ import annotations

import io
import json
import logging
import smtplib
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Task

from campaigns.models import Participant
from integrations.intercom.client import IntercomClient
from integrations.intercom.session import Session
from integrations.intercom.webhooks import sign
from integrations.models import (
    Alert,
    AlertKind,
    AlertSettings,
    Attempt,
    Delivery,
    IntercomConnection,
    WebhookReceipt,
)
from integrations.sandbox.control import Fault
from integrations.sandbox.server import running_sandbox
from integrations.services.keeping.erasing import ask
from integrations.services.wake import wake
from tests.campaigns.factories import make_lead
from tests.integrations.bulk import order
from tests.integrations.erasure_fixtures import found_in
from tests.integrations.flow_fixtures import owed
from tests.integrations.leaks import (
    ACCESS,
    OTHER,
    OURS,
    PERSON,
    QUOTE,
    SECRETS,
    Scene,
    connect,
    faults,
    found,
    make_scene,
    plant_secrets,
    refusal,
)
from tests.integrations.leaks_worker import run
from tests.integrations.qualify_fixtures import change, tell
from tests.integrations.test_alert_mail import FAILING, FailingBackend
from tests.integrations.test_roles import ADMIN, BOSS, HELPER, PAGES, World, make_user
from tests.integrations.trial_fixtures import asked

if TYPE_CHECKING:
    import pytest


class Place(StrEnum):
    PAGE = "page"
    EXPORT = "export"
    NUMBERS = "numbers and settings"
    MAIL = "e-mail"
    LOG = "log"
    ERROR = "error"
    TASK = "task"
    TABLE = "table"


@dataclass(frozen=True)
class Text:
    """Something that can be read; `ours` says that it is about nobody but the people of one campaign."""

    where: str
    text: str
    ours: bool = False


@dataclass
class Seen:
    texts: dict[Place, list[Text]] = field(default_factory=lambda: {place: [] for place in Place})
    sealed: dict[str, str] = field(default_factory=dict)

    def add(self, place: Place, where: str, text: str, *, ours: bool = False) -> None:
        self.texts[place].append(Text(where, text, ours))

    def with_marks(self, marks: Mapping[str, str], place: Place, *, ours: bool = False) -> list[str]:
        """Which marks stand where."""
        looked_at = [one for one in self.texts[place] if one.ours or not ours]
        assert looked_at
        return [f"{one.where}: {', '.join(names)}" for one in looked_at if (names := found(one.text, marks))]


def gather(folder: Path, patch_: pytest.MonkeyPatch) -> Seen:
    """Needs a database that it may fill."""
    seen = Seen()
    plant_secrets(patch_)
    patch_.setattr("integrations.services.refused.EVERY", 0.0)
    with running_sandbox(folder / "sandbox.sqlite3") as sandbox, logged(seen):
        patch_.setattr(settings, "INTERCOM_API_URL", sandbox.url)
        scene = make_scene(connect(sandbox))
        seen.sealed = _sealed(scene)
        _errors(seen, scene)
        _happen(scene)
        _break(scene, patch_)
        _mails(seen, patch_)
        _pages(seen, scene)
        _tables(seen)
        _exports(seen, scene)
        _tasks(seen)
    return seen


def _sealed(scene: Scene) -> dict[str, str]:
    row = IntercomConnection.objects.get(pk=scene.intercom.connection.pk)
    return {"sealed token": row.sealed_token, "sealed webhook secret": row.sealed_webhook_secret}


# The log -----------------------------------------------------------------------------------------------

ORDINARY = {*vars(logging.makeLogRecord({})), "message", "asctime", "request"}
LOUD = ("", "integrations", "campaigns", "django", "django.request", "django-q", "urllib3")


@contextmanager
def logged(seen: Seen) -> Iterator[None]:
    """Every line at its loudest, as the console would write it, and what else the record carries."""
    console = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    assert console.formatter is not None
    write = console.formatter.format

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.add(Place.LOG, record.name, write(record))
            more = {key: value for key, value in vars(record).items() if key not in ORDINARY}
            seen.add(Place.LOG, f"{record.name}, besides", repr(more))

    keeper, levels = Keeper(), {name: logging.getLogger(name).level for name in LOUD}
    logging.getLogger().addHandler(keeper)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(keeper)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


# Errors ------------------------------------------------------------------------------------------------


def _errors(seen: Seen, scene: Scene) -> None:
    """What the client raises for each failure."""
    sandbox, workspace = scene.intercom.sandbox, scene.intercom.workspace
    contact = owed(scene.other).contact_id
    own = f"own.error@{OURS}"
    body = {"role": "lead", "email": own, "name": PERSON["first_name"]}
    with Session(deadline=0.4) as session:
        client = IntercomClient(token=ACCESS, base_url=sandbox.url, session=session)
        for name, fault in faults(own, contact_of_other=contact).items():
            sandbox.add_fault(workspace, fault)
            try:
                client.create_contact(body) if name != "no-search" else client.search_contacts([own])
            except Exception as err:  # noqa: BLE001  (whatever it is, it is looked at)
                told = [str(err), repr(err), *traceback.format_exception(err)]
                seen.add(Place.ERROR, name, "\n".join(told))
            sandbox.clear_faults(workspace)


# What else happens -------------------------------------------------------------------------------------


def _happen(scene: Scene) -> None:
    """A test lead, notifications, a look at the fields, and orders; all answered with what they sent."""
    intercom, lead = scene.intercom, scene.leads["well"]
    sandbox, workspace, here = intercom.sandbox, intercom.workspace, intercom.connection.pk
    change(intercom, owed(lead).contact_id, "Pro")
    tell(intercom, owed(lead).contact_id)
    tell(intercom, owed(scene.other).contact_id)
    _knock(intercom.connection)
    for path in ("/contacts", "/data_attributes", "/contacts/search", "/contacts/*"):
        sandbox.add_fault(workspace, Fault(acts=False, path=path, status=400, body=refusal(QUOTE), times=3))
    asked(scene.campaign)
    order()
    for task in ("drain", "refresh_attributes", "look"):
        run(task, here)
    sandbox.clear_faults(workspace)
    for task in ("sweep", "use_receipts", "take_snapshot", "prune"):
        run(task)
    ask(f"own.known@{OURS}", user=None, delete_in=[here])


def _knock(connection: IntercomConnection) -> None:
    """Notifications that are not believed, or not understood."""
    address = reverse("intercom_webhooks_private", args=[connection.uuid])
    body = json.dumps({"type": "notification_event", "data": {"item": {"email": OTHER, "name": QUOTE}}})
    for signature in (
        "",
        "sha1=0",
        SECRETS["webhook secret"],
        sign(body.encode(), secret=SECRETS["webhook secret"]),
    ):
        headers = {"X-Hub-Signature": signature}
        Client().post(address, body, content_type="application/json", headers=headers)
    Client().get(reverse("intercom_oauth_callback"), {"code": ACCESS, "state": QUOTE, "error": OTHER})


BROKEN = f"duplicate key\nDETAIL: Key (email)=({OTHER}) exists: {QUOTE}"
INSIDE = (
    "integrations.services.drain.values.map_values",
    "integrations.services.drain.slice._after",
    "integrations.services.drain.record.record",
)
OF_TASKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "integrations.services.drain.slice.Slice.run": ("drain", ("here",)),
    "integrations.tasks.refresh_by_task": ("refresh_attributes", ("here",)),
    "integrations.tasks.look_round": ("look", ("here",)),
    "integrations.services.qualify.use_receipts": ("use_receipts", ()),
    "integrations.services.qualify.receipts_use.use_together": ("use_receipts", ()),
    "integrations.services.health.snapshot.take": ("take_snapshot", ()),
    "integrations.services.alerts.send_due": ("send_alerts", ()),
    "integrations.services.keeping.retention.prune": ("prune", ()),
    "integrations.services.sweep.sweep": ("sweep", ()),
    "integrations.services.alerts.watch": ("sweep", ()),
    "integrations.services.bulk_orders.rounds.carry_on": ("sweep", ()),
}


def _break(scene: Scene, patch_: pytest.MonkeyPatch) -> None:
    """Our own code stumbles everywhere, over an error that quotes what it worked on."""

    def stumble(*_: Any, **__: Any) -> Any:
        raise IntegrityError(BROKEN)

    intercom, here = scene.intercom, scene.intercom.connection.pk
    for name in ("integrations.receivers.owe", "integrations.services.wake.enqueue_drain"):
        with patch(name, stumble):
            make_lead(scene.campaign, email=f"own.stumble.{name}@{OURS}", **PERSON)
            IntercomConnection.objects.update(dirty=False)
            wake(here)
    for name in INSIDE:
        with patch(name, stumble):
            make_lead(scene.campaign, email=f"own.inside.{name}@{OURS}", **PERSON)
            with suppress(Exception):
                intercom.drain()
    for name, (task, ids) in OF_TASKS.items():
        with patch(name, stumble):
            run(task, *[here for _ in ids])
    client = _logged_in(BOSS)
    client.raise_request_exception = False
    with patch("integrations.views.story.events_of", stumble):
        answer = client.get(_entry(scene.leads["well"]))
    assert answer.status_code == 500


def _mails(seen: Seen, patch_: pytest.MonkeyPatch) -> None:
    """Every alert's beginning and end; first with a server that says no, and why, at length."""
    AlertSettings.objects.update_or_create(pk=AlertSettings.ONLY, defaults={"others": ["ops@example.com"]})
    Alert.objects.all().delete()
    now, connection = timezone.now(), IntercomConnection.objects.get()
    for kind in AlertKind:
        where = None if kind is AlertKind.WORKER else connection
        Alert.objects.create(kind=kind, connection=where, since=now, mail_due_at=now, number=3)
    with (
        patch.object(settings, "EMAIL_BACKEND", FAILING),
        patch.object(
            FailingBackend,
            "error",
            smtplib.SMTPDataError(554, f"{SECRETS['mail password']} {QUOTE}".encode()),
        ),
    ):
        run("send_alerts")
    Alert.objects.update(mail_due_at=now)
    run("send_alerts")
    Alert.objects.update(ended_at=now, mail_due_at=now)
    run("send_alerts")
    assert len(mail.outbox) == 2 * len(AlertKind)
    for letter in mail.outbox:
        seen.add(Place.MAIL, str(letter.subject), letter.message().as_string() + str(letter.body))


# Pages and exports -------------------------------------------------------------------------------------


def _entry(person: Participant) -> str:
    return reverse("admin:integrations_delivery_change", args=[owed(person).pk])


def _pages(seen: Seen, scene: Scene) -> None:
    trial = asked(scene.campaign)
    world = World(scene.campaign, scene.intercom.connection, trial, scene.leads["refused"])
    addresses = {world.address(name): name.startswith("campaigns_campaign_") for name in PAGES}
    rows = _of_everybody(scene)
    for person in (HELPER, ADMIN, BOSS):
        client = _logged_in(person)
        # Support sees all rows, since what may be seen of a person is not a matter of more rights.
        looked_at = {**addresses, **rows} if person == HELPER else addresses
        for address, ours in looked_at.items():
            answer = client.get(address)
            assert answer.status_code < 500, address
            seen.add(Place.PAGE, f"{address} as {person}", _text(answer), ours=ours)


def _logged_in(person: str) -> Client:
    client = Client()
    client.force_login(User.objects.filter(username=person).first() or make_user(person))
    return client


def _text(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode() + "\n".join(f"{name}: {value}" for name, value in answer.headers.items())


def _of_everybody(scene: Scene) -> dict[str, bool]:
    """The pages of one row, for all the rows there are, and whether each is about our people alone."""
    found_: dict[str, bool] = {}
    for row in Delivery.objects.select_related("participant"):
        ours = row.participant.campaign_id == scene.campaign.pk
        for page in ("change", "history", "undo", "choose", "order"):
            found_[reverse(f"admin:integrations_delivery_{page}", args=[row.pk])] = ours
        for page in ("integrations_person", "campaigns_participant_change"):
            found_[reverse(f"admin:{page}", args=[row.participant_id])] = ours
    for attempt in Attempt.objects.select_related("delivery__participant"):
        ours = attempt.delivery.participant.campaign_id == scene.campaign.pk
        found_[reverse("admin:integrations_attempt_change", args=[attempt.pk])] = ours
    for receipt in WebhookReceipt.objects.all():
        found_[reverse("admin:integrations_webhookreceipt_change", args=[receipt.pk])] = False
    return found_


def _exports(seen: Seen, scene: Scene) -> None:
    client = Client()
    client.login(username=BOSS, password="pw")
    log = reverse("admin:integrations_log_export")
    seen.add(Place.EXPORT, "the log", _text(client.get(log)))
    answer = client.get(log, {"campaign": scene.campaign.pk})
    assert answer.status_code == 200
    seen.add(Place.EXPORT, "the log of one campaign", _text(answer), ours=True)
    commands: dict[str, Callable[[Any], Any]] = {
        "sync_status": lambda out: call_command("sync_status", stdout=out),
        "sync_status --json": lambda out: call_command("sync_status", "--json", stdout=out),
        "sync_status --check": lambda out: call_command("sync_status", "--check", stdout=out),
        "settings_export": lambda out: call_command("settings_export", scene.campaign.slug, stdout=out),
        "rotate_keys": lambda out: call_command("rotate_keys", stdout=out),
        "connect_intercom": lambda out: call_command("connect_intercom", stdout=out),
    }
    for name, command in commands.items():
        out, said = io.StringIO(), ""
        try:
            command(out)
        except Exception as err:  # noqa: BLE001  (what is wrong is said by an error)
            said = str(err)
        seen.add(Place.NUMBERS, name, out.getvalue() + said)


def _tables(seen: Seen) -> None:
    for line in found_in(*SECRETS.values(), OURS):
        seen.add(Place.TABLE, line.partition(":")[0], line)


def _tasks(seen: Seen) -> None:
    for task in Task.objects.all():
        told = [task.name, task.func, task.group, task.args, task.kwargs, task.result]
        seen.add(Place.TASK, str(task.func), "\n".join(map(str, told)))
