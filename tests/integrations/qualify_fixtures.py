"""Leads under a qualification rule: what happens to their contacts, and how we hear of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.intercom.webhooks import Topic, parse_notification
from integrations.logic.qualification import Verdict
from integrations.models import Sighting, Watch, WebhookReceipt
from integrations.services import receipts
from integrations.services.addresses import address_by_uuid
from integrations.services.qualify import use_receipts
from integrations.services.qualify.reconcile import look_round
from tests.campaigns.factories import make_lead
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from integrations.models import IntercomConnection
    from tests.integrations.flow_fixtures import Intercom

PLAN = "custom_attributes.plan"
RULE: dict[str, Any] = {
    "method": "attribute_changes",
    "attribute": PLAN,
    "qualifying_values": ["Pro", "Enterprise"],
}
NO_RULE = {"method": "none"}

_numbers = count(1)


def rule(*values: str, attribute: str = PLAN, **more: Any) -> dict[str, Any]:
    return RULE | {"attribute": attribute, "qualifying_values": list(values)} | more


def ruled(campaign: Campaign, qualification: dict[str, Any] | None = None, **leads: Any) -> Campaign:
    set_panel(campaign, qualification=qualification or RULE, **leads)
    return campaign


def delivered(intercom: Intercom, campaign: Campaign, email: str = "ana@example.com") -> Participant:
    """A lead whose contact is in Intercom."""
    lead = make_lead(campaign, email=email)
    intercom.drain()
    return lead


def contact_of(lead: Participant) -> str:
    return lead.delivery.__class__.objects.get(participant=lead).contact_id


def change(intercom: Intercom, contact_id: str, plan: str | None, *, later: int = 1, **standard: Any) -> None:
    """Somebody changes the plan in Intercom, some seconds from now."""
    at = int(timezone.now().timestamp()) + later
    intercom.sandbox.change_contact(
        intercom.workspace, contact_id, custom_attributes={"plan": plan}, updated_at=at, **standard
    )


def known(intercom: Intercom, contact_id: str) -> dict[str, Any]:
    return next(one for one in intercom.contacts() if one["id"] == contact_id)


def iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds")


def notification(topic: Topic, item: dict[str, Any], *, workspace: str, notif: str = "") -> bytes:
    now = int(timezone.now().timestamp())
    envelope = {
        "type": "notification_event",
        "app_id": workspace,
        "data": {"type": "notification_event_data", "item": item},
        "links": {},
        "id": notif or f"notif_{next(_numbers)}",
        "topic": topic.value,
        "delivery_status": "pending",
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": now,
        "created_at": now,
        "self": None,
    }
    return json.dumps(envelope).encode()


def item_of(contact: dict[str, Any]) -> dict[str, Any]:
    """A contact as a webhook carries it: with its times as text."""
    times = {name: iso(contact[name]) for name in ("created_at", "updated_at")}
    return {"type": "contact", **contact, **times}


def told(
    connection: IntercomConnection, topic: Topic, item: dict[str, Any], *, notif: str = ""
) -> WebhookReceipt:
    """Intercom has told us something; nobody has looked at it yet."""
    body = notification(topic, item, workspace=connection.workspace_id, notif=notif)
    address = address_by_uuid(connection.uuid)
    assert address is not None
    receipts.take(address, parse_notification(body))
    return WebhookReceipt.objects.latest("pk")


def tell(
    intercom: Intercom, contact_id: str, topic: Topic = Topic.LEAD_UPDATED, **more: Any
) -> WebhookReceipt:
    """The contact as it is now is told, and looked at."""
    receipt = told(intercom.connection, topic, item_of(known(intercom, contact_id)) | more)
    use_receipts()
    receipt.refresh_from_db()
    return receipt


def look(intercom: Intercom, *, at_once: bool = True) -> str:
    if at_once:
        Watch.objects.update(checked_at=None)
    return look_round(intercom.connection.pk)


def status(lead: Participant) -> str:
    return Participant.objects.get(pk=lead.pk).status


def story(lead: Participant) -> list[str]:
    lines = Sighting.objects.filter(participant=lead).order_by("pk")
    return list(lines.values_list("verdict", flat=True))


FIRST = Verdict.FIRST_LOOK.value
