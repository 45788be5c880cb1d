"""What the vendor tells about a contact: topics, the shape of a notification, its signature. Sends nothing.

https://developers.intercom.com/docs/webhooks; shapes as recorded where a recording is known.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from integrations.sandbox.fields import LEAD
from integrations.sandbox.shapes import contact_json

if TYPE_CHECKING:
    from integrations.sandbox.context import Context
    from integrations.sandbox.messages import Json
    from integrations.sandbox.people import Person

SIGNATURE = "X-Hub-Signature"
USER_AGENT = "intercom-parrot-service-client/1.0"
TIMES = (
    *("created_at", "updated_at", "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at"),
    *("last_email_opened_at", "last_email_clicked_at", "android_last_seen_at", "ios_last_seen_at"),
)
NOT_TOLD = ("email_domain", "enabled_push_messaging")


class Topic(StrEnum):
    """Of the vendor's topics those that a pretend workspace has occasion for."""

    LEAD_CREATED = "contact.lead.created"
    USER_CREATED = "contact.user.created"
    LEAD_UPDATED = "contact.lead.updated"
    USER_UPDATED = "contact.user.updated"
    SIGNED_UP = "contact.lead.signed_up"
    LEAD_TAGGED = "contact.lead.tag.created"
    USER_TAGGED = "contact.user.tag.created"
    MERGED = "contact.merged"
    ARCHIVED = "contact.archived"
    UNARCHIVED = "contact.unarchive"
    DELETED = "contact.deleted"
    PING = "ping"


def created_topic(role: str) -> Topic:
    return Topic.LEAD_CREATED if role == LEAD else Topic.USER_CREATED


def updated_topic(before: str, after: str) -> Topic:
    """By the roles before and after. Assumed: a lead that signs up is told as that alone."""
    if before != after:
        return Topic.SIGNED_UP
    return Topic.LEAD_UPDATED if after == LEAD else Topic.USER_UPDATED


def contact_item(ctx: Context, doc: Json) -> Json:
    """The whole contact: no difference, no old value. Its times are ISO texts; dates of its own attributes
    are assumed to stay numbers."""
    item = {
        name: value for name, value in contact_json(doc, ctx.workspace.id).items() if name not in NOT_TOLD
    }
    return item | {name: _iso(ctx, item[name]) for name in TIMES if item.get(name) is not None}


def _iso(ctx: Context, seconds: Any) -> Any:
    """With the milliseconds of what happens right now, as REST has none. Years beyond the calendar stay."""
    try:
        moment = datetime.fromtimestamp(ctx.now if seconds == ctx.seconds else seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return seconds
    return moment.isoformat(timespec="milliseconds")


def archived_item(person: Person) -> Json:
    return {**person.reference(), "archived": True}


def deleted_item(person: Person) -> Json:
    return {"id": person.id, "type": "contact", "deleted": True}


def merged_item(ctx: Context, doc: Json, *, ended: str) -> Json:
    """The contact that goes on, and the id of the one that ended in it."""
    return {**contact_item(ctx, doc), "merged_from": {"type": "contact", "id": ended}}


def tagged_item(ctx: Context, doc: Json, *, tag: Json) -> Json:
    return {
        "type": "contact_tag",
        "created_at": _iso(ctx, ctx.seconds),
        "tag": tag,
        "contact": contact_item(ctx, doc),
    }


def ping_item() -> Json:
    return {"type": "ping", "message": "something something interzen"}


def envelope(
    item: Json,
    *,
    identity: str,
    topic: str,
    workspace: str,
    created_at: int,
    attempt: int,
    first_sent_at: int,
) -> bytes:
    """The body that is sent. A second try differs in what it says of the sending only; pings have no id."""
    told = {
        "type": "notification_event",
        "app_id": workspace,
        "data": {"type": "notification_event_data", "item": item},
        "links": {},
        "id": identity or None,
        "topic": topic,
        "delivery_status": "pending" if attempt == 1 else "retry",
        "delivery_attempts": attempt,
        "delivered_at": 0,
        "first_sent_at": first_sent_at,
        "created_at": created_at,
        "self": None,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def signature(body: bytes, *, secret: str) -> str:
    """The header that goes with just these bytes; the secret is the app's client secret."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def headers(body: bytes, *, secret: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        SIGNATURE: signature(body, secret=secret),
    }
