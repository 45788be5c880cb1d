"""What Intercom tells us over HTTP: verified by its signature, kept once, answered at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.utils import timezone

from integrations.intercom.webhooks import Topic, sign
from integrations.models import (
    Access,
    ConnectionStatus,
    IntercomConnection,
    ReceiptState,
    SweepState,
    WebhookHealth,
    WebhookReceipt,
)
from integrations.services import receipts
from integrations.services import refused as tallies
from integrations.services.qualify import use_receipts
from tests.integrations.panel import make_workspace

APP_SECRET = "secret of the app"
OWN_SECRET = "secret of the private app"
PAYLOAD = json.loads(Path("tests/payloads/intercom/webhook_contact_user_updated.json").read_text())
WORKSPACE = PAYLOAD["app_id"]
OAUTH = "/webhooks/intercom/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """Looks at the receipts that were queued."""
    settings.INTERCOM_CLIENT_SECRET = APP_SECRET
    asked: list[str] = []
    monkeypatch.setattr(receipts, "enqueue_receipts", lambda: asked.append("look"))
    SweepState.objects.update_or_create(pk=SweepState.ONLY, defaults={"receipts_dirty": False})
    return asked


@pytest.fixture
def workspace() -> IntercomConnection:
    made = make_workspace(WORKSPACE, access=Access.OAUTH)
    made.webhook_secret = OWN_SECRET
    made.save(update_fields=["sealed_webhook_secret"])
    return made


def private(connection: IntercomConnection) -> str:
    return f"{OAUTH}{connection.uuid}/"


def tell(
    body: bytes | Mapping[str, Any] = PAYLOAD,
    *,
    url: str = OAUTH,
    secret: str = APP_SECRET,
    header: str | None = None,
    name: str = "X-Hub-Signature",
) -> int:
    """Posts as Intercom does, and checks that nothing is answered but a status."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {name: sign(raw, secret=secret) if header is None else header}
    answer = Client(enforce_csrf_checks=True).post(
        url, data=raw, content_type="application/json", headers=headers
    )
    assert answer.content == b""
    assert "Set-Cookie" not in answer.headers
    return answer.status_code


def refusals(connection: IntercomConnection | None = None) -> tuple[int, str]:
    health = WebhookHealth.objects.filter(connection=connection).first()
    return (health.refused, health.last_refusal) if health else (0, "")


@pytest.mark.parametrize("url", [OAUTH, f"{OAUTH}uninstall/"])
def test_the_address_answers_when_somebody_saves_it(client: Client, url: str) -> None:
    assert client.head(url).status_code == 200
    assert client.get(url).status_code == client.delete(url).status_code == 405


def test_a_private_address_answers_too_and_another_does_not(
    client: Client, workspace: IntercomConnection
) -> None:
    assert client.head(private(workspace)).status_code == 200
    assert client.head(f"{OAUTH}00000000-0000-0000-0000-000000000000/").status_code == 404


@pytest.mark.parametrize("own", [False, True], ids=["OAuth app", "private app"])
def test_a_signed_notification_is_kept_and_a_look_at_it_queued(
    workspace: IntercomConnection, queued: list[str], *, own: bool
) -> None:
    url, secret = (private(workspace), OWN_SECRET) if own else (OAUTH, APP_SECRET)
    assert tell(url=url, secret=secret) == 200
    kept = WebhookReceipt.objects.get()
    assert (kept.connection, kept.notification_id, kept.topic) == (workspace, PAYLOAD["id"], PAYLOAD["topic"])
    assert (kept.contact_id, kept.state) == (PAYLOAD["data"]["item"]["id"], ReceiptState.NEW)
    assert kept.item["custom_attributes"] == {
        name: value
        for name, value in PAYLOAD["data"]["item"]["custom_attributes"].items()
        if value is not None
    }
    assert queued == ["look"]


STATEMENTS = ["SELECT workspace", "SAVEPOINT", "INSERT", "RELEASE", "SELECT whether somebody was woken"]
"""Of one notification, inside the transaction of a test; outside one there is nothing to save and release."""


