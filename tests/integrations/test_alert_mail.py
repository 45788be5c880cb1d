"""The e-mails of alerts: each change once, whatever the mail server does, and nothing in them of any lead."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.models import Alert, AlertKind, AlertSettings, IntercomConnection, Region
from integrations.services.alerts import mailing
from integrations.services.alerts.mail_words import refusal_in_words
from integrations.services.alerts.mailing import mail_is_due, send_due, send_test
from integrations.services.alerts.recipients import recipients
from integrations.services.alerts.sayings import SAYINGS
from integrations.services.alerts.words import mail_about
from integrations.services.roles import INTEGRATION_ADMIN
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import EMAIL, make_workspace

pytestmark = pytest.mark.django_db

OPS = "ops@example.com"
FAILING = "tests.integrations.test_alert_mail.FailingBackend"


class FailingBackend(EmailBackend):
    """A mail server that says no, in words that hold what nobody may see."""

    error: Exception = smtplib.SMTPAuthenticationError(535, b"no, ana@example.com s3cret")

    def send_messages(self, messages: Any) -> int:
        raise self.error


@pytest.fixture(autouse=True)
def told() -> AlertSettings:
    return AlertSettings.objects.create(to_group=False, others=[OPS])


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace(name="Acme")


def begun(
    workspace: IntercomConnection | None, kind: AlertKind = AlertKind.RECONNECT, **values: Any
) -> Alert:
    now = timezone.now()
    fields = {"since": now - timedelta(hours=2), "mail_due_at": now, "number": 3}
    return Alert.objects.create(kind=kind, connection=workspace, **fields | values)


def over(workspace: IntercomConnection | None, kind: AlertKind = AlertKind.RECONNECT, **values: Any) -> Alert:
    now = timezone.now()
    ended = {
        "since": now - timedelta(minutes=120),
        "ended_at": now - timedelta(minutes=11),
        "begin_told_at": now,
    }
    return begun(workspace, kind, **ended | values)


def make_member(name: str, **values: Any) -> User:
    user = User.objects.create_user(name, **{"email": f"{name}@example.com", **values})
    user.groups.add(Group.objects.get(name=INTEGRATION_ADMIN))
    return user


# What it says -------------------------------------------------------------------------------------------


def test_it_says_what_since_when_how_many_wait_and_what_to_do(
    workspace: IntercomConnection, settings: Settings
) -> None:
    settings.TIME_ZONE, settings.PUBLIC_URL = "Europe/Berlin", "https://leads.example"
    campaign = make_campaign()
    tab = {"action": "create_lead", "field_map": [EMAIL]}
    import_document(campaign, {"workspace": workspace.workspace_id, "leads": tab})
    make_lead(campaign)
    begun(workspace, since=datetime(2026, 11, 23, 19, 8, tzinfo=UTC))
    send_due()
    (letter,) = mail.outbox
    assert letter.subject == "Lead Sync: Reconnect needed (Acme)"
    assert letter.to == [OPS]
    for part in (
        "Acme (acme1234)",
        "no longer lets us in",
        "Since: 23 November 2026, 20:08 (Europe/Berlin)",
        "Waiting: 1 person",
        "What to do: Open the workspace",
        f"https://leads.example/admin/integrations/intercomconnection/{workspace.pk}/change/",
        "https://leads.example/admin/alerts/",
    ):
        assert part in str(letter.body)


def test_it_leads_to_those_who_failed(workspace: IntercomConnection, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://leads.example"
    letter = mail_about(begun(workspace, AlertKind.FAILURES))
    log = (
        f"https://leads.example/admin/integrations/delivery/?outcome=needs_attention&workspace={workspace.pk}"
    )
    assert f"Show them in the sync log: {log}\n" in letter.text
    assert "/delivery/" not in mail_about(begun(workspace, AlertKind.RECONNECT)).text


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("make", [begun, over])
def test_every_kind_can_be_told_and_names_nobody(
    workspace: IntercomConnection, kind: AlertKind, make: Any
) -> None:
    campaign = make_campaign()
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL]}})
    make_lead(campaign, email="secret@lead.example", first_name="Hush")
    connection = None if kind is AlertKind.WORKER else workspace
    letter = mail_about(make(connection, kind))
    both = letter.subject + letter.text
    assert "secret@" not in both
    assert "Hush" not in both
    assert "%(" not in both
    assert str(SAYINGS[kind].what if make is begun else SAYINGS[kind].over) in letter.text


def test_the_end_says_from_when_to_when(workspace: IntercomConnection) -> None:
    over(workspace)
    send_due()
    (letter,) = mail.outbox
    assert letter.subject == "Lead Sync: over: Reconnect needed (Acme)"
    assert "(1 hour, 49 minutes)" in str(letter.body).replace("\xa0", " ")
    assert "Waiting: nobody" in letter.body
    assert "no longer lets us in" not in letter.body


def test_an_end_of_what_nobody_was_told_says_what_it_was(workspace: IntercomConnection) -> None:
    over(workspace, begin_told_at=None)
    send_due()
    assert "no longer lets us in" in mail.outbox[0].body


@pytest.mark.parametrize("name", ["Acme\nBcc: evil@example.com", "Acme\r\n\r\nHello", "<b>Acme</b>\t"])
def test_a_hostile_name_adds_no_header_and_no_line(name: str) -> None:
    begun(make_workspace(name=name))
    assert send_due() == "1 e-mails sent"
    (letter,) = mail.outbox
    assert "\n" not in letter.subject
    assert letter.recipients() == [OPS]


def test_a_pretend_workspace_is_named_so() -> None:
    begun(make_workspace(region=Region.SANDBOX))
    send_due()
    assert "a pretend one" in mail.outbox[0].body


def test_a_crowd_is_not_counted_to_the_end(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL]}})
    for _ in range(4):
        make_lead(campaign)
    monkeypatch.setattr("integrations.services.alerts.words.COUNTED", 3)
    assert "more than" in mail_about(begun(workspace)).text


# Once ---------------------------------------------------------------------------------------------------


def test_a_beginning_is_mailed_once(workspace: IntercomConnection) -> None:
    begun(workspace)
    assert [send_due() for _ in range(3)] == ["1 e-mails sent", "0 e-mails sent", "0 e-mails sent"]
    alert = Alert.objects.get()
    assert alert.begin_told_at is not None
    assert alert.mail_due_at is None


def test_what_is_not_due_yet_waits(workspace: IntercomConnection) -> None:
    over(workspace, mail_due_at=timezone.now() + timedelta(minutes=1))
    assert not mail_is_due(timezone.now())
    send_due()
    assert mail.outbox == []


def test_two_tasks_at_once_send_one(workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins while the first has just handed the e-mail over."""
    begun(workspace)
    send = mailing._send

    def and_another(*args: Any, **options: Any) -> str:
        monkeypatch.setattr(mailing, "_send", send)
        assert send_due() == "0 e-mails sent"
        return send(*args, **options)

    monkeypatch.setattr(mailing, "_send", and_another)
    send_due()
    assert len(mail.outbox) == 1


