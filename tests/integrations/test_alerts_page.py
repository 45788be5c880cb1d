"""The page of the alerts: what stands, what was, who is told, and a test e-mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.models import Alert, AlertKind, AlertSettings, SweepState
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from tests.campaigns.factories import make_campaign
from tests.integrations.controls import read
from tests.integrations.panel import make_workspace
from tests.integrations.test_alert_mail import FAILING, OPS

pytestmark = pytest.mark.django_db

PAGE = "/admin/alerts/"
TEST = "/admin/alerts/test/"
TYPED = {"mailed": "on", "to_group": "on", "others": "", "failures": "10", "backlog_minutes": "15"}


def member_of(client: Client, group: str) -> Client:
    user = User.objects.create_user("nadia", "nadia@example.com", is_staff=True, first_name="Nadia")
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


@pytest.fixture
def admin(client: Client) -> Client:
    return member_of(client, INTEGRATION_ADMIN)


def text(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return read(answer).text


def save(client: Client, **typed: Any) -> str:
    """The words of the page that follows."""
    answer = client.post(PAGE, TYPED | typed, follow=True)
    assert answer.status_code == 200
    return read(answer).text


# What it shows ------------------------------------------------------------------------------------------


def test_its_address_is_known() -> None:
    assert reverse("admin:integrations_alerts") == PAGE


def test_while_all_is_well_it_says_so(admin: Client) -> None:
    words = text(admin)
    assert "All well" in words
    assert "Nothing has been wrong." in words


@pytest.mark.parametrize(
    ("kind", "outcome"), [(AlertKind.FAILURES, "needs_attention"), (AlertKind.BACKLOG, "waiting")]
)
def test_whom_an_alert_is_about_is_one_click_away(admin: Client, kind: AlertKind, outcome: str) -> None:
    workspace = make_workspace()
    Alert.objects.create(kind=kind, connection=workspace, since=timezone.now(), number=12)
    path = f"/admin/integrations/delivery/?outcome={outcome}&amp;workspace={workspace.pk}"
    assert f'<a href="{path}">Show them in the sync log</a>' in admin.get(PAGE).text


def test_who_may_not_see_the_log_is_not_sent_there(client: Client) -> None:
    user = User.objects.create_user("lou", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_syncsettings"))
    client.force_login(user)
    Alert.objects.create(
        kind=AlertKind.FAILURES, connection=make_workspace(), since=timezone.now(), number=12
    )
    words = text(client)
    assert "Many failures" in words
    assert "Show them" not in words


def test_what_stands_is_not_denied_further_down(admin: Client) -> None:
    Alert.objects.create(kind=AlertKind.RECONNECT, connection=make_workspace(), since=timezone.now())
    words = text(admin)
    assert "Nothing else has been wrong." in words
    assert "Nothing has been wrong." not in words


def test_what_stands_is_shown_with_what_to_do(admin: Client) -> None:
    workspace = make_workspace(name="Acme <b>")
    Alert.objects.create(kind=AlertKind.RECONNECT, connection=workspace, since=timezone.now())
    words = text(admin)
    assert "Acme <b>" in words
    assert "renew its access" in words
    address = reverse("admin:integrations_intercomconnection_change", args=[workspace.pk])
    assert address in admin.get(PAGE).content.decode()


def test_why_nobody_could_be_told_is_shown(admin: Client) -> None:
    Alert.objects.create(
        kind=AlertKind.RECONNECT,
        connection=make_workspace(),
        since=timezone.now(),
        mail_due_at=timezone.now() - timedelta(minutes=1),
        mail_problem="The mail server did not answer in time.",
    )
    words = text(admin)
    assert "Not yet mailed" in words
    assert "did not answer in time" in words


def test_what_was_wrong_is_listed(admin: Client) -> None:
    now = timezone.now()
    Alert.objects.create(kind=AlertKind.WORKER, since=now - timedelta(hours=3), ended_at=now)
    words = text(admin)
    assert "Nothing was sent This installation" in words
    assert "3 hours" in words.replace("\xa0", " ")


def test_it_asks_as_much_whatever_the_number(admin: Client) -> None:
    now = timezone.now()

    def asked() -> int:
        with CaptureQueriesContext(database) as queries:
            text(admin)
        return len(queries)

    Alert.objects.create(kind=AlertKind.FIELDS, connection=make_workspace("w"), since=now)
    few = asked()
    for number in range(5):
        workspace = make_workspace(f"w{number}")
        Alert.objects.create(kind=AlertKind.FIELDS, connection=workspace, since=now)
        Alert.objects.create(kind=AlertKind.BACKLOG, connection=workspace, since=now, ended_at=now)
    assert asked() == few


@pytest.mark.parametrize(
    ("backend", "others", "part"),
    [
        ("django.core.mail.backends.dummy.EmailBackend", [OPS], "knows no mail server"),
        ("django.core.mail.backends.locmem.EmailBackend", [], "Nobody is told"),
    ],
)
def test_it_says_when_nobody_can_be_told(
    admin: Client, settings: Settings, backend: str, others: list[str], part: str
) -> None:
    settings.EMAIL_BACKEND = backend
    AlertSettings.objects.create(to_group=False, others=others)
    assert part in text(admin)


def test_support_sees_it_and_changes_nothing(client: Client) -> None:
    member_of(client, SUPPORT)
    AlertSettings.objects.create(to_group=False, others=[OPS])
    words = text(client)
    assert OPS in words
    assert "An Integration admin can" in words
    assert "Send a test e-mail" not in words
    assert client.post(PAGE, TYPED).status_code == 403
    assert client.post(TEST).status_code == 403
    assert mail.outbox == []


def test_home_leads_here(admin: Client) -> None:
    make_campaign()
    assert PAGE in admin.get(reverse("admin:index")).content.decode()


# Changing it --------------------------------------------------------------------------------------------


def test_what_is_saved_is_shown_and_says_who(admin: Client) -> None:
    words = save(admin, others="a@example.com, B@example.com\nA@EXAMPLE.com", failures="3")
    assert "Saved." in words
    assert "Nadia" in words
    kept = AlertSettings.objects.get()
    assert [address.lower() for address in kept.others] == ["a@example.com", "b@example.com"]
    assert kept.failures == 3


def test_boxes_can_be_emptied(admin: Client) -> None:
    answer = admin.post(PAGE, {"others": "", "failures": "10", "backlog_minutes": "15"})
    assert answer.status_code == 302
    kept = AlertSettings.objects.get()
    assert (kept.mailed, kept.to_group) == (False, False)
    assert "switched off" in text(admin)


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ({"others": "nobody"}, "“nobody” is not an e-mail address."),
        ({"others": "a@b.de\0"}, "ull characters"),
        ({"others": "\x80@b.de"}, "cannot be stored"),
        ({"others": "x" * 10_000}, "at most"),
        ({"others": " ".join(f"a{n}@b.de" for n in range(21))}, "at most 20 addresses"),
        ({"others": "a@b.de\r\nBcc:x@y.de"}, "“Bcc:x@y.de” is not an e-mail address."),
        ({"failures": "0"}, "greater than or equal to 1"),
        ({"failures": "9" * 10_000}, "number"),
        ({"failures": ""}, "required"),
        ({"backlog_minutes": "4"}, "greater than or equal to 5"),
        ({"backlog_minutes": "1441"}, "less than or equal to 1440"),
    ],
)
def test_what_cannot_be_used_is_refused_and_still_there(
    admin: Client, typed: dict[str, str], part: str
) -> None:
    answer = admin.post(PAGE, TYPED | typed)
    assert answer.status_code == 200
    assert part in read(answer).text
    assert not AlertSettings.objects.exists()


def test_who_is_told_from_now_on_hears_of_what_stands_alone(admin: Client) -> None:
    now, workspace = timezone.now(), make_workspace()
    AlertSettings.objects.create(mailed=False)
    Alert.objects.create(kind=AlertKind.FIELDS, connection=workspace, since=now, mail_due_at=now)
    Alert.objects.create(kind=AlertKind.BACKLOG, since=now, ended_at=now, mail_due_at=now)
    save(admin)
    assert [alert.kind for alert in Alert.objects.exclude(mail_due_at=None)] == ["fields"]


# Trying it ----------------------------------------------------------------------------------------------


def try_it(client: Client) -> str:
    return read(client.post(TEST, follow=True)).text


def test_a_test_goes_to_everybody_who_would_be_told(admin: Client) -> None:
    AlertSettings.objects.create(others=[OPS])
    assert "took the test e-mail to nadia@example.com, ops@example.com." in try_it(admin)
    (letter,) = mail.outbox
    assert letter.to == ["nadia@example.com", OPS]
    assert "This is a test" in letter.body


def test_a_long_list_is_cut_short(admin: Client) -> None:
    AlertSettings.objects.create(to_group=False, others=[f"a{n}@example.com" for n in range(5)])
    assert "a2@example.com and others, 5 in all" in try_it(admin)


def test_a_refusal_is_said_in_words(admin: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = FAILING
    words = try_it(admin)
    assert "was not sent. The mail server does not accept the user name and password" in words
    assert "s3cret" not in words
    assert "ana@" not in words


def test_without_a_server_or_an_address_it_says_so(admin: Client, settings: Settings) -> None:
    AlertSettings.objects.create(to_group=False)
    assert "nobody is chosen" in try_it(admin)
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "knows no mail server" in try_it(admin)


def test_a_test_is_no_page(admin: Client) -> None:
    assert admin.get(TEST).status_code == 405
    assert mail.outbox == []


# For monitors -------------------------------------------------------------------------------------------


def test_a_monitor_hears_nothing_while_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    SweepState.objects.update(beat_at=timezone.now())
    call_command("sync_status", "--check")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("beat", [None, timedelta(minutes=6)])
def test_a_monitor_hears_that_nothing_is_sent(beat: timedelta | None) -> None:
    SweepState.objects.update(beat_at=timezone.now() - beat if beat else None)
    with pytest.raises(CommandError, match="no sign of life") as failed:
        call_command("sync_status", "--check")
    assert failed.value.returncode == 1


def test_a_monitor_hears_of_what_stands() -> None:
    SweepState.objects.update(beat_at=timezone.now())
    Alert.objects.create(kind=AlertKind.FIELDS, connection=make_workspace(), since=timezone.now())
    with pytest.raises(CommandError, match="Workspace acme1234: Field problem"):
        call_command("sync_status", "--check")