@pytest.mark.parametrize("own", [False, True], ids=["OAuth app", "private app"])
def test_keeping_one_costs_just_these_statements(
    workspace: IntercomConnection, django_assert_num_queries: Any, *, own: bool
) -> None:
    url, secret = (private(workspace), OWN_SECRET) if own else (OAUTH, APP_SECRET)
    tell(url=url, secret=secret)
    with django_assert_num_queries(len(STATEMENTS)):
        tell({**PAYLOAD, "id": "notif_other"}, url=url, secret=secret)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_two_statements_are_enough_while_a_wake_stands(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(receipts, "PAUSE", 60.0)
    tell()
    with django_assert_num_queries(2):
        tell({**PAYLOAD, "id": "notif_other"})


@pytest.mark.django_db(transaction=True)
def test_a_repeat_outside_a_transaction_is_counted_and_does_no_harm(workspace: IntercomConnection) -> None:
    assert tell() == tell() == tell({**PAYLOAD, "topic": Topic.LEAD_UPDATED}) == 200
    assert tell({**PAYLOAD, "id": "notif_other"}) == 200
    kept = WebhookReceipt.objects.order_by("pk")
    assert [(one.repeats, one.differed) for one in kept] == [(2, True), (0, False)]


def test_a_changed_secret_counts_from_the_next_notification_on(workspace: IntercomConnection) -> None:
    url = private(workspace)
    assert tell(url=url, secret=OWN_SECRET) == 200
    workspace.webhook_secret = "renewed"
    workspace.save(update_fields=["sealed_webhook_secret"])
    assert tell({**PAYLOAD, "id": "notif_old"}, url=url, secret=OWN_SECRET) == 401
    assert tell({**PAYLOAD, "id": "notif_new"}, url=url, secret="renewed") == 200
    assert WebhookReceipt.objects.count() == 2


def test_looks_are_queued_once_until_somebody_looks(workspace: IntercomConnection, queued: list[str]) -> None:
    for number in range(3):
        tell({**PAYLOAD, "id": f"notif_{number}"})
    assert queued == ["look"]


def test_what_arrives_during_the_pause_of_a_look_wakes_nobody_and_is_found_by_it(
    workspace: IntercomConnection, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes a wake waits before it looks: longer than anybody trusts in that wake."""
    clock = [1000.0]
    monkeypatch.setattr(receipts, "PAUSE", 0.3)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def meanwhile(seconds: float) -> None:
        clock[0] += seconds * receipts.SURELY - 0.01
        tell({**PAYLOAD, "id": "notif_meanwhile"})
        clock[0] += seconds

    monkeypatch.setattr(time, "sleep", meanwhile)
    tell()
    use_receipts()
    assert queued == ["look"]
    assert not WebhookReceipt.objects.filter(state=ReceiptState.NEW).exists()


def test_what_arrives_after_the_pause_wakes_somebody_anew(
    workspace: IntercomConnection, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(receipts, "PAUSE", 0.3)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
    tell()
    use_receipts()
    tell({**PAYLOAD, "id": "notif_later"})
    assert queued == ["look", "look"]


def test_when_something_arrived_is_written_once_in_five_seconds(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    seen = []
    for second in (0, 4, 6):
        clock[0] = 1000.0 + second
        tell({**PAYLOAD, "id": f"notif_{second}"})
        seen.append(WebhookHealth.objects.get(connection=workspace).last_received_at)
    assert seen[0] == seen[1] != seen[2]


def test_a_broker_that_is_down_loses_nothing(
    workspace: IntercomConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ConnectionError

    monkeypatch.setattr(receipts, "enqueue_receipts", fail)
    assert tell() == 200
    assert WebhookReceipt.objects.count() == 1
    assert not SweepState.objects.get().receipts_dirty


def test_a_second_delivery_of_the_same_is_counted_only(workspace: IntercomConnection) -> None:
    tell()
    assert tell({**PAYLOAD, "delivery_attempts": 2, "delivery_status": "retry"}) == 200
    kept = WebhookReceipt.objects.get()
    assert (kept.repeats, kept.differed) == (1, False)


def test_the_same_id_with_other_content_is_marked_and_changes_nothing(workspace: IntercomConnection) -> None:
    tell()
    before = WebhookReceipt.objects.get().item
    assert tell({**PAYLOAD, "topic": Topic.LEAD_UPDATED}) == 200
    kept = WebhookReceipt.objects.get()
    assert (kept.repeats, kept.differed, kept.item, kept.topic) == (1, True, before, PAYLOAD["topic"])


def test_the_same_id_in_two_workspaces_is_two(workspace: IntercomConnection) -> None:
    make_workspace("other1")
    tell()
    tell({**PAYLOAD, "app_id": "other1"})
    assert WebhookReceipt.objects.count() == 2


@pytest.mark.parametrize("topic", [topic for topic in Topic if topic is not Topic.PING])
def test_each_topic_that_we_use_is_kept(workspace: IntercomConnection, topic: Topic) -> None:
    assert tell({**PAYLOAD, "topic": topic}) == 200
    assert WebhookReceipt.objects.get().topic == topic


def test_of_a_deleted_contact_the_id_is_enough(workspace: IntercomConnection) -> None:
    item = {"id": "65f642bf674b9af4e9e46dd1", "type": "contact", "deleted": True}
    data = {"type": "notification_event_data", "item": item}
    assert tell({**PAYLOAD, "topic": Topic.DELETED, "data": data}) == 200
    assert WebhookReceipt.objects.get().contact_id == item["id"]


def test_a_topic_that_we_do_not_use_is_counted_and_not_kept(
    workspace: IntercomConnection, queued: list[str]
) -> None:
    for _ in range(2):
        assert tell({**PAYLOAD, "topic": "conversation.user.created"}) == 200
    assert WebhookHealth.objects.get(connection=workspace).unused == 2
    assert not WebhookReceipt.objects.exists()
    assert queued == []


def test_a_ping_says_that_something_arrives(workspace: IntercomConnection) -> None:
    ping = {"type": "notification_event_data", "item": {"type": "ping", "message": "something something"}}
    assert tell({**PAYLOAD, "id": None, "topic": "ping", "data": ping}) == 200
    health = WebhookHealth.objects.get(connection=workspace)
    assert health.last_received_at is not None
    assert (timezone.now() - health.last_received_at).total_seconds() < 60
    assert (health.unused, WebhookReceipt.objects.count()) == (0, 0)


def refused(status: int, why: str, **how: Any) -> None:
    assert tell(**how) == status
    assert not WebhookReceipt.objects.exists()
    assert refusals() == (1, why)


def test_another_signature_is_refused(workspace: IntercomConnection) -> None:
    refused(401, "wrong_signature", secret="somebody else's")


def test_no_signature_is_refused(workspace: IntercomConnection) -> None:
    refused(401, "not_signed", header="")


def test_what_was_written_out_again_is_refused(workspace: IntercomConnection) -> None:
    signature = sign(json.dumps(PAYLOAD).encode(), secret=APP_SECRET)
    refused(401, "wrong_signature", body=json.dumps(PAYLOAD, indent=1).encode(), header=signature)


def test_what_was_cut_off_is_refused(workspace: IntercomConnection) -> None:
    whole = json.dumps(PAYLOAD).encode()
    refused(401, "wrong_signature", body=whole[:-20], header=sign(whole, secret=APP_SECRET))


def test_ten_megabytes_are_not_even_read(workspace: IntercomConnection) -> None:
    refused(413, "too_large", body=b" " * 10_000_000)


@pytest.mark.parametrize("length", ["9" * 5_000, "-1", "1e3", "²", "٣", "0x10"])
def test_a_length_that_is_none_breaks_nothing(workspace: IntercomConnection, length: str) -> None:
    assert Client().generic("POST", OAUTH, b"{}", CONTENT_LENGTH=length).status_code == 413
    assert refusals() == (1, "too_large")


def test_what_comes_in_pieces_is_not_called_wrongly_signed(workspace: IntercomConnection) -> None:
    raw = json.dumps(PAYLOAD).encode()
    headers = {"X-Hub-Signature": sign(raw, secret=APP_SECRET), "Transfer-Encoding": "chunked"}
    answer = Client().generic("POST", OAUTH, raw, headers=headers, CONTENT_LENGTH="")
    assert answer.status_code == 411
    assert refusals() == (1, "no_length")


@pytest.mark.parametrize("body", [b"{}", b"null", b"[" * 50_000, b"\xff", b"9" * 5_000, b"<html>"])
def test_a_signed_body_that_is_no_notification_is_refused(workspace: IntercomConnection, body: bytes) -> None:
    refused(400, "no_notification", body=body)


def test_a_workspace_that_is_not_ours_is_counted_and_need_not_come_again(
    workspace: IntercomConnection,
) -> None:
    refused(200, "other_workspace", body={**PAYLOAD, "app_id": "stranger"})


def test_a_private_address_takes_no_other_workspace(workspace: IntercomConnection) -> None:
    assert tell({**PAYLOAD, "app_id": "other1"}, url=private(workspace), secret=OWN_SECRET) == 200
    assert refusals(workspace) == (1, "other_workspace")
    assert not WebhookReceipt.objects.exists()


def test_a_private_address_does_not_take_the_apps_secret(workspace: IntercomConnection) -> None:
    assert tell(url=private(workspace), secret=APP_SECRET) == 401
    assert refusals(workspace) == (1, "wrong_signature")


def test_an_unset_secret_verifies_nothing(workspace: IntercomConnection, settings: Any) -> None:
    settings.INTERCOM_CLIENT_SECRET = ""
    refused(401, "no_secret", secret="")


def test_an_unset_private_secret_verifies_nothing(workspace: IntercomConnection) -> None:
    workspace.webhook_secret = ""
    workspace.save(update_fields=["sealed_webhook_secret"])
    assert tell(url=private(workspace), secret="") == 401
    assert refusals(workspace) == (1, "no_secret")


def test_two_secrets_are_valid_while_one_replaces_the_other(
    workspace: IntercomConnection, settings: Any
) -> None:
    settings.INTERCOM_CLIENT_SECRET = f"new, {APP_SECRET}"
    assert tell() == tell({**PAYLOAD, "id": "notif_2"}, secret="new") == 200
    assert WebhookReceipt.objects.count() == 2


def test_a_forged_flood_is_counted_and_stores_nothing(workspace: IntercomConnection) -> None:
    for _ in range(5):
        tell(secret="wrong")
    assert refusals() == (5, "wrong_signature")
    assert WebhookHealth.objects.count() == 1


class Later:
    """Stands in for threading.Timer: what is due later is done when a test says so."""

    due: ClassVar[list[Callable[[], object]]] = []

    def __init__(self, seconds: float, work: Callable[..., object], given: list[Any]) -> None:
        assert 0 < seconds <= 1
        self.daemon = False
        self._work = partial(work, *given)

    def start(self) -> None:
        assert self.daemon
        self.due.append(self._work)


@pytest.fixture
def flood(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    monkeypatch.setattr(tallies, "EVERY", 1.0)
    monkeypatch.setattr(tallies, "Timer", Later)
    monkeypatch.setattr(tallies, "_tallies", {})
    monkeypatch.setattr("integrations.services.refused.database.close", lambda: None)
    monkeypatch.setattr(Later, "due", [])
    return Later.due


def test_a_forged_flood_costs_one_statement_a_second_and_is_counted_whole(
    workspace: IntercomConnection, flood: list[Callable[[], object]], django_assert_num_queries: Any
) -> None:
    tell(secret="wrong")
    with django_assert_num_queries(0):
        for _ in range(50):
            tell(secret="wrong")
        tell(header="")
    assert refusals() == (1, "wrong_signature")
    assert len(flood) == 1
    flood.pop()()
    assert refusals() == (52, "not_signed")


def test_each_workspace_has_a_count_of_its_own(
    workspace: IntercomConnection, flood: list[Callable[[], object]]
) -> None:
    for _ in range(3):
        tell(secret="wrong")
        tell(url=private(workspace), header="")
    for write in flood:
        write()
    assert (refusals(), refusals(workspace)) == ((3, "wrong_signature"), (3, "not_signed"))


def test_of_a_workspace_that_is_gone_by_then_nothing_is_counted(
    workspace: IntercomConnection, flood: list[Callable[[], object]], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        tell(url=private(workspace), header="")
    IntercomConnection.objects.all().delete()
    flood.pop()()
    assert not WebhookHealth.objects.exclude(connection=None).exists()
    assert not caplog.records


def test_a_database_that_fails_then_is_logged_and_the_next_is_counted(
    workspace: IntercomConnection,
    flood: list[Callable[[], object]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(2):
        tell(secret="wrong")
    with monkeypatch.context() as down:
        down.setattr(tallies, "F", lambda name: 1 / 0)
        flood.pop()()
    assert "were not counted" in caplog.text
    monkeypatch.setattr(tallies, "EVERY", 0.0)
    tallies._tallies.clear()
    tell(header="")
    assert refusals() == (2, "not_signed")


def test_there_is_one_place_to_count_what_is_of_no_workspace_from_the_start() -> None:
    """Two that are refused at once must not make one each."""
    assert WebhookHealth.objects.filter(connection=None).count() == 1


def test_values_that_no_database_holds_are_left_out(workspace: IntercomConnection) -> None:
    odd = {"nul": "a\0b", "half": "\ud800", "list": ["x"], "huge": 10**400, "long": "x" * 501, "plan": "Pro"}
    item = {**PAYLOAD["data"]["item"], "custom_attributes": odd, "name": "Ana\0"}
    assert tell({**PAYLOAD, "data": {**PAYLOAD["data"], "item": item}}) == 200
    kept = WebhookReceipt.objects.get()
    assert kept.item["custom_attributes"] == {"plan": "Pro"}
    assert "name" not in kept.item


def test_the_sandbox_is_never_meant_by_the_apps_address(workspace: IntercomConnection) -> None:
    IntercomConnection.objects.update(region="SANDBOX")
    refused(200, "other_workspace")


def test_an_app_that_was_removed_needs_connecting_again(workspace: IntercomConnection) -> None:
    url, body = f"{OAUTH}uninstall/", {"app_id": WORKSPACE}
    assert tell(body, url=url, name="X-Body-Signature") == 200
    workspace.refresh_from_db()
    assert workspace.status == ConnectionStatus.RECONNECT_NEEDED
    assert "removed" in workspace.status_detail


def test_an_app_that_was_removed_does_not_end_a_private_apps_access(workspace: IntercomConnection) -> None:
    IntercomConnection.objects.update(access=Access.TOKEN)
    assert tell({"app_id": WORKSPACE}, url=f"{OAUTH}uninstall/", name="X-Body-Signature") == 200
    workspace.refresh_from_db()
    assert workspace.status == ConnectionStatus.CONNECTED


def test_a_notification_sent_again_does_not_say_that_the_app_was_removed(
    workspace: IntercomConnection,
) -> None:
    """It is signed with the same secret, and whoever has seen one could send it elsewhere."""
    assert tell(url=f"{OAUTH}uninstall/", name="X-Body-Signature") == 400
    workspace.refresh_from_db()
    assert workspace.status == ConnectionStatus.CONNECTED


@pytest.mark.parametrize(
    ("name", "secret", "body", "status"),
    [
        ("X-Hub-Signature", APP_SECRET, {"app_id": WORKSPACE}, 401),
        ("X-Body-Signature", "wrong", {"app_id": WORKSPACE}, 401),
        ("X-Body-Signature", APP_SECRET, {}, 400),
        ("X-Body-Signature", APP_SECRET, {"app_id": "stranger"}, 200),
    ],
)
def test_nobody_else_can_say_that_an_app_was_removed(
    workspace: IntercomConnection, name: str, secret: str, body: dict[str, str], status: int
) -> None:
    assert tell(body, url=f"{OAUTH}uninstall/", name=name, secret=secret) == status
    workspace.refresh_from_db()
    assert workspace.status == ConnectionStatus.CONNECTED