def test_what_ends_while_its_beginning_is_on_its_way_is_told_after_it(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(workspace)
    soon = timezone.now() + timedelta(minutes=10)
    send = mailing._send

    def and_ends(*args: Any, **options: Any) -> str:
        Alert.objects.update(ended_at=timezone.now(), mail_due_at=soon)
        return send(*args, **options)

    monkeypatch.setattr(mailing, "_send", and_ends)
    send_due()
    alert = Alert.objects.get()
    assert alert.begin_told_at is not None
    assert alert.mail_due_at == soon


def test_a_task_that_died_is_made_up_for_under_the_same_id(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(workspace)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_told", dies)
        with pytest.raises(KeyboardInterrupt):
            send_due()
    assert send_due() == "0 e-mails sent"  # not at once: it may still be at it
    Alert.objects.update(mail_due_at=timezone.now())
    send_due()
    first, second = (letter.extra_headers["Message-ID"] for letter in mail.outbox)
    assert first == second


def test_beginning_and_end_have_ids_of_their_own(workspace: IntercomConnection) -> None:
    begun(workspace)
    send_due()
    Alert.objects.update(ended_at=timezone.now(), mail_due_at=timezone.now())
    send_due()
    first, second = (letter.extra_headers["Message-ID"] for letter in mail.outbox)
    assert first != second


def test_what_is_over_for_a_day_is_told_to_nobody(workspace: IntercomConnection) -> None:
    over(workspace, ended_at=timezone.now() - timedelta(hours=25))
    send_due()
    assert mail.outbox == []


# Mail servers that fail ---------------------------------------------------------------------------------


def test_a_failure_is_tried_again_later_and_said_without_a_secret(
    workspace: IntercomConnection, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = FAILING
    begun(workspace)
    waits = []
    for _ in range(7):
        before = timezone.now()
        assert "could not be" in send_due()
        alert = Alert.objects.get()
        assert alert.mail_due_at is not None
        waits.append(round((alert.mail_due_at - before).total_seconds() / 60))
        assert send_due() == "0 e-mails sent"
        Alert.objects.update(mail_due_at=timezone.now())
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    assert "user name and password" in alert.mail_problem
    assert "535" in alert.mail_problem
    for words in (alert.mail_problem, caplog.text):
        assert "s3cret" not in words
        assert "ana@" not in words


def test_once_the_server_is_back_it_is_sent_once(workspace: IntercomConnection, settings: Settings) -> None:
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, FAILING
    begun(workspace)
    send_due()
    settings.EMAIL_BACKEND = working
    Alert.objects.update(mail_due_at=timezone.now())
    send_due()
    send_due()
    alert = Alert.objects.get()
    assert len(mail.outbox) == 1
    assert (alert.mail_problem, alert.mail_tries) == ("", 0)


def test_a_round_stops_at_the_first_that_fails(workspace: IntercomConnection, settings: Settings) -> None:
    settings.EMAIL_BACKEND = FAILING
    begun(workspace)
    begun(workspace, AlertKind.FIELDS)
    send_due()
    assert Alert.objects.exclude(mail_problem="").count() == 1


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []
        thread = threading.Thread(target=lambda: taken.append(server.accept()[0]), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=5)
        for one in taken:
            one.close()


def test_a_server_that_says_nothing_is_left_after_the_time_out(
    silent_server: int, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", silent_server, 0.2
    assert send_test([OPS]) == "The mail server did not answer in time."


def test_there_is_a_time_out(settings: Settings) -> None:
    assert 0 < settings.EMAIL_TIMEOUT <= 10


def test_a_port_at_which_nobody_answers_is_said(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    assert "Nobody answers" in send_test([OPS])


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (smtplib.SMTPRecipientsRefused({"a@x": (550, b"s3cret")}), "none of the addresses"),
        (smtplib.SMTPSenderRefused(550, b"s3cret", "us@x"), "DEFAULT_FROM_EMAIL"),
        (smtplib.SMTPNotSupportedError("s3cret"), "encryption"),
        (smtplib.SMTPServerDisconnected("s3cret"), "broke off"),
        (smtplib.SMTPDataError(554, b"s3cret"), "554"),
        (smtplib.SMTPConnectError(421, b"s3cret"), "421"),
        (ssl.SSLError("s3cret"), "secure connection"),
        (socket.gaierror(-2, "s3cret"), "name in EMAIL_URL"),
        (OSError("s3cret"), "could not be reached"),
        (TimeoutError("s3cret"), "in time"),
        (ValueError("s3cret"), "Look at the addresses"),
    ],
)
def test_every_failure_has_a_sentence_that_quotes_nothing(error: Exception, part: str) -> None:
    words = refusal_in_words(error)
    assert part in words
    assert "s3cret" not in words


# To whom ------------------------------------------------------------------------------------------------


def test_who_is_in_the_group_is_told_if_they_may_log_in_and_have_an_address(told: AlertSettings) -> None:
    make_member("ines")
    make_member("gone", is_active=False)
    make_member("silent", email="")
    User.objects.create_user("other", "other@example.com")
    told.to_group, told.others = True, []
    assert recipients(told) == ["ines@example.com"]


@pytest.mark.parametrize("email", ["nonsense", "ines@example.com\nBcc: all@example.com", "@"])
def test_an_account_without_a_real_address_keeps_the_mail_from_nobody(
    told: AlertSettings, email: str
) -> None:
    make_member("ines")
    make_member("odd", email=email)
    told.to_group, told.others = True, []
    assert recipients(told) == ["ines@example.com"]


def test_everybody_is_told_once(told: AlertSettings) -> None:
    make_member("ines")
    make_member("also", email="INES@example.com")
    told.to_group, told.others = True, ["Ines@Example.com", OPS]
    assert sorted(address.lower() for address in recipients(told)) == ["ines@example.com", OPS]


def test_others_instead_of_the_group(told: AlertSettings) -> None:
    make_member("ines")
    assert recipients(told) == [OPS]


@pytest.mark.parametrize("change", [{"mailed": False}, {"others": []}], ids=["switched off", "nobody"])
def test_with_nobody_to_tell_nothing_is_claimed(
    workspace: IntercomConnection, change: dict[str, Any]
) -> None:
    begun(workspace)
    AlertSettings.objects.update(**change)
    assert not mail_is_due(timezone.now())
    send_due()
    assert mail.outbox == []
    assert Alert.objects.get().mail_tries == 0


def test_without_a_mail_server_nothing_is_claimed(workspace: IntercomConnection, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    begun(workspace)
    assert not mail_is_due(timezone.now())
    send_due()
    assert Alert.objects.get().begin_told_at is None
