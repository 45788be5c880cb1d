"""Webhook bodies: signed, whatever they are, they are taken or refused; unsigned, nothing of them is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import event, given
from hypothesis import strategies as st

from integrations.intercom.webhooks import SIGNATURE, UNINSTALL_SIGNATURE, Topic, sign
from integrations.models import Access, IntercomConnection, ReceiptState, SweepState, WebhookReceipt
from integrations.services import receipts
from integrations.services.qualify import use_receipts
from tests.fuzz.strange import as_bytes, documents, mutated, raw, texts
from tests.fuzz.trying import examples, undone
from tests.integrations.panel import make_workspace

pytestmark = pytest.mark.django_db

SECRET, APP_SECRET = "secret of the private app", "secret of the app"
PAYLOAD = json.loads(Path("tests/payloads/intercom/webhook_contact_user_updated.json").read_text())
CONTACT = PAYLOAD["data"]["item"]
GONE = {"type": "contact", "id": CONTACT["id"], "archived": True}
SHAPES = [
    *({**PAYLOAD, "topic": topic.value} for topic in Topic),
    {**PAYLOAD, "topic": "contact.merged", "data": {"item": {**CONTACT, "merged_from": {"id": "b" * 24}}}},
    {**PAYLOAD, "topic": "contact.deleted", "data": {"item": GONE}},
    {**PAYLOAD, "topic": "contact.archived", "data": {"item": GONE}},
    {"app_id": PAYLOAD["app_id"]},
]
TAKEN, REFUSED = {200}, {200, 400, 401, 411, 413}

bodies = raw | documents.map(as_bytes) | st.sampled_from(SHAPES).flatmap(mutated).map(as_bytes)


@pytest.fixture
def workspace(settings: Any, monkeypatch: pytest.MonkeyPatch) -> IntercomConnection:
    settings.INTERCOM_CLIENT_SECRET = APP_SECRET
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"  # nobody answers there
    monkeypatch.setattr(receipts, "enqueue_receipts", lambda: None)
    SweepState.objects.update_or_create(pk=SweepState.ONLY)
    made = make_workspace(PAYLOAD["app_id"], access=Access.OAUTH)
    made.webhook_secret = SECRET
    made.save(update_fields=["sealed_webhook_secret"])
    return made


def tell(workspace: IntercomConnection, body: bytes, *, own: bool, header: str | None = None) -> int:
    """To the address of the private app (`own`), or of the OAuth app."""
    url = reverse("intercom_webhooks_private", args=[workspace.uuid]) if own else reverse("intercom_webhooks")
    given = sign(body, secret=SECRET if own else APP_SECRET) if header is None else header
    answer = Client().post(url, body, content_type="application/json", headers={SIGNATURE: given})
    assert answer.content == b""
    event(str(answer.status_code))
    return answer.status_code


@examples(30)
@given(body=bodies, own=st.booleans())
def test_what_is_signed_is_used_or_refused_and_stops_nothing_else(
    workspace: IntercomConnection, admin_client: Client, body: bytes, *, own: bool
) -> None:
    with undone():
        assert tell(workspace, body, own=own) in REFUSED
        true = {**PAYLOAD, "id": "notif_true"}
        assert tell(workspace, as_bytes(true), own=own) in TAKEN
        use_receipts()
        assert not WebhookReceipt.objects.filter(state=ReceiptState.NEW).exists()
        assert WebhookReceipt.objects.filter(notification_id="notif_true").exists()
        check_pages(admin_client)


def check_pages(client: Client) -> None:
    """What was kept can be looked at."""
    assert client.get(reverse("admin:integrations_webhookreceipt_changelist")).status_code == 200
    for kept in WebhookReceipt.objects.exclude(notification_id="notif_true"):
        page = reverse("admin:integrations_webhookreceipt_change", args=[kept.pk])
        assert client.get(page).status_code == 200


@examples(30)
@given(body=bodies, header=texts, own=st.booleans())
def test_of_what_is_not_signed_nothing_is_kept(
    workspace: IntercomConnection, body: bytes, header: str, *, own: bool
) -> None:
    with undone():
        assert tell(workspace, body, own=own, header=header.replace("\n", "")) in REFUSED - TAKEN
        assert not WebhookReceipt.objects.exists()


@examples(20)
@given(body=bodies)
def test_any_signed_word_of_an_uninstall_is_answered(workspace: IntercomConnection, body: bytes) -> None:
    with undone():
        headers = {UNINSTALL_SIGNATURE: sign(body, secret=APP_SECRET)}
        answer = Client().post(
            reverse("intercom_uninstalled"), body, content_type="application/json", headers=headers
        )
        assert answer.status_code in REFUSED
        assert not WebhookReceipt.objects.exists()
